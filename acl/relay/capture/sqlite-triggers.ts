import type { DatabaseSync } from 'node:sqlite';

/** A writer of the application may be at it for so long. SQLite's own waiting would hold up all else in this process. */
const BUSY_MS = 5_000;
const RETRY_MS = 5;

export const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/**
 * Who owns a set, and whether it is the relay that writes at this moment: there are no session variables, but there is
 * one writer at a time, so what it notes in its own transaction nobody else sees.
 */
export const createOwners = (database: DatabaseSync): void =>
  database.exec(
    'CREATE TABLE IF NOT EXISTS _fig_owner (name TEXT PRIMARY KEY, owner TEXT NOT NULL, epoch INTEGER NOT NULL, relay INTEGER NOT NULL DEFAULT 0)',
  );

/** The condition of a trigger that lets what the relay writes of this set pass. */
export const unlessRelay = (set: string) =>
  `WHEN NOT EXISTS (SELECT 1 FROM _fig_owner WHERE name = ${text(set)} AND relay = 1)`;

/** One write transaction; waits for the one that is open, without holding up this process. */
export async function inOneGo<T>(database: DatabaseSync, work: () => T, busyMs = BUSY_MS): Promise<T> {
  const deadline = performance.now() + busyMs;
  for (;;) {
    try {
      database.exec('BEGIN IMMEDIATE');
      break;
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

export const isBusy = (error: unknown) => /locked|busy/.test((error as Error).message);
