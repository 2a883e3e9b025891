import type { MigrationInterface, QueryRunner } from 'typeorm';
import { z } from 'zod';
import { oneOf, postgresUrl, token } from '../bootstrap/environment.ts';
import { runService } from '../bootstrap/run-service.ts';
import { openDatabase } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { upsertRows } from '../database/upsert-rows.ts';
import { serviceApp } from '../http/service-app.ts';
import { CreateOwners1767000000006 } from '../sync/owner-tables.ts';
import { syncRouter } from '../sync/sync-router.ts';
import type { SyncStream } from '../sync/sync-stream.ts';
import { CreateSyncInbox1767000000000 } from '../sync/sync-tables.ts';

type Thing = Readonly<Record<string, unknown>>;

class CreateThings1767000000007 implements MigrationInterface {
  readonly name = 'CreateThings1767000000007';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE thing (id text COLLATE "C" PRIMARY KEY, value jsonb NOT NULL)');
    await runner.query('CREATE INDEX thing_numeric ON thing (length(id), id)');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE thing');
  }
}

/** Keeps any JSON object under any key; a value with `refused` in it is refused by its database. */
function things(keyOrder: 'numeric' | 'text'): SyncStream<Thing> {
  const order = keyOrder === 'numeric' ? 'length(id), id' : 'id';
  const after = keyOrder === 'numeric' ? 'length($1), $1' : '$1';
  return {
    name: 'things',
    keyOrder,
    value: z.record(z.string(), z.unknown()),
    destinationOf: (key) => key,
    mismatch: (_key, value) => ('refused' in value ? 'refused: this one is not taken' : null),
    async apply(manager, { values, tombstones }) {
      const rows = values.map(({ key, value }) => ({ id: key, value }));
      const changed = await upsertRows(
        manager,
        { table: 'thing', key: 'id', columns: ['id', 'value'] },
        rows,
      );
      const gone = tombstones.map((row) => row.key);
      const [, removed] = await manager.query('DELETE FROM thing WHERE id = ANY($1)', [gone]);
      return { changed: changed.length + Number(removed) };
    },
    read: (manager, key, limit) =>
      manager.query(
        `SELECT id AS key, value FROM thing WHERE $1::text IS NULL OR (${order}) > (${after}) ORDER BY ${order} LIMIT $2`,
        [key, limit],
      ),
    async readKeys(manager, key, limit) {
      return (await this.read(manager, key, limit)).map((row) => row.key);
    },
    find: (manager, keys) => manager.query('SELECT id AS key, value FROM thing WHERE id = ANY($1)', [keys]),
  };
}

await runService({
  name: 'things',
  defaultPort: 4199,
  environment: {
    DATABASE_URL: postgresUrl(),
    SERVICE_TOKEN: token(),
    KEY_ORDER: oneOf(['numeric', 'text'], 'text'),
  },
  async compose({ env, log, identity, stopping }) {
    const migrations = [CreateSyncInbox1767000000000, CreateOwners1767000000006, CreateThings1767000000007];
    const database = await openDatabase({
      ...{ url: env.DATABASE_URL, service: identity.service, entities: [], migrations, waitMs: 5000 },
    });
    await migrate(database);
    const app = serviceApp({
      log,
      token: env.SERVICE_TOKEN,
      openapi: {},
      health: { ...identity, stopping, ready: () => database.query('SELECT 1') },
      dryRun: { database, secret: null, now: Date.now },
      routers: [syncRouter(database, [things(env.KEY_ORDER === 'numeric' ? 'numeric' : 'text')])],
    });
    return { app, close: () => database.destroy() };
  },
});
