import express, { type Express, Router } from 'express';
import type { Logger } from 'pino';
import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { z } from 'zod';
import { migrate } from '../database/migrate.ts';
import { upsertRows } from '../database/upsert-rows.ts';
import type { DryRunOptions } from '../dry-run/dry-run.ts';
import type { Health } from '../health/health.ts';
import { serviceApp } from '../http/service-app.ts';
import { ownedWrite } from '../sync/owned-write.ts';
import { CreateOwners1767000000006 } from '../sync/owner-tables.ts';
import { syncRouter } from '../sync/sync-router.ts';
import type { SyncStream } from '../sync/sync-stream.ts';
import { CreateSyncInbox1767000000000 } from '../sync/sync-tables.ts';

type Note = { readonly text: string; readonly place: number };
type NoteRow = Note & { readonly id: string };

class CreateNotes1767000000002 implements MigrationInterface {
  readonly name = 'CreateNotes1767000000002';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE SEQUENCE note_number START 1000; CREATE TABLE note (id text COLLATE "C" PRIMARY KEY, text text NOT NULL CHECK (text <> \'bad\'), place integer NOT NULL, version integer NOT NULL)',
    );
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE note; DROP SEQUENCE note_number');
  }
}

export const notesMigrations = [
  CreateSyncInbox1767000000000,
  CreateNotes1767000000002,
  CreateOwners1767000000006,
];

const table = { table: 'note', key: 'id', columns: ['id', 'text', 'place'], version: 'version' };

/** The smallest stream there is: keys are text and the table holds the value as it came. */
const notes: SyncStream<Note> = {
  name: 'notes',
  keyOrder: 'text',
  numbers: [{ prefix: 'n', sequence: 'note_number' }],
  value: z.strictObject({ text: z.string(), place: z.int() }),
  destinationOf: (key) => key,
  mismatch: () => null,
  async apply(manager, { values, tombstones }) {
    const rows = values.map(({ key, value }) => ({ id: key, ...value }));
    const changed = await upsertRows(manager, table, rows);
    const gone = tombstones.map((row) => row.key);
    const [, removed] = await manager.query('DELETE FROM note WHERE id = ANY($1)', [gone]);
    return { changed: changed.length + Number(removed) };
  },
  async read(manager, after, limit) {
    const rows: NoteRow[] = await manager.query(
      'SELECT id, text, place FROM note WHERE $1::text IS NULL OR id > $1 ORDER BY id LIMIT $2',
      [after, limit],
    );
    return rows.map(keyed);
  },
  async readKeys(manager, after, limit) {
    return (await notes.read(manager, after, limit)).map(({ key }) => key);
  },
  async find(manager, keys) {
    return (await manager.query('SELECT id, text, place FROM note WHERE id = ANY($1)', [keys])).map(keyed);
  },
};

function keyed({ id, text, place }: NoteRow): { key: string; value: Note } {
  return { key: id, value: { text, place } };
}

/** Own writes of notes. A note that says `fail` is written, reported as changed, and its write breaks then. */
function notesApi(database: DataSource): Router {
  const router = Router();
  router
    .route('/v2/notes/:id')
    .put(express.json(), async (request, response) => {
      const { id } = request.params;
      const { text } = request.body;
      const row = await ownedWrite(database, notes.name, async (manager, changed) => {
        const written = await upsertRows(manager, table, [{ id, text, place: 0 }]);
        if (written.length > 0) changed(id);
        if (text === 'fail') throw new Error('told to fail');
        return { id, text };
      });
      response.json(row);
    })
    .delete(async (request, response) => {
      const { id } = request.params;
      await ownedWrite(database, notes.name, async (manager, changed) => {
        const [, removed] = await manager.query('DELETE FROM note WHERE id = $1', [id]);
        if (Number(removed) > 0) changed(id);
      });
      response.status(204).end();
    });
  return router;
}

export type NotesParts = {
  readonly database: DataSource;
  readonly token: string;
  readonly log: Logger;
  readonly health: Omit<Health, 'ready'>;
  readonly dryRun: Omit<DryRunOptions, 'database'>;
  readonly routers: readonly Router[];
};

/** A service made of the kit alone, for its own tests. */
export async function composeNotes({
  database,
  token,
  log,
  health,
  dryRun,
  routers,
}: NotesParts): Promise<Express> {
  await migrate(database);
  return serviceApp({
    log,
    token,
    openapi: {},
    health: { ...health, ready: () => database.query('SELECT 1') },
    dryRun: { ...dryRun, database },
    routers: [syncRouter(database, [notes]), notesApi(database), ...routers],
  });
}
