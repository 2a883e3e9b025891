import { postgresUrl, token } from '../bootstrap/environment.ts';
import { runService } from '../bootstrap/run-service.ts';
import { openDatabase } from '../database/database.ts';
import { composeNotes, notesMigrations } from './notes.ts';

/** Notes as a process of its own, for tests that kill it. */
await runService({
  name: 'notes',
  defaultPort: 0,
  environment: { DATABASE_URL: postgresUrl(), SERVICE_TOKEN: token() },
  async compose({ env, log, identity, stopping }) {
    const database = await openDatabase({
      url: env.DATABASE_URL,
      service: identity.service,
      entities: [],
      migrations: notesMigrations,
      waitMs: 0,
    });
    const app = await composeNotes({
      database,
      token: env.SERVICE_TOKEN,
      log,
      health: { ...identity, stopping },
      dryRun: { secret: null, now: Date.now },
      routers: [],
    });
    return { app, close: () => database.destroy() };
  },
});
