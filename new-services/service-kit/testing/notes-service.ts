import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express, Router } from 'express';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import { openDatabase } from '../database/database.ts';
import { composeNotes, notesMigrations } from './notes.ts';
import { createTestDatabase } from './test-database.ts';

export type NotesService = {
  readonly app: Express;
  readonly server: Server;
  readonly url: string;
  readonly database: DataSource;
  readonly databaseUrl: string;
  readonly stop: () => Promise<void>;
  /** Makes the service as it is while it stops. */
  readonly beginStopping: () => void;
};

type NotesOptions = {
  readonly dryRunSecret?: string | null;
  readonly routers?: (database: DataSource) => readonly Router[];
};

/** Serves notes from this process, on a database of its own. */
export async function startNotesService(
  token: string,
  { dryRunSecret = null, routers = () => [] }: NotesOptions = {},
): Promise<NotesService> {
  const { url: databaseUrl, drop } = await createTestDatabase('notes');
  const database = await openDatabase({
    url: databaseUrl,
    service: 'notes',
    entities: [],
    migrations: notesMigrations,
    waitMs: 0,
  });
  let stopping = false;
  const app = await composeNotes({
    database,
    token,
    log: pino({ level: 'silent' }),
    health: { service: 'notes', version: '1.0.0', build: 'test', stopping: () => stopping },
    dryRun: { secret: dryRunSecret, now: Date.now },
    routers: routers(database),
  });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    app,
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    database,
    databaseUrl,
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
