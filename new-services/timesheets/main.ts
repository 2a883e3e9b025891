import { optionalSecret, postgresUrl, token, wholeSeconds } from '../service-kit/bootstrap/environment.ts';
import { runService } from '../service-kit/bootstrap/run-service.ts';
import { openDatabase } from '../service-kit/database/database.ts';
import { entities, migrations } from './adapters/typeorm/entities.ts';
import { composeTimesheets } from './compose.ts';

await runService({
  name: 'timesheets',
  defaultPort: 4112,
  environment: {
    DATABASE_URL: postgresUrl(),
    SERVICE_TOKEN: token(),
    DRY_RUN_SECRET: optionalSecret(),
    DATABASE_WAIT_SECONDS: wholeSeconds(5),
  },
  async compose({ env, log, identity, stopping }) {
    const database = await openDatabase({
      url: env.DATABASE_URL,
      service: identity.service,
      entities,
      migrations,
      waitMs: env.DATABASE_WAIT_SECONDS * 1000,
      onIdleError: (error) => log.warn({ err: error }, 'idle database connection lost'),
    });
    const health = { ...identity, stopping };
    const app = await composeTimesheets({
      database,
      token: env.SERVICE_TOKEN,
      dryRunSecret: env.DRY_RUN_SECRET,
      log,
      // The monolith knows whole seconds: a row that goes back to it has to be the same on both sides.
      now: () => new Date(Math.floor(Date.now() / 1_000) * 1_000),
      health,
    });
    return { app, close: () => database.destroy() };
  },
});
