import type { Command } from 'commander';
import { EXIT } from '../exit-code.ts';
import { describeMoved } from '../moved.ts';
import { flow } from '../screen/flow.ts';
import type { Tone } from '../screen/paint.ts';
import { type Cell, sayTable, widthOf } from '../screen/table.ts';
import type { Session } from '../session.ts';
import { type Line, type Standing, standingOf } from '../standing.ts';
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
      { text: line.evidence ?? '-', tone: line.parityStale === null ? 'plain' : 'yellow' },
      { text: line.needs, tone: 'dim' },
    ]);
    const header = ['ROUTE', 'STAGE', 'SHARE', 'WRITES', 'VERSION', 'NEXT', 'EVIDENCE', 'NEEDS'];
    sayTable(session, header, rows);
    const parts = describeMoved(moved);
    const width = widthOf(session.streams.stdout);
    const told = [`Moved: ${parts[0]}`, ...parts.slice(1)];
    for (const line of flow(told, width ?? Number.POSITIVE_INFINITY)) session.say(line);
  }
  for (const { route, stage, fenced } of lines)
    if (fenced !== null && (stage === 'canary' || stage === 'candidate'))
      session.note(`${route}: ${fenced} (FENCED).`);
  for (const name of notServed) session.note(`${name}: in the plan, not served yet. Run: npx fig reload`);
  if (plan === null)
    session.note(`The plan in ${session.planDir} has problems, so next steps are not shown: npx fig lint`);
}

function stageText(line: Line): string {
  if (line.killed) return `${line.stage} (killed)`;
  return line.paused ? `${line.stage} (paused)` : (line.stage ?? '?');
}

function toneOf(line: Line): Tone {
  if (line.stage === null || line.killed) return 'red';
  if (line.paused) return 'yellow';
  if (line.stage === 'legacy') return 'plain';
  return line.stage === 'canary' || line.stage === 'shadow' ? 'cyan' : 'green';
}
