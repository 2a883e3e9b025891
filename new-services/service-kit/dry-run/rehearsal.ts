import { AsyncLocalStorage } from 'node:async_hooks';
import type { DataSource, QueryRunner } from 'typeorm';
import { Problem } from '../http/problem.ts';

/** What one dry run holds: the one connection that all of its statements go over. */
type Rehearsal = {
  readonly dataSource: DataSource;
  readonly runner: QueryRunner;
  /** The service cannot say what it would have answered. */
  refused: boolean;
};

const current = new AsyncLocalStorage<Rehearsal>();
const watched = new WeakSet<DataSource>();

/** A dry run must hold up nobody: locks that others wait for are let go of, and a slow statement ends. */
const LIMITS = `SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = '5s'`;

export type Curtain = {
  /** Runs `work` so that everything it does with the data source is undone by `fall`. */
  readonly run: (work: () => void) => void;
  /** Rolls back. Safe to call twice. */
  readonly fall: () => Promise<void>;
  readonly refused: () => boolean;
};

/**
 * Opens a transaction that is never committed. While `run` is on the stack, each transaction of the data source is a
 * savepoint in it and each statement goes over its connection: nothing can take another way into the database.
 */
export async function rehearse(dataSource: DataSource): Promise<Curtain> {
  watch(dataSource);
  const runner = dataSource.createQueryRunner();
  const release = runner.release.bind(runner);
  try {
    await runner.connect();
    await runner.startTransaction('READ COMMITTED');
    await runner.query(LIMITS);
  } catch (error) {
    await release();
    throw error;
  }
  const query = runner.query.bind(runner);
  const rehearsal: Rehearsal = { dataSource, runner, refused: false };
  let over: Promise<void> | null = null;
  // Whoever asks the data source for a connection gets this one, and must not give it back for all.
  runner.release = async () => {};
  // SECURITY: after the rollback a statement would be one in earnest, and so would everything after a COMMIT.
  runner.query = (async (sql: string, ...given: never[]) => {
    if (over !== null) throw new Error('the dry run is over: what its request still does is left undone');
    if (endsTransaction(sql)) throw new Error('a dry run ends by itself, and never with a commit');
    return query(sql, ...given);
  }) as typeof runner.query;
  runner.stream = () => Promise.reject(new Error('a dry run reads no streams'));
  const fall = async () => {
    // Postgres drops what a lost connection had begun, so a failure here undoes as well.
    await query('ROLLBACK').catch(() => {});
    await release();
  };
  return {
    run: (work) => current.run(rehearsal, work),
    fall: () => {
      over ??= fall();
      return over;
    },
    refused: () => rehearsal.refused,
  };
}

const COMMENTS = /--[^\n]*|\/\*[\s\S]*?\*\//g;

function endsTransaction(sql: string): boolean {
  const plain = sql.replace(COMMENTS, ' ');
  return /(?:^|;)\s*(?:commit|end|abort|prepare\s+transaction|rollback(?!\s+(?:work\s+|transaction\s+)?to\b))\b/i.test(
    plain,
  );
}

function watch(dataSource: DataSource): void {
  if (watched.has(dataSource)) return;
  watched.add(dataSource);
  const createQueryRunner = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (mode) => {
    const rehearsal = current.getStore();
    return rehearsal?.dataSource === dataSource ? rehearsal.runner : createQueryRunner(mode);
  };
}

/** True while a dry run is answered. For what no transaction takes back, e.g. a number that a sequence hands out. */
export function insideDryRun(): boolean {
  return current.getStore() !== undefined;
}

/**
 * Does nothing in earnest; ends a dry run with 501. For the first line of every port that reaches out of the database
 * (mail, bus, payment provider), and of use cases that need more than one transaction to be what they are.
 */
export function refuseInDryRun(what: string): void {
  const rehearsal = current.getStore();
  if (rehearsal === undefined) return;
  rehearsal.refused = true;
  throw new Problem(
    { code: 'DRY_RUN_UNSUPPORTED', status: 501, title: 'This cannot be rehearsed' },
    `${what} cannot be undone, so this request has no dry run.`,
  );
}
