import type { Dice } from './dice.ts';
import type { Sql } from './legacy-audit.ts';
import type { Outcome, Write, WriteBook } from './write-book.ts';

/** A connection of its own to the legacy database; the next one is opened when it is lost. */
export type Session = { readonly sql: Sql; close(): Promise<void> };

export type JobOptions = {
  readonly open: () => Promise<Session>;
  readonly kind: 'mysql' | 'sqlite';
  readonly book: WriteBook;
  readonly dice: Dice;
  /** Tells jobs apart. */
  readonly n: number;
  readonly keys: readonly number[];
  /** How long a transaction stays open. */
  readonly openMs: { readonly from: number; readonly to: number };
  readonly pauseMs: number;
};

/** A job that writes the monolith's tables behind the facade's back, in transactions of several rows. */
export function startJob(options: JobOptions): { stop(): Promise<void> } {
  let stopped = false;
  const run = async () => {
    let session: Session | null = null;
    for (let round = 0; !stopped; round += 1) {
      try {
        session ??= await options.open();
        await transaction(options, session.sql, round);
      } catch {
        // Its outcome stands in the book.
        await session?.close().catch(() => {});
        session = null;
        await pause(200);
      }
      await pause(options.pauseMs);
    }
    await session?.close().catch(() => {});
  };
  const running = run();
  return {
    async stop() {
      stopped = true;
      await running;
    },
  };
}

async function transaction(options: JobOptions, sql: Sql, round: number): Promise<void> {
  const { kind, book, dice, n, keys, openMs } = options;
  const isCascade = dice.roll() < 0.15;
  const writes: Write[] = [];
  const cascaded: number[] = [];
  let outcome: Outcome = 'rejected';
  try {
    await sql(kind === 'mysql' ? 'START TRANSACTION' : 'BEGIN IMMEDIATE');
    try {
      if (isCascade) cascaded.push(...(await removeWithBatch(sql, n * 1_000_000 + round, book)));
      else
        for (const key of new Set([0, 1, 2].map(() => dice.pick(keys)).sort((a, b) => a - b))) {
          const token = `j${n}-${round}-${key}-${dice.whole(0, 1e9).toString(36)}`;
          writes.push(book.begin('job', token, key));
          await sql(`UPDATE freelancers SET notes = '${token}' WHERE frl_id = ${key}`);
        }
      await pause(dice.whole(openMs.from, openMs.to));
    } catch (error) {
      await sql('ROLLBACK');
      throw error;
    }
    outcome = 'unknown';
    await sql('COMMIT');
    outcome = 'acked';
  } finally {
    for (const write of writes) book.end(write, outcome);
    for (const key of cascaded) if (outcome !== 'rejected') book.cascaded.set(key, outcome);
  }
}

/** A row of the job's own and one that a client created go with the batch that they belong to. */
async function removeWithBatch(sql: Sql, batch: number, book: WriteBook): Promise<number[]> {
  const born = book.writes.findLast(({ kind, outcome }) => kind === 'create' && outcome === 'acked')?.key;
  await sql(`INSERT INTO soak_batch (batch_id) VALUES (${batch})`);
  const at = "'2026-01-01 00:00:00'";
  await sql(`INSERT INTO freelancers (frl_name, frl_match, frl_stat, rate_ct, cur, skills_csv, del_flag, created, changed, notes, soak_batch)
    VALUES ('Job, A', 'JOB, A', 'A', 100, 'EUR', '', 'N', ${at}, ${at}, 'batch', ${batch})`);
  // The client's token goes, too: it would be noted a second time, as written here.
  if (born) await sql(`UPDATE freelancers SET soak_batch = ${batch}, notes = 'batch' WHERE frl_id = ${born}`);
  const gone = await sql(`SELECT frl_id FROM freelancers WHERE soak_batch = ${batch}`);
  await sql(`DELETE FROM soak_batch WHERE batch_id = ${batch}`);
  return gone.map(({ frl_id }) => Number(frl_id));
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
