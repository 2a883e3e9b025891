import type { EntityManager, MigrationInterface, QueryRunner } from 'typeorm';

/** The tables of the sync inbox; a service lists this migration beside its own. */
export class CreateSyncInbox1767000000000 implements MigrationInterface {
  readonly name = 'CreateSyncInbox1767000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE SEQUENCE _sync_ticket');
    await runner.query(`
      CREATE TABLE _sync_row (
        stream text COLLATE "C" NOT NULL,
        src_key text COLLATE "C" NOT NULL,
        dst_key text COLLATE "C" NOT NULL,
        version bigint NOT NULL,
        deleted boolean NOT NULL,
        hash text COLLATE "C",
        PRIMARY KEY (stream, src_key)
      )`);
    // Numeric keys carry no leading zeros, so length before bytes is their numeric order.
    await runner.query('CREATE INDEX _sync_row_numeric ON _sync_row (stream, length(src_key), src_key)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE _sync_row');
    await runner.query('DROP SEQUENCE _sync_ticket');
  }
}

export type Claim = {
  readonly key: string;
  readonly destination: string;
  readonly deleted: boolean;
  readonly hash: string | null;
};

export type SyncRow = { readonly key: string; readonly version: string };

export async function takeTicket(manager: EntityManager): Promise<string> {
  const [row] = await manager.query(`SELECT nextval('_sync_ticket')::text AS ticket`);
  return row.ticket;
}

/** The newest ticket that was handed out; 0 before the first. */
export async function lastTicket(manager: EntityManager): Promise<bigint> {
  const [row] = await manager.query('SELECT last_value::text AS value, is_called FROM _sync_ticket');
  return row.is_called ? BigInt(row.value) : 0n;
}

/**
 * Moves rows up to the ticket and returns the keys that won. A row at the same or a newer ticket stays as it is.
 * Rows are locked in key order, so that workers that share keys wait for each other instead of deadlocking.
 */
export async function claimRows(
  manager: EntityManager,
  stream: string,
  ticket: string,
  claims: readonly Claim[],
): Promise<Set<string>> {
  const winners: { src_key: string }[] = await manager.query(
    `INSERT INTO _sync_row AS s (stream, src_key, dst_key, version, deleted, hash)
     SELECT $1, key, destination, $2::bigint, deleted, hash
     FROM json_to_recordset($3) AS claim(key text, destination text, deleted boolean, hash text)
     ORDER BY key COLLATE "C"
     ON CONFLICT (stream, src_key) DO UPDATE
     SET dst_key = excluded.dst_key, version = excluded.version, deleted = excluded.deleted, hash = excluded.hash
     WHERE s.version < excluded.version
     RETURNING src_key`,
    [stream, ticket, JSON.stringify(claims)],
  );
  return new Set(winners.map((winner) => winner.src_key));
}

/** Rows of a stream in key order after a key. */
export async function readSyncRows(
  manager: EntityManager,
  stream: string,
  order: 'numeric' | 'text',
  after: string | null,
  limit: number,
): Promise<SyncRow[]> {
  const sort = order === 'numeric' ? 'length(src_key), src_key' : 'src_key';
  const bound = order === 'numeric' ? 'length($2), $2' : '$2';
  return manager.query(
    `SELECT src_key AS key, version::text AS version FROM _sync_row
     WHERE stream = $1 AND ($2::text IS NULL OR (${sort}) > (${bound})) ORDER BY ${sort} LIMIT $3`,
    [stream, after, limit],
  );
}
