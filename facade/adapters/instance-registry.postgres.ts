import { randomUUID } from 'node:crypto';
import { type Instance, type InstanceRegistry, SILENT_MS } from '../core/instances.ts';
import { makeTables, type PostgresAddress, PostgresLink } from './postgres-link.ts';

export type PostgresRegistryOptions = { readonly address: PostgresAddress; readonly id: string };

type Row = {
  id: string;
  version: string;
  hash: string;
  routes: string | null;
  applied_seq: string;
  last_seen: Date;
  silent: boolean;
};

/** The instances in a table beside the ledger's. Whether one is silent is told by the clock of the database alone. */
export function openPostgresRegistry({ address, id }: PostgresRegistryOptions): InstanceRegistry {
  const table = `${address.schema}.instances`;
  // Tells this start of an instance from an earlier one that was evicted.
  const incarnation = randomUUID();
  const link = new PostgresLink({
    address,
    application: 'fig instances',
    prepare: (client) =>
      makeTables(
        client,
        address,
        'instances',
        `CREATE TABLE IF NOT EXISTS ${table} (
           id text PRIMARY KEY, incarnation text NOT NULL, version text NOT NULL, hash text NOT NULL, routes text,
           applied_seq bigint NOT NULL, last_seen timestamptz NOT NULL, evicted boolean NOT NULL DEFAULT false)`,
      ),
  });
  let toldHash: string | null = null;
  return {
    beat: ({ version, hash, routes, appliedSeq }) =>
      link.run(async (client) => {
        // The hashes of ten thousand routes need not travel each second.
        const told = toldHash === hash ? null : JSON.stringify(routes);
        toldHash = null;
        const { rows } = await client.query<{ evicted: boolean; known: boolean }>(
          `INSERT INTO ${table} AS t (id, incarnation, version, hash, routes, applied_seq, last_seen)
             VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp())
           ON CONFLICT (id) DO UPDATE SET
             evicted = t.evicted AND t.incarnation = excluded.incarnation,
             routes = coalesce(excluded.routes, CASE WHEN t.hash = excluded.hash THEN t.routes END),
             incarnation = excluded.incarnation, version = excluded.version, hash = excluded.hash,
             applied_seq = excluded.applied_seq, last_seen = excluded.last_seen
           RETURNING evicted, routes IS NOT NULL AS known`,
          [id, incarnation, version, hash, told, appliedSeq],
        );
        if (rows[0]?.known) toldHash = hash;
        return rows[0]?.evicted ? 'evicted' : 'live';
      }),
    list: () =>
      link.run(async (client) => {
        const { rows } = await client.query<Row>(
          `SELECT id, version, hash, routes, applied_seq, last_seen,
                  clock_timestamp() - last_seen > $1 * interval '1 ms' AS silent
             FROM ${table} WHERE NOT evicted ORDER BY id COLLATE "C"`,
          [SILENT_MS],
        );
        return rows.map(instanceOf);
      }),
    evict: (name) =>
      link.run(async (client) => {
        const text = `UPDATE ${table} SET evicted = true WHERE id = $1 AND NOT evicted`;
        return (await client.query(text, [name])).rowCount === 1;
      }),
    leave: () =>
      link.run(async (client) => {
        await client.query(`DELETE FROM ${table} WHERE id = $1 AND incarnation = $2`, [id, incarnation]);
      }),
    close: () => link.close(),
  };
}

function instanceOf(row: Row): Instance {
  const { id, version, hash, silent } = row;
  return {
    id,
    version,
    hash,
    silent,
    routes: JSON.parse(row.routes ?? '{}'),
    appliedSeq: Number(row.applied_seq),
    lastSeen: row.last_seen.toISOString(),
  };
}
