import type { DataSource, EntityManager } from 'typeorm';
import { isConflict } from './failures.ts';

const attempts = 8;

/** Runs work in one transaction (read committed) and repeats all of it after a deadlock or serialization failure. */
export async function inTransaction<T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await dataSource.transaction('READ COMMITTED', work);
    } catch (error) {
      if (!isConflict(error) || attempt === attempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5 * attempt));
    }
  }
}
