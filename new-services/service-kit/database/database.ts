import pg from 'pg';
import { DataSource, type EntitySchema, type MigrationInterface } from 'typeorm';
import { StartupError } from '../bootstrap/environment.ts';
import { isUnavailable } from './failures.ts';

export type DatabaseOptions = {
  readonly url: string;
  /** Shown by Postgres in pg_stat_activity. */
  readonly service: string;
  readonly entities: readonly EntitySchema<never>[];
  readonly migrations: readonly (new () => MigrationInterface)[];
  /** How long to keep trying a server that does not answer yet; 0 tries once. */
  readonly waitMs: number;
  readonly poolSize?: number;
  /** Errors of idle connections, e.g. when the server restarts: the pool replaces them. */
  readonly onIdleError?: (error: Error) => void;
};

const dateOid = 1082;

/** Connects, or throws StartupError with one line that names host and database and never the password. */
export async function openDatabase(options: DatabaseOptions): Promise<DataSource> {
  const deadline = performance.now() + options.waitMs;
  for (;;) {
    const dataSource = new DataSource({
      type: 'postgres',
      url: options.url,
      applicationName: options.service,
      entities: [...options.entities] as EntitySchema[],
      migrations: [...options.migrations],
      migrationsTableName: '_migrations',
      poolSize: options.poolSize ?? 10,
      connectTimeoutMS: 5_000,
      installExtensions: false,
      poolErrorHandler: (error: Error) => options.onIdleError?.(error),
      // A date without time stays text: as a Date it would move with the time zone of the process.
      extra: { types: { getTypeParser: typeParser } },
    });
    try {
      return await dataSource.initialize();
    } catch (error) {
      if (!isUnavailable(error) || performance.now() >= deadline) throw unreachable(options.url, error);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

function typeParser(oid: number, format?: 'text' | 'binary'): unknown {
  return oid === dateOid ? (text: string) => text : pg.types.getTypeParser(oid as never, format as never);
}

function unreachable(url: string, error: unknown): StartupError {
  const { hostname, port, pathname } = new URL(url);
  const cause = error instanceof AggregateError ? error.errors[0] : error;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StartupError(
    `DATABASE_URL: cannot use database ${decodeURIComponent(pathname.slice(1))} on ${hostname || 'localhost'}:${port || 5432}: ${reason}. ` +
      'Start the server, or correct the URL.',
  );
}
