import { loadPlan } from '#plan/model/load-plan.ts';
import { formatShare } from '#plan/model/percent.ts';
import type { Plan, Route, StageStep } from '#plan/model/plan.ts';
import { formatStageStep } from '#plan/model/stage-step.ts';
import { AdminApi, isKnown, type RouteAnswer, type RouteState } from './api/admin.ts';
import type { Evidence, OtherBuild, Stale } from './api/observations.ts';
import { type Moved, movedSoFar } from './moved.ts';
import { describeStage, nextStep, progress } from './next-step.ts';
import { parityInShort } from './screen/evidence.ts';
import type { Session } from './session.ts';

/** Where one route stands, and what its next step needs. */
export type Line = {
  readonly route: string;
  readonly stage: string | null;
  readonly percent: number | null;
  readonly share: string | null;
  readonly writer: string | null;
  /** Where its writes go: to the writer of its data set, or `as reads` where it has none. */
  readonly writes: string | null;
  readonly paused: boolean | null;
  readonly killed: boolean | null;
  readonly version: number | null;
  /** Why all reads go to the owner of the data for now, whatever the stage; null when nothing holds them. */
  readonly fenced: string | null;
  readonly next: string | null;
  /** What is known of it at its stage, in short; null where nothing is judged. */
  readonly evidence: string | null;
  /** Why its parity run counts no more; null while it does, and without one. */
  readonly parityStale: Stale | null;
  /** Another build that answers as well: what is known is of none alone. */
  readonly mixed: OtherBuild | null;
  readonly owner: string | null;
  readonly targetDate: string | null;
  /** What the next step needs, or why there is none. */
  readonly needs: string;
};

/** Where all routes stand, at one moment. */
export type Standing = {
  readonly admin: string;
  readonly routes: readonly Line[];
  readonly moved: Moved;
  /** Routes of the plan that the facade does not have yet. */
  readonly notServed: readonly string[];
  /** Why positions cannot be changed; null when they can. */
  readonly ledgerFault: string | null;
  /** Null when it has problems. */
  readonly plan: Plan | null;
};

/** Asks the facade where every route stands, and the plan what comes next. Rejects with `Failure`. */
export async function standingOf(session: Session): Promise<Standing> {
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
  return {
    admin: session.adminUrl,
    routes: states.map((state) =>
      lineOf(state, planned.get(state.route), byName, plan !== null, known.get(state.route)),
    ),
    moved: movedSoFar(plan, session.planDir, states, requests),
    notServed: [...planned.keys()].filter((name) => !states.some((state) => state.route === name)),
    ledgerFault,
    plan,
  };
}

/** Its date is over, and the new side does not answer everybody. */
export function isLate({ targetDate, stage }: Line, now: Date): boolean {
  return (
    targetDate !== null &&
    targetDate < now.toISOString().slice(0, 10) &&
    stage !== 'candidate' &&
    stage !== 'retired'
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

/** `pass`, `hold`, `pass, mixed with build b2`, `parity fail 3 h ago`, `parity stale: pass 26 h ago`. */
function inShort({ verdict, guardrails, mixed, parity }: Evidence): string | null {
  const parts = [
    ...(guardrails.length > 0 ? [verdict] : []),
    ...(mixed ? [`mixed with build ${mixed.build}`] : []),
    ...(parity ? [`parity ${parityInShort(parity, Date.now())}`] : []),
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
  const parityStale = known?.parity?.stale ?? null;
  const mixed = known?.mixed ?? null;
  const writes = writesOf(state, route);
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
      writes,
      paused,
      killed,
      version,
      fenced: state.fenced ?? null,
      next: null,
      evidence,
      parityStale,
      mixed,
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
    writes,
    paused: state.paused,
    killed: state.killed,
    version: state.version,
    fenced: state.fenced ?? null,
    next: next && formatStageStep(next),
    evidence,
    parityStale,
    mixed,
    ...plannedFor,
    needs: needsOf(state, route, next, states, hasPlan, known),
  };
}

/** Only owned data has a writer; all other writes follow the stage, as reads do. */
function writesOf({ data, writer }: RouteAnswer, route: Route | undefined): string | null {
  const isOwned = data === undefined ? route?.data.kind === 'owned' : typeof data === 'object';
  return isOwned ? writer : 'as reads';
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
  const behind = behindOf(route, next, states);
  if (behind.length > 0) return `${behind.map((name) => placeOf(name, states)).join(', ')} to come as far`;
  if (known?.verdict === 'breach') return `what differs to be mended: fig observations ${state.route}`;
  if (known && restsOnTwoBuilds(known)) return `one build alone: fig next ${state.route}`;
  if (known && (known.verdict === 'hold' || known.bakeLeftMs > 0))
    return `more evidence: fig next ${state.route}`;
  if (known && next.stage === 'candidate' && known.parityGap !== null)
    return `a parity run: fig next ${state.route}`;
  return `a reason: fig advance ${state.route} --reason …`;
}

/** A step would rest on what was seen, and that is of no build alone. */
export function restsOnTwoBuilds({ mixed, guardrails, verdict }: Evidence): boolean {
  return mixed !== undefined && (guardrails.length > 0 || verdict === 'hold');
}

/** The routes that this one depends on, and that have not come as far as its next step. */
export function behindOf(
  route: Route,
  next: StageStep,
  states: ReadonlyMap<string, RouteState>,
): readonly string[] {
  const to = progress(next.stage, next.hundredths);
  return route.dependsOn.filter((name) => {
    const other = states.get(name);
    const at = other && !other.killed ? progress(other.stage, Math.round(other.percent * 100)) : 0;
    return at < to;
  });
}

function placeOf(name: string, states: ReadonlyMap<string, RouteState>): string {
  const state = states.get(name);
  return state ? `${name} (${describeStage(state)})` : name;
}
