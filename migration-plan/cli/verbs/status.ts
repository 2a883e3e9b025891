import type { Command } from 'commander';
import { EXIT } from '../exit-code.ts';
import { describeMoved } from '../moved.ts';
import { flow } from '../screen/flow.ts';
import { mixedInWords } from '../screen/mixed.ts';
import type { Tone } from '../screen/paint.ts';
import { type Cell, sayTable, widthOf } from '../screen/table.ts';
import type { Session } from '../session.ts';
import { isLate, type Line, type Standing, standingOf } from '../standing.ts';
import type { Run } from '../verb.ts';

/** `fig status`: where every route stands, on one screen. */
export function addStatus(program: Command, run: Run): void {
  program
    .command('status')
    .description(
      'show where every route stands, on what evidence, what its next step needs, and how much has moved',
    )
    .action(
      run(async (session) => {
        const standing = await standingOf(session);
        const { plan: _, ...told } = standing;
        if (session.json) session.answer(told);
        else print(session, standing);
        if (standing.ledgerFault !== null)
          session.note(`Positions cannot be changed: ${standing.ledgerFault}`);
        return EXIT.ok;
      }),
    );
}

function print(session: Session, { routes: lines, moved, notServed, plan }: Standing): void {
  if (lines.length === 0) {
    session.say(
      `No routes at ${session.adminUrl}. Add one as routes/NAME.yaml to the plan, then: npx fig reload`,
    );
  } else {
    const rows = lines.map((line): Cell[] => [
      { text: line.route, tone: 'bold' },
      { text: stageText(line), tone: toneOf(line) },
      line.share ?? '?',
      line.writes ?? '?',
      String(line.version ?? '?'),
      line.next ?? '-',
      { text: line.evidence ?? '-', tone: (line.parityStale ?? line.mixed) ? 'yellow' : 'plain' },
      { text: line.needs, tone: 'dim' },
    ]);
    const header = ['ROUTE', 'STAGE', 'SHARE', 'WRITES', 'VERSION', 'NEXT', 'EVIDENCE', 'NEEDS'];
    // Both stand in the plan, and many plans name neither.
    if (lines.some(({ owner }) => owner !== null)) {
      header.push('OWNER');
      for (const [n, { owner }] of lines.entries()) rows[n]?.push(owner ?? '-');
    }
    if (lines.some(({ targetDate }) => targetDate !== null)) {
      header.push('TARGET');
      const now = new Date();
      for (const [n, line] of lines.entries()) rows[n]?.push(targetOf(line, now));
    }
    sayTable(session, header, rows);
    const parts = describeMoved(moved);
    const width = widthOf(session.streams.stdout);
    const told = [`Moved: ${parts[0]}`, ...parts.slice(1)];
    for (const line of flow(told, width ?? Number.POSITIVE_INFINITY)) session.say(line);
  }
  for (const { route, stage, fenced } of lines)
    if (fenced !== null && (stage === 'canary' || stage === 'candidate'))
      session.note(`${route}: ${fenced} (FENCED).`);
  for (const { route, mixed } of lines) if (mixed !== null) session.note(`${route}: ${mixedInWords(mixed)}`);
  for (const name of notServed) session.note(`${name}: in the plan, not served yet. Run: npx fig reload`);
  if (plan === null)
    session.note(`The plan in ${session.planDir} has problems, so next steps are not shown: npx fig lint`);
}

function stageText(line: Line): string {
  if (line.killed) return `${line.stage} (killed)`;
  return line.paused ? `${line.stage} (paused)` : (line.stage ?? '?');
}

function targetOf(line: Line, now: Date): Cell {
  if (line.targetDate === null) return '-';
  return isLate(line, now) ? { text: `${line.targetDate} (past)`, tone: 'red' } : line.targetDate;
}

function toneOf(line: Line): Tone {
  if (line.stage === null || line.killed) return 'red';
  if (line.paused) return 'yellow';
  if (line.stage === 'legacy') return 'plain';
  return line.stage === 'canary' || line.stage === 'shadow' ? 'cyan' : 'green';
}
