import type { Command } from 'commander';
import { loadPlan } from '#plan/model/load-plan.ts';
import { formatShare } from '#plan/model/percent.ts';
import type { Route, StageStep } from '#plan/model/plan.ts';
import { formatStageStep } from '#plan/model/stage-step.ts';
import { AdminApi, isKnown, type RouteAnswer, type RouteState } from '../api/admin.ts';
import type { Evidence } from '../api/observations.ts';
import { EXIT } from '../exit-code.ts';
import { describeMoved, type Moved, movedSoFar } from '../moved.ts';
import { describeStage, nextStep, progress } from '../next-step.ts';
import { duration } from '../screen/duration.ts';
import { painter, type Tone } from '../screen/paint.ts';
import { type Cell, renderTable } from '../screen/table.ts';
import type { Session } from '../session.ts';
import type { Run } from '../verb.ts';

type Line = {
  readonly route: string;
  readonly stage: string | null;
  readonly percent: number | null;
  readonly share: string | null;
  readonly writer: string | null;
  readonly paused: boolean | null;
  readonly killed: boolean | null;
  readonly version: number | null;
  readonly next: string | null;
  /** What is known of it at its stage, in short; null where nothing is judged. */
  readonly evidence: string | null;
  readonly owner: string | null;
  readonly targetDate: string | null;
  /** What the next step needs, or why there is none. */
  readonly needs: string;
};

/** `fig status`: where every route stands, on one screen. */
export function addStatus(program: Command, run: Run): void {
  program
    .command('status')
    .description('show where every route stands and what its next step needs')
    .action(
      run(async (session) => {
        const { plan } = loadPlan(session.planDir, session.env);
        const admin = new AdminApi(session);
        const [states, ledgerFault, requests] = await Promise.all([
          admin.routes(),
          admin.ledgerFault(),
          admin.requests(),
        ]);
        const planned = new Map((plan?.routes ?? []).map((route) => [route.name, route]));
        const byName = new Map(states.filter(isKnown).map((state) => [state.route, state]));
        const known = await evidenceOf(admin, states, planned);
        const lines = states.map((state) =>
          lineOf(state, planned.get(state.route), byName, plan !== null, known.get(state.route)),
        );
        const moved = movedSoFar(plan, session.planDir, states, requests);
        const unknown = [...planned.keys()].filter((name) => !states.some((state) => state.route === name));
        if (session.json)
          session.answer({ admin: session.adminUrl, routes: lines, moved, notServed: unknown, ledgerFault });
        else print(session, lines, moved, unknown, plan === null);
        if (ledgerFault !== null) session.note(`Positions cannot be changed: ${ledgerFault}`);
        return EXIT.ok;
      }),
    );
}

const AT_ONCE = 10;

/** Of the routes that are on their way, and those whose suite may have run; the others have nothing to be judged by. */
async function evidenceOf(
  admin: AdminApi,
  states: readonly RouteAnswer[],
  planned: ReadonlyMap<string, Route>,
): Promise<Map<string, Evidence>> {
  const known = new Map<string, Evidence>();
  const waiting = states
    .filter(
      ({ stage, route }) =>
        (stage !== null && stage !== 'legacy' && stage !== 'retired') || planned.get(route)?.parity,
    )
    .map(({ route }) => route);
  const look = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      known.set(next, await admin.evidence(next));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, look));
  return known;
}

/** `pass`, `hold`, `parity fail 3 h ago`. */
function inShort({ verdict, guardrails, parity }: Evidence): string | null {
  const age = parity && duration(Date.now() - Date.parse(parity.at));
  const parts = [
    ...(guardrails.length > 0 ? [verdict] : []),
    ...(parity ? [`parity ${parity.verdict} ${age} ago`] : []),
  ];
  return parts.length > 0 ? parts.join(', ') : null;
}

