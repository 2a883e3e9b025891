import { setTimeout as delay } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import type { Plan } from '#plan/model/plan.ts';
import {
  type ReconcileDifference,
  type ReconcileResult,
  type ReconcileStatus,
  RelayApi,
} from '../api/relay.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { interruptible } from '../interrupt.ts';
import { requireSet } from '../require-set.ts';
import { painter } from '../screen/paint.ts';
import { formatSeconds, progressView } from '../screen/progress.ts';
import { renderTable } from '../screen/table.ts';
import type { Session } from '../session.ts';
import type { Run } from '../verb.ts';

const POLL_MS = 250;
/** A relay that restarts is waited for so long. */
const SILENCE_MS = 15_000;
/** A relay that ends again and again in mid-run is not started once more. */
const MAX_RESTARTS = 5;

type Options = { repair?: boolean; status?: boolean; stop?: boolean };

/** `fig reconcile`: compares the two stores of a data set row by row, and repairs what differs when asked to. */
export function addReconcile(program: Command, run: Run): void {
  program
    .command('reconcile')
    .argument('<set>', 'name of the data set: data/SET.yaml')
    .description('compare the two stores of a data set row by row, while they are written to')
    .addOption(
      new Option('--repair', 'carry rows that differ over again, and look again').conflicts([
        ...['status', 'stop'],
      ]),
    )
    .addOption(
      new Option('--status', 'only show where it stands and what was found last').conflicts(['stop']),
    )
    .option('--stop', 'stop it; the next one starts anew')
    .action(
      run(async (session, options: Options, set: string) => {
        const plan = requireSet(session, set);
        const relay = new RelayApi(session, plan);
        if (options.status) return report(session, await relay.reconcile(set));
        if (options.stop) return report(session, await relay.stopReconcile(set));
        return follow(session, plan, set, options.repair === true);
      }),
    );
}

async function follow(session: Session, plan: Plan, set: string, repair: boolean): Promise<ExitCode> {
  let status = await startOrJoin(session, new RelayApi(session, plan), set, repair);
  const view = progressView(session, set);
  const isCut = await interruptible(async (signal) => {
    try {
      await watch(session, new RelayApi(session, plan, signal), { status, signal, repair }, (now) => {
        status = now;
        if (now.state === 'running' || now.state === 'done') show(view, now);
      });
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      view.stop();
    }
    return signal.aborted;
  });
  if (isCut && (status.state === 'running' || isCutOff(status))) {
    if (session.json) session.answer({ ...status, watching: false });
    session.note(
      `Stopped watching; the comparison of ${set} goes on in the relay. What it found: npx fig reconcile ${set} --status. Stop it: npx fig reconcile ${set} --stop`,
    );
    return EXIT.interrupted;
  }
  const code = report(session, status);
  return status.state === 'done' ? code : EXIT.refused;
}

/** Follows a comparison until it ends, for good or bad; rejects when it was aborted, and when the relay stays silent. */
async function watch(
  session: Session,
  relay: RelayApi,
  from: { readonly status: ReconcileStatus; readonly signal: AbortSignal; readonly repair: boolean },
  onStatus: (status: ReconcileStatus) => void,
): Promise<void> {
  let { status } = from;
  const { set } = status;
  let silentSince: number | null = null;
  for (let restarts = 0; ; ) {
    onStatus(status);
    if (isCutOff(status) ? restarts >= MAX_RESTARTS : status.state !== 'running') return;
    await delay(POLL_MS, undefined, { signal: from.signal });
    try {
      if (isCutOff(status)) {
        restarts++;
        session.note(`${set}: the relay was restarted in mid-run; starting anew.`);
        status = await startOrJoin(session, relay, set, from.repair);
      } else status = await relay.reconcile(set);
      silentSince = null;
    } catch (error) {
      if (!(error instanceof Failure && error.exitCode === EXIT.unreachable)) throw error;
      silentSince ??= performance.now();
      if (performance.now() - silentSince > SILENCE_MS) throw error;
    }
  }
}

/** One that runs already is watched, unless it does something else than what was asked for. */
async function startOrJoin(
  session: Session,
  relay: RelayApi,
  set: string,
  repair: boolean,
): Promise<ReconcileStatus> {
  return relay.startReconcile(set, repair).catch(async (error: unknown) => {
    if (!(error instanceof Failure && error.code === 'RELAY_RECONCILE_RUNNING')) throw error;
    const status = await relay.reconcile(set);
    if (status.state === 'running' && status.repair !== repair) throw error;
    session.note(`${set}: a comparison runs already; watching that one.`);
    return status;
  });
}

