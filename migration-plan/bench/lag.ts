import { setTimeout as wait } from 'node:timers/promises';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { onLegacy, type Servers } from './databases.ts';
import { type Paced, pace } from './paced.ts';
import { copyAll, startPair } from './pair.ts';

export type Lagging = {
  /** From the answer to each write until the service's database has it, in milliseconds. */
  readonly lagsMs: readonly number[];
  /** Writes that had not arrived when the wait for them ended. */
  readonly missing: number;
  readonly writes: Paced;
};

const ROWS = 20_000;
const CONNECTIONS = 8;
const WARM_UP_MS = 3_000;
const LAST_MS = 10_000;

/**
 * Statements of one row each, straight into the monolith's database as a job would write them: at this rate the monolith
 * itself would be what is measured. A trigger of the bench's in the service's database says what has been committed there.
 */
export async function lagging(
  servers: Servers,
  { rate, seconds, say }: { rate: number; seconds: number; say: (line: string) => void },
): Promise<Lagging> {
  say(`lag: seeding ${ROWS} timesheets …`);
  const pair = await startPair(servers, ROWS, 'fig_bench_lag');
  const pool = mysql.createPool({ uri: pair.legacyDatabase, connectionLimit: CONNECTIONS });
  const listener = new pg.Client({ connectionString: pair.serviceDatabase });
  try {
    await copyAll(pair);
    await listener.connect();
    await listener.query(`
      CREATE FUNCTION bench_tell() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_notify('bench', coalesce(NEW.note, NEW.rejection_reason)); RETURN NULL; END $$;
      CREATE TRIGGER bench_tell AFTER UPDATE ON timesheet FOR EACH ROW EXECUTE FUNCTION bench_tell();
      LISTEN bench`);
    const rows = await onLegacy(pair.legacyDatabase, 'SELECT tsh_id AS id FROM timesheets ORDER BY tsh_id');
    const arrived = new Map<number, number>();
    listener.on('notification', ({ payload }) => arrived.set(Number(payload), performance.now()));

    say(`lag: ${rate} writes/s for ${seconds} s …`);
    const committed = new Map<number, number>();
    const began = performance.now();
    const load = pace(rate, async (n) => {
      const id = rows[n % rows.length]?.id;
      await pool.query('UPDATE timesheets SET tsh_text = ? WHERE tsh_id = ?', [String(n), id]);
      committed.set(n, performance.now());
    });
    await wait(WARM_UP_MS + seconds * 1000);
    const writes = await load.stop();
    const until = performance.now() + LAST_MS;
    while (performance.now() < until && [...committed.keys()].some((n) => !arrived.has(n))) await wait(50);

    const measured = [...committed].filter(([, atMs]) => atMs > began + WARM_UP_MS);
    const lags = measured.flatMap(([n, atMs]) => {
      const seen = arrived.get(n);
      return seen === undefined ? [] : [Math.max(0, seen - atMs)];
    });
    return { lagsMs: lags, missing: measured.length - lags.length, writes };
  } finally {
    await listener.end();
    await pool.end();
    await pair.stop();
  }
}
