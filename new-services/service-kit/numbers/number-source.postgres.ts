import { randomInt } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { insideDryRun } from '../dry-run/rehearsal.ts';

/** Taking a number shares this lock, raising the sequence excludes: setval must not undo a nextval in between. */
const sequenceLock = 7_105_002;

/** The last of those that an INT of the monolith holds. */
const DRY_RUN_NUMBERS = [2_000_000_000, 2_147_483_647] as const;

/** Hands out the numbers of a sequence, each once; gaps are fine. */
export function postgresNumberSource(
  dataSource: DataSource,
  sequence: string,
): { readonly next: () => Promise<number> } {
  return {
    // A sequence does not take back what it handed out: a dry run uses none of its numbers, and one that is nobody's.
    next: async () =>
      insideDryRun() ? randomInt(...DRY_RUN_NUMBERS) : dataSource.transaction((m) => nextNumber(m, sequence)),
  };
}

async function nextNumber(manager: EntityManager, sequence: string): Promise<number> {
  await manager.query('SELECT pg_advisory_xact_lock_shared($1)', [sequenceLock]);
  const [row] = await manager.query('SELECT nextval($1::regclass) AS number', [sequence]);
  return Number(row.number);
}

/** Makes sure that the sequence hands out no number up to `number`. Does nothing, and locks nothing, when it would not. */
export async function raiseNumbersAbove(
  manager: EntityManager,
  sequence: string,
  number: bigint,
): Promise<void> {
  const isBelow = async () => {
    const [row] = await manager.query(`SELECT last_value::text AS last FROM "${sequence}"`);
    return BigInt(row.last) <= number;
  };
  if (!(await isBelow())) return;
  await manager.query('SELECT pg_advisory_xact_lock($1)', [sequenceLock]);
  if (await isBelow()) await manager.query('SELECT setval($1::regclass, $2)', [sequence, String(number)]);
}

/** The last number that the sequence has handed out, or was raised to; 0 before the first. */
export async function lastNumber(manager: EntityManager, sequence: string): Promise<bigint> {
  const [row] = await manager.query(`SELECT last_value::text AS last, is_called FROM "${sequence}"`);
  return row.is_called ? BigInt(row.last) : 0n;
}
