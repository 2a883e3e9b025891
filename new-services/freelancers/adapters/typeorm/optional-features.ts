import type { Logger } from 'pino';
import type { QueryRunner } from 'typeorm';

/**
 * Uses what the server offers and says what it lacks: the trigram index of text search needs the extension pg_trgm
 * (without it text search reads the whole table), sorting by name needs ICU. Runs at each start, so that an
 * extension installed later is used.
 */
export async function ensureOptionalFeatures(runner: QueryRunner, log: Logger): Promise<void> {
  const reason = await createTrigramIndex(runner);
  if (reason !== null)
    log.warn({ reason }, 'no pg_trgm: text search works without an index and slows as rows grow');
  const [name] = await runner.query(
    `SELECT collation_name FROM information_schema.columns
     WHERE table_schema = current_schema() AND table_name = 'freelancer_search' AND column_name = 'name'`,
  );
  if (name?.collation_name === 'C') log.warn('no ICU: names sort by bytes, Ä after Z');
}

async function createTrigramIndex(runner: QueryRunner): Promise<string | null> {
  try {
    await runner.query('CREATE EXTENSION IF NOT EXISTS pg_trgm');
    await runner.query(
      'CREATE INDEX IF NOT EXISTS freelancer_search_trigrams ON freelancer_search USING gin (search_text gin_trgm_ops)',
    );
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
