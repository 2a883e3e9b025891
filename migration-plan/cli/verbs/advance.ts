import { type Command, Option } from 'commander';
import { loadPlan } from '#plan/model/load-plan.ts';
import { formatShare, parseShare } from '#plan/model/percent.ts';
import { formatStageStep } from '#plan/model/stage-step.ts';
import { AdminApi, type RouteState } from '../api/admin.ts';
import { RelayApi } from '../api/relay.ts';
import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { describeStage, nextStep } from '../next-step.ts';
import { requirePlan, type Session } from '../session.ts';
import type { Run } from '../verb.ts';
import { reasonOption, sayChange } from './change.ts';

const RELAY_TIMEOUT_MS = 2_000;

type Options = { to?: string; percent?: string; reason: string; force?: boolean };
type Target = { readonly stage: string; readonly percent?: number };

const STAGES = ['legacy', 'shadow', 'canary', 'candidate', 'retired'];

/** `fig advance`: one step further, or to a named stage. */
export function addAdvance(program: Command, run: Run): void {
  program
    .command('advance')
    .argument('<route>')
    .description('take the next step of a route, or go to a stage')
    .addOption(
      new Option(
        '--to <stage>',
        'legacy, shadow, canary, candidate or retired; default: the next step of the plan',
      ),
    )
    .addOption(new Option('--percent <percent>', 'share of canary, e.g. 2.5'))
    .addOption(reasonOption())
    .option('--force', 'go to a stage or share that is not the next step')
    .action(
      run(async (session, options: Options, route: string) => {
        const named = targetOf(options);
        const admin = new AdminApi(session);
        const before = await admin.route(route);
        const target = named ?? plannedStep(session, before);
        const after = await admin.transition(route, {
          ...target,
          reason: options.reason,
          expectedVersion: before.version,
          ...(options.force ? { force: true } : {}),
        });
        await sayAdvance(session, before, after);
        return EXIT.ok;
      }),
    );
}

type Quarantine = { readonly set: string; readonly rows: number };

async function sayAdvance(session: Session, before: RouteState, after: RouteState): Promise<void> {
  const quarantine = after.stage === 'legacy' ? null : await quarantineOf(session, after.route);
  if (session.json) {
    session.answer({ route: after.route, before, after, ...(quarantine === null ? {} : { quarantine }) });
    return;
  }
  sayChange(session, before, after);
  if (quarantine === null || quarantine.rows === 0) return;
  const { set, rows } = quarantine;
  session.note(
    `${rows} ${rows === 1 ? 'row' : 'rows'} of ${set} ${rows === 1 ? 'is' : 'are'} in quarantine: the candidate answers without ${rows === 1 ? 'it' : 'them'}. See: npx fig backfill ${set} --quarantine`,
  );
}

/**
 * The rows that the new store of a route's own data lacks; null when the plan names none or the relay does not say. The
 * route has moved by now: nothing that goes wrong here may look like a failed advance.
 */
async function quarantineOf(session: Session, name: string): Promise<Quarantine | null> {
  const { plan } = loadPlan(session.planDir, session.env);
  const route = plan?.routes.find((candidate) => candidate.name === name);
  if (!plan || plan.relay === null || route?.data.kind !== 'owned') return null;
  const { set } = route.data;
  const status = await new RelayApi(session, plan).status(set, RELAY_TIMEOUT_MS).catch(() => null);
  return typeof status?.quarantined === 'number' ? { set, rows: status.quarantined } : null;
}

function targetOf({ to, percent }: Options): Target | null {
  if (to === undefined && percent === undefined) return null;
  const [stage = 'canary', shareInStage, ...rest] = to?.trim().split(/\s+/) ?? [];
  const share = percent ?? shareInStage;
  if (!STAGES.includes(stage) || rest.length > 0 || (shareInStage !== undefined && percent !== undefined)) {
    throw usage('--to', `one of ${STAGES.join(', ')}`, to ?? '', '--to candidate');
  }
  if (stage !== 'canary') {
    if (share === undefined) return { stage };
    throw usage('--percent', `no share with ${stage}`, share, '--to canary --percent 25');
  }
  if (share === undefined)
    throw usage('--percent', 'a share with canary', 'nothing', '--to canary --percent 25');
  const hundredths = parseShare(share);
  if (!hundredths.ok) throw usage('--percent', hundredths.expected, share, '--percent 25');
  if (hundredths.value === 0) throw usage('--percent', 'a share above 0 %', share, '--percent 0.1');
  return { stage, percent: hundredths.value / 100 };
}

function plannedStep(session: Session, state: RouteState): Target {
  const plan = requirePlan(session);
  const route = plan.routes.find((candidate) => candidate.name === state.route);
  if (!route) {
    throw new Failure(
      EXIT.refused,
      'ROUTE_NOT_IN_PLAN',
      `${state.route}: expected a route of the plan in ${session.planDir}, got none of that name. Name the plan with --plan DIR, or the stage with --to.`,
    );
  }
  if (state.hash !== undefined && state.hash !== route.hash) {
    session.note(
      `${state.route}: the facade runs another version of this route than ${session.planDir}. See: npx fig reload`,
    );
  }
  const next = nextStep(state, route);
  if (!next) {
    const last = route.stages.at(-1);
    throw new Failure(
      EXIT.refused,
      'ROUTE_STEP_ILLEGAL',
      `${state.route}: expected a step after ${describeStage(state)}, got none: ${last ? formatStageStep(last) : 'it'} is the last of its stages. Add one to ${route.file}, or go elsewhere with --to STAGE --force.`,
    );
  }
  return next.stage === 'canary'
    ? { stage: next.stage, percent: Number(formatShare(next.hundredths).slice(0, -1)) }
    : { stage: next.stage };
}

function usage(option: string, expected: string, got: string, write: string): Failure {
  return new Failure(
    EXIT.usage,
    'CLI_USAGE',
    `${option}: expected ${expected}, got ${got === 'nothing' ? got : `\`${got}\``}. Write e.g. \`${write}\`.`,
  );
}
