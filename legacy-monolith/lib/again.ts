import { BaseError } from 'sequelize';

const TRIES = 5;

/**
 * Runs `work` again when the database threw it out to let another one through (deadlock, lock wait): at most five
 * times. 2020-03-02 ts: month end, everybody approves at once. `work` must be one whole transaction.
 */
export async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (err) {
      const code =
        err instanceof BaseError ? (err as { parent?: { code?: string } }).parent?.code : undefined;
      if (attempt === TRIES || (code !== 'ER_LOCK_DEADLOCK' && code !== 'ER_LOCK_WAIT_TIMEOUT')) throw err;
      await new Promise((done) => setTimeout(done, Math.random() * 50 * attempt));
    }
  }
}
