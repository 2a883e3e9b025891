// A worker of the facade: the data plane alone, on a port that it shares. What it decides by comes from the primary.
import '../v8-settings.ts';
import type { Logger } from 'pino';
import type { Plan } from '#plan/model/plan.ts';
import { buildSnapshot, type Snapshot } from '../core/snapshot.ts';
import { type LocalDataPlane, openDataPlane } from '../data-plane.ts';
import { openLogs } from '../log.ts';
import { openSetWatches } from '../open-set-watches.ts';
import { SettingsError } from '../settings.ts';
import type { Assignment, FromWorker, Report, Situation, ToWorker } from './messages.ts';
import { shareOf } from './share.ts';
import { TellFence } from './tell-fence.ts';

let plane: LocalDataPlane | null = null;
let snapshot: Snapshot | undefined;
let log: Logger | null = null;
let stopping = false;
const fenced = new TellFence();

async function obey(message: ToWorker): Promise<void> {
  if ('tell' in message) {
    if (message.tell === 'probed') plane?.probed(message.candidate, message.ok);
    else if (message.tell === 'counts') plane?.add(message.counts);
    else if (message.tell === 'fenced') fenced.done(message.fence);
    else void stop('drain');
    return;
  }
  const { number } = message;
  switch (message.ask) {
    case 'serve':
      return send({ number, ...(await serve(message.assignment, message.situation)) });
    case 'apply':
      // Where writes are held it takes those in flight; whoever asks something else does not wait for that.
      void Promise.resolve(plane?.apply(take(message.situation))).then(() => send({ number }));
      return;
    case 'report': {
      const report = await reportNow();
      return send(report ? { number, report } : { number });
    }
    case 'observed':
      return send({ number, observed: (await plane?.observed()) ?? [] });
    case 'record': {
      const taken = await plane?.record(message.order);
      return send(taken ? { number, taken } : { number });
    }
    case 'fence':
      plane?.fence(message.told);
      return send({ number });
    case 'ping':
      return send({ number });
  }
}

async function serve(assignment: Assignment, situation: Situation): Promise<{ failed?: string }> {
  const { worker, workers, host, port, secret, dryRunSecret, relayToken, accessLog } = assignment;
  const logs = openLogs(accessLog, worker);
  log = logs.log;
  try {
    plane = await openDataPlane({
      snapshot: take(situation),
      ...logs,
      secret: Buffer.from(secret),
      dryRunSecret,
      // What keeps reads from the candidate is told once, by the primary.
      watches: openSetWatches(() => snapshot?.plan.relay?.url ?? null, relayToken, null),
      host,
      port,
      shared: {
        bulkheadOf: (plan: Plan) => shareOf(plan.bulkhead, worker, workers),
        tell: (counts) => send({ tell: 'counts', counts }),
        tellFence: (told) => fenced.tell((fence) => send({ tell: 'fence', fence, told })),
      },
    });
    return {};
  } catch (error) {
    const { message } = error as Error;
    return { failed: error instanceof SettingsError ? message : `the facade could not start: ${message}` };
  }
}

function take({ plan, positions, builds }: Situation): Snapshot {
  const inForce = plan ?? snapshot?.plan;
  if (!inForce) throw new Error('positions came before a plan');
  snapshot = { ...buildSnapshot(inForce, positions, snapshot), builds };
  return snapshot;
}

async function reportNow(): Promise<Report | null> {
  return plane && { upstreams: plane.upstreams(), metrics: await plane.metrics.json() };
}

function send(message: FromWorker): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

async function stop(why: string): Promise<void> {
  if (stopping) return;
  stopping = true;
  log?.info({ why }, 'stopping');
  await plane?.drain();
  process.exit(0);
}

// One after the other: an answer says that everything before it is done as well.
let tail: Promise<void> = Promise.resolve();
process.on('message', (message: ToWorker) => {
  tail = tail
    .then(() => obey(message))
    .catch((error: Error) => {
      log?.fatal({ err: error }, 'worker cannot go on');
      process.exit(1);
    });
});
// SECURITY: without its primary nobody can tell it of a rollback any more; it must not serve old positions for ever.
process.once('disconnect', () => void stop('the primary is gone'));
process.on('SIGTERM', () => void stop('SIGTERM'));
// A terminal sends these to the whole group; the primary says what to do about them.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
