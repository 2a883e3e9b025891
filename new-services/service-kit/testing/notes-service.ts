import type { Server } from 'node:http';
import type { Express, Router } from 'express';
import { pino } from 'pino';
import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { z } from 'zod';
import { openDatabase } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { upsertRows } from '../database/upsert-rows.ts';
import { serviceApp } from '../http/service-app.ts';
import { syncRouter } from '../sync/sync-router.ts';
import type { SyncStream } from '../sync/sync-stream.ts';
import { CreateSyncInbox1767000000000 } from '../sync/sync-tables.ts';
import { createTestDatabase } from './test-database.ts';

type Note = { readonly text: string; readonly place: number };

class CreateNotes1767000000002 implements MigrationInterface {
  readonly name = 'CreateNotes1767000000002';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE note (id text COLLATE "C" PRIMARY KEY, text text NOT NULL CHECK (text <> \'bad\'), place integer NOT NULL, version integer NOT NULL)',
    );
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE note');
  }
}

/** The smallest stream there is: keys are text and the table holds the value as it came. */
const notes: SyncStream<Note> = {
  name: 'notes',
  keyOrder: 'text',
  value: z.strictObject({ text: z.string(), place: z.int() }),
  destinationOf: (key) => key,
  mismatch: () => null,
  async apply(manager, { values, tombstones }) {
    const rows = values.map(({ key, value }) => ({ id: key, ...value }));
    const table = { table: 'note', key: 'id', columns: ['id', 'text', 'place'], version: 'version' };
    const changed = await upsertRows(manager, table, rows);
    const gone = tombstones.map((row) => row.key);
    const [, removed] = await manager.query('DELETE FROM note WHERE id = ANY($1)', [gone]);
    return { changed: changed.length + Number(removed) };
  },
  read: async (manager, after, limit) => {
    const rows: (Note & { id: string })[] = await manager.query(
      'SELECT id, text, place FROM note WHERE $1::text IS NULL OR id > $1 ORDER BY id LIMIT $2',
      [after, limit],
    );
    return rows.map(({ id, text, place }) => ({ key: id, value: { text, place } }));
  },
};

export type NotesService = {
  readonly app: Express;
  readonly server: Server;
  readonly database: DataSource;
  readonly stop: () => Promise<void>;
  /** Makes the service as it is while it stops. */
  readonly beginStopping: () => void;
};

type NotesOptions = {
  readonly dryRunSecret?: string | null;
  readonly routers?: (database: DataSource) => readonly Router[];
};

const notesMigrations = [CreateSyncInbox1767000000000, CreateNotes1767000000002];

/** A service made of the kit alone, for its own tests. */
export async function startNotesService(
  token: string,
  { dryRunSecret = null, routers = () => [] }: NotesOptions = {},
): Promise<NotesService> {
  const { url, drop } = await createTestDatabase('notes');
  const database = await openDatabase({
    url,
    service: 'notes',
    entities: [],
    migrations: notesMigrations,
    waitMs: 0,
  });
  await migrate(database);
  let stopping = false;
  const app = serviceApp({
    log: pino({ level: 'silent' }),
    token,
    openapi: {},
    health: {
      service: 'notes',
      version: '1.0.0',
      build: 'test',
      ready: () => database.query('SELECT 1'),
      stopping: () => stopping,
    },
    dryRun: { database, secret: dryRunSecret, now: Date.now },
    routers: [syncRouter(database, [notes]), ...routers(database)],
  });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    app,
    server,
    database,
    beginStopping() {
      stopping = true;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await database.destroy();
      await drop();
    },
  };
}
