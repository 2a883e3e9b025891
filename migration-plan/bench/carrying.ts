import { setTimeout as wait } from 'node:timers/promises';
import { onPostgres, type Servers } from './databases.ts';
import { meter, type Taken } from './meter.ts';
import { type Paced, pace } from './paced.ts';
import { type Pair, startPair } from './pair.ts';
import { plainCopy } from './plain-copy.ts';

/** One pass over all rows, backfill or reconcile. */
export type Pass = {
  readonly rows: number;
  readonly seconds: number;
  readonly taken: Record<string, Taken> | null;
  readonly writes: Paced | null;
};

export type Carrying = {
  /** Writes a second beside the backfill. */
  readonly writes: number;
  readonly rows: number;
  readonly plain: { readonly rows: number; readonly seconds: number };
  readonly backfill: Pass;
  readonly reconcile: Pass;
  /** Rows that differed, were left out or could not be judged: none, or the figures are of something broken. */
  readonly faults: string | null;
};

const POLL_MS = 200;

/** The first copy of so many timesheets while `writes` a second go on through the monolith, then the comparison at rest. */
export async function carrying(
  servers: Servers,
  {
    rows,
    writes,
    boundMs,
    say,
  }: { rows: number; writes: number; boundMs: number; say: (line: string) => void },
): Promise<Carrying> {
  say(`seeding ${rows} timesheets, to be copied ${writes > 0 ? `under ${writes} writes/s` : 'at rest'} …`);
  const name = `fig_bench_${rows}_${writes}`;
  const pair = await startPair(servers, rows, name);
  try {
    const plainUrl = await servers.postgres(`${name}_plain`);
    say('plain SELECT into COPY …');
    const began = performance.now();
    const plainRows = await plainCopy(pair.legacyDatabase, plainUrl, 'timesheets');
    const plain = { rows: plainRows, seconds: (performance.now() - began) / 1000 };
    await onPostgres(plainUrl, 'DROP TABLE plain_copy');

    say('backfill …');
    const load = writes > 0 ? pace(writes, pair.write) : null;
    const backfill = await pass(pair, 'backfill', boundMs).finally(() => load?.stop());
    const written = (await load?.stop()) ?? null;

    say('reconcile …');
    const reconcile = await pass(pair, 'reconcile', boundMs);
    return {
      writes,
      rows: pair.rows,
      plain,
      backfill: { ...backfill, writes: written },
      reconcile,
      faults: await faultsOf(pair),
    };
  } finally {
    await pair.stop();
  }
}

async function pass(
  pair: Pair,
  what: 'backfill' | 'reconcile',
  boundMs: number,
): Promise<Omit<Pass, 'writes'> & { writes: null }> {
  const watched = meter({ relay: pair.processes.relay, service: pair.processes.service });
  const began = performance.now();
  await pair.relay('POST', `/${what}`, {});
  for (;;) {
    await wait(POLL_MS);
    const status = await pair.relay('GET', `/${what}`);
    const seconds = (performance.now() - began) / 1000;
    const rows = Number(status.rowsRead);
    if (status.state === 'done') return { rows, seconds, taken: watched.stop(), writes: null };
    if (status.state !== 'running') throw new Error(`${what} ${status.state}: ${status.error}`);
    if (seconds * 1000 > boundMs) {
      // What was reached is a figure, too.
      await pair.relay('DELETE', `/${what}`);
      return { rows, seconds, taken: watched.stop(), writes: null };
    }
  }
}

async function faultsOf(pair: Pair): Promise<string | null> {
  const { state, result } = (await pair.relay('GET', '/reconcile')) as {
    state: string;
    result: Record<string, number> | null;
  };
  if (state !== 'done' || result === null) return `the comparison came to no end: ${state}`;
  const { left, quarantined, restless, compared } = result;
  if (left === 0 && quarantined === 0 && restless === 0 && compared === pair.rows) return null;
  return `of ${pair.rows} rows, ${compared} compared, ${left} differ, ${quarantined} set aside, ${restless} restless`;
}
