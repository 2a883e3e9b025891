import { setTimeout as delay } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import type { Plan } from '#plan/model/plan.ts';
import { type BackfillStatus, RelayApi } from '../api/relay.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { interruptible } from '../interrupt.ts';
import { requireSet } from '../require-set.ts';
import { painter } from '../screen/paint.ts';
import { formatSeconds, type Progress, progressView } from '../screen/progress.ts';
import { sayTable } from '../screen/table.ts';
import type { Session } from '../session.ts';
import type { Run } from '../verb.ts';

const POLL_MS = 250;
/** A relay that restarts goes on from its checkpoint; longer silence than this ends the watching. */
const SILENCE_MS = 15_000;
/** A relay that ends again and again without reading a row in between is not started once more. */
const FRUITLESS_RESTARTS = 5;

type Options = { status?: boolean; quarantine?: boolean; pause?: boolean };

/** `fig backfill`: copies the rows of a data set into the new store, and follows it. */
export function addBackfill(program: Command, run: Run): void {
  program
    .command('backfill')
    .argument('<set>', 'name of the data set: data/SET.yaml')
    .description('copy the rows of a data set into the new store and watch it')
    .addOption(new Option('--status', 'only show where it stands').conflicts(['quarantine', 'pause']))
    .addOption(new Option('--quarantine', 'list the rows that could not be applied').conflicts(['pause']))
    .option('--pause', 'stop it after the batch in hand; a later backfill goes on from there')
    .action(
      run(async (session, options: Options, set: string) => {
        const plan = requireSet(session, set);
        const relay = new RelayApi(session, plan);
        if (options.quarantine) return listQuarantine(session, relay, set);
        if (options.status) return report(session, await relay.status(set));
        if (options.pause) return report(session, await relay.pause(set));
        return follow(session, plan, set);
      }),
    );
}

async function follow(session: Session, plan: Plan, set: string): Promise<ExitCode> {
  let status = await startOrJoin(session, new RelayApi(session, plan), set);
  const view = progressView(session, set);
  const isCut = await interruptible(async (signal) => {
    try {
      await watch(session, new RelayApi(session, plan, signal), { status, signal }, (now) => {
        status = now;
        view.update(progressOf(now));
      });
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      view.stop();
    }
    return signal.aborted;
  });
  if (isCut && (status.state === 'running' || isCutOff(status))) return interrupted(session, status);
  report(session, status);
  return status.state === 'done' ? EXIT.ok : EXIT.refused;
}

/** Follows a run until it ends, for good or bad; rejects when it was aborted, and when the relay stays silent. */
async function watch(
  session: Session,
  relay: RelayApi,
  from: { readonly status: BackfillStatus; readonly signal: AbortSignal },
  onStatus: (status: BackfillStatus) => void,
): Promise<void> {
  let { status } = from;
  const { set } = status;
  let silentSince: number | null = null;
  let fruitless = 0;
  let rowsAtRestart = -1;
  for (;;) {
    onStatus(status);
    if (isCutOff(status)) {
      fruitless = status.rowsRead > rowsAtRestart ? 0 : fruitless + 1;
      if (fruitless >= FRUITLESS_RESTARTS) return;
      rowsAtRestart = status.rowsRead;
    } else if (status.state !== 'running') return;
    await delay(POLL_MS, undefined, { signal: from.signal });
    try {
      status = isCutOff(status) ? await goOn(session, relay, set) : await relay.status(set);
      silentSince = null;
    } catch (error) {
      if (!(error instanceof Failure && error.exitCode === EXIT.unreachable)) throw error;
      silentSince ??= performance.now();
      if (performance.now() - silentSince > SILENCE_MS) throw error;
    }
  }
}

/** The relay ended in mid-run, or came back without its memory: nobody wanted the run to stop. */
function isCutOff(status: BackfillStatus): boolean {
  return status.state === 'idle' || (status.state === 'paused' && status.interrupted === true);
}

async function goOn(session: Session, relay: RelayApi, set: string): Promise<BackfillStatus> {
  const status = await startOrJoin(session, relay, set);
  session.note(`${set}: the relay was restarted in mid-run; going on from row ${status.rowsRead}.`);
  return status;
}

async function startOrJoin(session: Session, relay: RelayApi, set: string): Promise<BackfillStatus> {
  return relay.start(set).catch(async (error: unknown) => {
    if (!(error instanceof Failure && error.code === 'RELAY_BACKFILL_RUNNING')) throw error;
    session.note(`${set}: a backfill runs already; watching that one.`);
    return relay.status(set);
  });
}

function interrupted(session: Session, status: BackfillStatus): ExitCode {
  if (session.json) session.answer({ ...status, watching: false });
  session.note(
    `Stopped watching; the backfill of ${status.set} goes on in the relay. Watch it again: npx fig backfill ${status.set}. Stop it: npx fig backfill ${status.set} --pause`,
  );
  return EXIT.interrupted;
}

function progressOf(status: BackfillStatus): Progress {
  return {
    done: status.rowsRead,
    total: status.rowsTotal,
    perSecond: status.rowsPerSecond,
    etaSeconds: status.etaSeconds,
  };
}

function report(session: Session, status: BackfillStatus): ExitCode {
  if (session.json) session.answer(status);
  else {
    const tone = status.state === 'failed' ? 'red' : status.state === 'done' ? 'green' : 'yellow';
    const state = painter(session.streams.stdout, session.env)(tone, status.state);
    const eta =
      status.state === 'running' && status.etaSeconds !== null
        ? `, ${formatSeconds(status.etaSeconds)} left`
        : '';
    session.say(
      `${status.set}: ${state}, ${status.rowsRead} of ${status.rowsTotal ?? '?'} rows read, ${status.applied} applied, ${status.stale} already newer, ${status.removed} removed, ${status.quarantined} in quarantine${eta}`,
    );
    if (status.error) session.note(`${status.set}: ${status.error}`);
    if (status.quarantined > 0)
      session.note(`Rows in quarantine: npx fig backfill ${status.set} --quarantine`);
    if (status.state === 'failed' || status.state === 'paused') {
      session.note(`It goes on where it stopped: npx fig backfill ${status.set}`);
    }
  }
  return status.state === 'failed' ? EXIT.refused : EXIT.ok;
}

async function listQuarantine(session: Session, relay: RelayApi, set: string): Promise<ExitCode> {
  const rows = await relay.quarantine(set);
  if (session.json) session.answer({ set, rows });
  else if (rows.length === 0) session.say(`${set}: no rows in quarantine.`);
  else {
    sayTable(
      session,
      ['KEY', 'SINCE', 'REFUSED BY', 'REASON'],
      rows.map((row) => [row.key, row.since, row.refusedBy, row.reason]),
    );
  }
  return EXIT.ok;
}
