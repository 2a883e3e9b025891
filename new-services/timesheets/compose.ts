import type { Express } from 'express';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { migrate } from '../service-kit/database/migrate.ts';
import type { Health } from '../service-kit/health/health.ts';
import { serviceApp } from '../service-kit/http/service-app.ts';
import { postgresNumberSource } from '../service-kit/numbers/number-source.postgres.ts';
import { syncRouter } from '../service-kit/sync/sync-router.ts';
import { timesheetsOpenapi } from './adapters/http/openapi.ts';
import { timesheetRouter } from './adapters/http/timesheet-router.ts';
import { timesheetStream } from './adapters/sync/timesheet-stream.ts';
import { typeormTimesheetSearch } from './adapters/typeorm/timesheet-search.typeorm.ts';
import { typeormTimesheetStore } from './adapters/typeorm/timesheet-store.typeorm.ts';
import type { Clock } from './application/timesheet-store.ts';

export type Parts = {
  readonly database: DataSource;
  readonly token: string;
  /** Null: no dry runs. */
  readonly dryRunSecret: string | null;
  readonly log: Logger;
  readonly now: Clock;
  readonly health: Omit<Health, 'ready'>;
};

/** Brings the schema up to date and wires the service on an open database. */
export async function composeTimesheets({
  database,
  token,
  dryRunSecret,
  log,
  now,
  health,
}: Parts): Promise<Express> {
  await migrate(database);
  const api = timesheetRouter({
    store: typeormTimesheetStore(database, timesheetStream.name),
    search: typeormTimesheetSearch(database),
    numbers: postgresNumberSource(database, 'timesheet_number'),
    now,
  });
  return serviceApp({
    log,
    token,
    health: { ...health, ready: () => database.query('SELECT 1') },
    openapi: timesheetsOpenapi(health.version),
    dryRun: { database, secret: dryRunSecret, now: () => now().getTime() },
    routers: [syncRouter(database, [timesheetStream]), api],
  });
}
