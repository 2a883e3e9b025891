import type { DataSource, QueryRunner } from 'typeorm';

/** One number for all instances of all services: databases keep their advisory locks apart. */
const migrationLock = 7_105_001;

/**
 * Runs pending migrations, then `afterwards`. Safe when several instances start at once: the second waits for the
 * first on a session advisory lock, which Postgres drops with the connection if the holder dies.
 */
export async function migrate(
  dataSource: DataSource,
  afterwards: (runner: QueryRunner) => Promise<void> = async () => {},
): Promise<string[]> {
  const holder = dataSource.createQueryRunner();
  try {
    await holder.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    try {
      const done = await dataSource.runMigrations({ transaction: 'each' });
      await afterwards(holder);
      return done.map((migration) => migration.name);
    } finally {
      await holder.query('SELECT pg_advisory_unlock($1)', [migrationLock]);
    }
  } finally {
    await holder.release();
  }
}