function lineOf(
  state: RouteAnswer,
  route: Route | undefined,
  states: ReadonlyMap<string, RouteState>,
  hasPlan: boolean,
  known: Evidence | undefined,
): Line {
  const evidence = known ? inShort(known) : null;
  const plannedFor = { owner: route?.owner ?? null, targetDate: route?.targetDate ?? null };
  if (!isKnown(state)) {
    const { stage, percent, writer, paused, killed, version } = state;
    const needs = 'a ledger that can be trusted: fig doctor';
    return {
      route: state.route,
      stage,
      percent,
      share: null,
      writer,
      paused,
      killed,
      version,
      next: null,
      evidence,
      ...plannedFor,
      needs,
    };
  }
  const next = route ? nextStep(state, route) : null;
  return {
    route: state.route,
    stage: state.stage,
    percent: state.percent,
    share: shareOf(state),
    writer: state.writer,
    paused: state.paused,
    killed: state.killed,
    version: state.version,
    next: next && formatStageStep(next),
    evidence,
    ...plannedFor,
    needs: needsOf(state, route, next, states, hasPlan, known),
  };
}

function shareOf(state: RouteState): string {
  if (state.killed) return '0%';
  if (state.stage === 'canary') return formatShare(Math.round(state.percent * 100));
  return state.stage === 'candidate' || state.stage === 'retired' ? '100%' : '0%';
}

function needsOf(
  state: RouteState,
  route: Route | undefined,
  next: StageStep | null,
  states: ReadonlyMap<string, RouteState>,
  hasPlan: boolean,
  known: Evidence | undefined,
): string {
  if (state.killed) return `killed: fig resume ${state.route}`;
  if (state.paused) return `paused: fig resume ${state.route}`;
  if (!route) return hasPlan ? 'not in this plan: fig reload, or another --plan' : 'a valid plan: fig lint';
  if (state.hash !== undefined && state.hash !== route.hash) return 'the plan that stands here: fig reload';
  if (!next) return 'none: the last stage of the plan';
  const to = progress(next.stage, next.hundredths);
  const behind = route.dependsOn.filter((name) => {
    const other = states.get(name);
    const at = other && !other.killed ? progress(other.stage, Math.round(other.percent * 100)) : 0;
    return at < to;
  });
  if (behind.length > 0) return `${behind.map((name) => placeOf(name, states)).join(', ')} to come as far`;
  if (known?.verdict === 'breach') return `what differs to be mended: fig observations ${state.route}`;
  if (known && (known.verdict === 'hold' || known.bakeLeftMs > 0))
    return `more evidence: fig next ${state.route}`;
  if (known && next.stage === 'candidate' && known.parityGap !== null)
    return `a parity run: fig next ${state.route}`;
  return `a reason: fig advance ${state.route} --reason …`;
}

function placeOf(name: string, states: ReadonlyMap<string, RouteState>): string {
  const state = states.get(name);
  return state ? `${name} (${describeStage(state)})` : name;
}

function print(
  session: Session,
  lines: readonly Line[],
  moved: Moved,
  unknown: readonly string[],
  noPlan: boolean,
): void {
  const { stdout } = session.streams;
  const paint = painter(stdout, session.env);
  if (lines.length === 0) {
    session.say(
      `No routes at ${session.adminUrl}. Add one as routes/NAME.yaml to the plan, then: npx fig reload`,
    );
  } else {
    const rows = lines.map((line): Cell[] => [
      { text: line.route, tone: 'bold' },
      { text: stageText(line), tone: toneOf(line) },
      line.share ?? '?',
      line.writer ?? '?',
      String(line.version ?? '?'),
      line.next ?? '-',
      line.evidence ?? '-',
      { text: line.needs, tone: 'dim' },
    ]);
    const header = ['ROUTE', 'STAGE', 'SHARE', 'WRITER', 'VERSION', 'NEXT', 'EVIDENCE', 'NEEDS'];
    const width = stdout.isTTY ? (stdout.columns ?? 80) : null;
    for (const line of renderTable(header, rows, width, paint)) session.say(line);
    session.say(`Moved: ${describeMoved(moved)}`);
  }
  for (const name of unknown) session.note(`${name}: in the plan, not served yet. Run: npx fig reload`);
  if (noPlan)
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
