import type { Express } from 'express';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { migrate } from '../service-kit/database/migrate.ts';
import type { Health } from '../service-kit/health/health.ts';
import { serviceApp } from '../service-kit/http/service-app.ts';
import { postgresNumberSource } from '../service-kit/numbers/number-source.postgres.ts';
import { syncRouter } from '../service-kit/sync/sync-router.ts';
import { freelancerRouter } from './adapters/http/freelancer-router.ts';
import { freelancersOpenapi } from './adapters/http/openapi.ts';
import { freelancerStream } from './adapters/sync/freelancer-stream.ts';
import { typeormFreelancerSearch } from './adapters/typeorm/freelancer-search.typeorm.ts';
import { typeormFreelancerStore } from './adapters/typeorm/freelancer-store.typeorm.ts';
import { ensureOptionalFeatures } from './adapters/typeorm/optional-features.ts';
import type { Clock } from './application/freelancer-store.ts';

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
export async function composeFreelancers({
  database,
  token,
  dryRunSecret,
  log,
  now,
  health,
}: Parts): Promise<Express> {
  await migrate(database, (runner) => ensureOptionalFeatures(runner, log));
  const api = freelancerRouter({
    store: typeormFreelancerStore(database, freelancerStream.name),
    search: typeormFreelancerSearch(database),
    numbers: postgresNumberSource(database, 'freelancer_number'),
    now,
  });
  return serviceApp({
    log,
    token,
    health: { ...health, ready: () => database.query('SELECT 1') },
    openapi: freelancersOpenapi(health.version),
    dryRun: { database, secret: dryRunSecret, now: () => now().getTime() },
    routers: [syncRouter(database, [freelancerStream]), api],
  });
}