const isCutOff = ({ state, interrupted }: ReconcileStatus) => state === 'stopped' && interrupted;

function show(view: ReturnType<typeof progressView>, status: ReconcileStatus): void {
  const { rowsRead: done, rowsTotal: total, rowsPerSecond: perSecond, etaSeconds } = status;
  view.update({ done, total, perSecond, etaSeconds });
}

function report(session: Session, status: ReconcileStatus): ExitCode {
  if (session.json) session.answer(status);
  else tell(session, status);
  const { result, state } = status;
  if (state === 'failed') return EXIT.refused;
  return result !== null && result.left + result.restless > 0 ? EXIT.refused : EXIT.ok;
}

function tell(session: Session, { set, state, error, result, ...status }: ReconcileStatus): void {
  const paint = painter(session.streams.stdout, session.env);
  if (state === 'idle') session.say(`${set}: not compared yet.`);
  else if (state !== 'done') {
    const left =
      state === 'running' && status.etaSeconds !== null ? `, ${formatSeconds(status.etaSeconds)} left` : '';
    session.say(
      `${set}: ${paint(state === 'failed' ? 'red' : 'yellow', state)}, ${status.rowsRead} of ${status.rowsTotal} rows${left}`,
    );
    if (error !== null) session.note(`${set}: ${error}`);
    if (state === 'stopped' || state === 'failed')
      session.note(`Compare anew: npx fig reconcile ${set}${status.repair ? ' --repair' : ''}`);
  }
  if (result === null) return;
  if (state !== 'done') session.say(`The last one that came to its end, at ${result.finishedAt}:`);
  session.say(summary(set, result, paint));
  listDifferences(session, result);
  hints(session, set, result);
}

function summary(set: string, result: ReconcileResult, paint: ReturnType<typeof painter>): string {
  const { missing, extra, changed, compared, repaired, left, durationMs } = result;
  const seconds = durationMs / 1000;
  const pace = `${seconds.toFixed(1)}s${seconds > 0 ? `, ${Math.round(compared / seconds)} rows/s` : ''}`;
  if (missing + extra + changed === 0)
    return `${set}: ${paint(result.restless > 0 ? 'yellow' : 'green', 'no difference')} in ${compared} rows, ${result.quarantined} in quarantine; ${pace}`;
  const found = `${missing} missing, ${extra} extra, ${changed} changed`;
  const verdict = paint(left > 0 ? 'red' : 'green', left > 0 ? `${left} differ` : 'repaired');
  return `${set}: ${verdict}: ${found} in ${compared} rows, ${repaired} repaired, ${result.quarantined} in quarantine; ${pace}`;
}

function listDifferences(session: Session, result: ReconcileResult): void {
  if (result.differences.length === 0) return;
  const { stdout } = session.streams;
  const width = stdout.isTTY ? (stdout.columns ?? 80) : null;
  const outcome = ({ repaired, reason }: ReconcileDifference) =>
    result.repair ? [repaired ? 'repaired' : (reason ?? '')] : [];
  const cells = result.differences.flatMap((one) => {
    const fields = one.fields.length > 0 ? one.fields : [{ field: '', legacy: '', candidate: '' }];
    return fields.map(({ field, legacy, candidate }, n) => [
      ...(n === 0 ? [one.kind, one.key] : ['', '']),
      ...[field, legacy ?? '(none)', candidate ?? '(none)'],
      ...(n === 0 ? outcome(one) : outcome(one).map(() => '')),
    ]);
  });
  const head = ['KIND', 'KEY', 'FIELD', 'LEGACY', 'CANDIDATE', ...(result.repair ? ['OUTCOME'] : [])];
  for (const line of renderTable(head, cells, width, painter(stdout, session.env))) session.say(line);
  const more = result.missing + result.extra + result.changed - result.differences.length;
  if (more > 0) session.say(`and ${more} more`);
}

function hints(session: Session, set: string, result: ReconcileResult): void {
  if (result.left > 0 && !result.repair) session.note(`Repair them: npx fig reconcile ${set} --repair`);
  if (result.quarantined > 0)
    session.note(`Rows in quarantine are known and no differences: npx fig backfill ${set} --quarantine`);
  if (result.restless > 0)
    session.note(
      `${result.restless} rows were written again and again, so that nothing can be said of them: ${result.restlessKeys.slice(0, 10).join(', ')}`,
    );
  if (result.capture !== 'installed')
    session.note(
      result.capture === 'absent'
        ? `Writes are not noted: what was written since the last copy differs. Let it follow: npx fig capture install ${set}`
        : `Some writes are not noted, as triggers are gone: npx fig capture status ${set}`,
    );
}
