import type { Command } from 'commander';
import type { Route, StageStep } from '#plan/model/plan.ts';
import { AdminApi, isKnown, type RouteState } from '../api/admin.ts';
import type { Evidence } from '../api/observations.ts';
import { EXIT } from '../exit-code.ts';
import { describeStage, nextStep } from '../next-step.ts';
import { duration } from '../screen/duration.ts';
import { sayEvidence } from '../screen/evidence.ts';
import { painter } from '../screen/paint.ts';
import { requirePlan, type Session, sameFlags } from '../session.ts';
import { behindOf, restsOnTwoBuilds } from '../standing.ts';
import type { Run } from '../verb.ts';

type Advice = {
  readonly route: string;
  readonly at: string;
  /** The next step of the plan; null after the last. */
  readonly next: string | null;
  readonly evidence: Evidence;
  /** What to type now; null when there is nothing but to wait. */
  readonly command: string | null;
};

/** `fig next`: what to do now, and what is missing. */
export function addNext(program: Command, run: Run): void {
  program
    .command('next')
    .argument('[route]')
    .description('say what to do next with each route, and what its evidence still lacks')
    .action(
      run(async (session, _options, route?: string) => {
        const admin = new AdminApi(session);
        const plan = requirePlan(session);
        const all = await admin.routes();
        const states = route === undefined ? all : [await admin.route(route)];
        const byName = new Map(all.filter(isKnown).map((state) => [state.route, state]));
        const advice: Advice[] = [];
        for (const state of states) {
          const own = plan.routes.find(({ name }) => name === state.route);
          if (!own || !isKnown(state)) continue;
          const step = nextStep(state, own);
          const next = step && describeStage({ stage: step.stage, percent: step.hundredths / 100 });
          const evidence = await admin.evidence(state.route);
          advice.push({
            route: state.route,
            at: describeStage(state),
            next,
            evidence,
            command:
              waitsFor(state, own, step, byName, session) ??
              commandFor(state, next, evidence, own.data.kind !== 'owned', sameFlags(session)),
          });
        }
        if (session.json) session.answer({ routes: advice });
        else
          for (const one of advice) {
            say(session, one);
            if (isUnguarded(one)) await saySeen(session, admin, one.route);
          }
        const unplanned = states.length - advice.length;
        if (unplanned > 0)
          session.note(
            `${unplanned} routes of the facade are not in the plan of ${session.planDir}, or not known to stand anywhere: nothing is advised for them. Another plan: --plan.`,
          );
        const fault = await admin.ledgerFault();
        if (fault !== null) session.note(`Positions cannot be changed: ${fault}`);
        if (states.length === 0)
          session.note('The facade serves no route yet: add one to the plan, then fig reload.');
        return EXIT.ok;
      }),
    );
}

/** Copies are compared, and the plan asks for nothing that they show. */
const isUnguarded = ({ at, next, evidence }: Advice) =>
  next !== null && at !== 'legacy' && evidence.guardrails.length === 0;

async function saySeen(session: Session, admin: AdminApi, route: string): Promise<void> {
  const { match, mismatch, ignored } = (await admin.observations(route)).compared;
  if (mismatch > 0)
    session.note(
      `${route}: ${mismatch} of ${match + mismatch + ignored} compared answers differ, and no guardrail of the plan asks for fewer. See: npx fig observations ${route}${sameFlags(session)}`,
    );
}

/** Another route comes first: what that one needs. */
function waitsFor(
  { killed, paused }: RouteState,
  route: Route,
  next: StageStep | null,
  states: ReadonlyMap<string, RouteState>,
  session: Session,
): string | null {
  const [first] = next === null || killed || paused ? [] : behindOf(route, next, states);
  return first === undefined ? null : `npx fig next ${first}${sameFlags(session)}`;
}

function commandFor(
  { route, stage, killed, paused }: RouteState,
  next: string | null,
  evidence: Evidence,
  movesWrites: boolean,
  flags: string,
): string | null {
  if (killed || paused) return `npx fig resume ${route}${flags} --reason …`;
  // A plan that ends before the candidate has everybody: what differs says whether it may go on.
  const stays = next === null && stage !== 'candidate' && stage !== 'retired';
  if (evidence.verdict === 'breach' || stays) return `npx fig observations ${route}${flags}`;
  if (next === null || evidence.verdict === 'hold' || evidence.bakeLeftMs > 0) return null;
  if (restsOnTwoBuilds(evidence)) return null;
  if (next === 'candidate' && evidence.parityGap !== null)
    return `npx fig parity ${route}${movesWrites ? ' --writes' : ''} --evidence${flags}`;
  return `npx fig advance ${route}${flags} --reason …`;
}

function say(session: Session, { route, at, next, evidence, command }: Advice): void {
  const paint = painter(session.streams.stdout, session.env);
  const isThere = at === 'candidate' || at === 'retired';
  const last = `, the last of its stages${isThere ? '' : ` (to go on, add to \`stages\` in routes/${route}.yaml)`}`;
  session.say(`${paint('bold', route)} at ${at}${next === null ? last : `, next ${next}`}`);
  sayEvidence(session, evidence);
  if (evidence.bakeLeftMs > 0 && next !== null && evidence.guardrails.length > 0)
    session.say(`  bake   another ${duration(evidence.bakeLeftMs)}`);
  session.say(`  ${command ?? (next === null ? 'nothing to do' : waiting(evidence))}`);
}

/** More time does not help where no traffic comes. */
function waiting({ guardrails }: Evidence): string {
  const isSilent = guardrails.some(({ missing }) => missing !== null && missing.ms === null);
  return isSilent
    ? 'nothing to do but let clients use it, or send requests yourself'
    : 'nothing to do but wait';
}
