import type { ObservationStore } from '../core/observation/observation-store.ts';
import type { RouteObserved } from '../core/observation/observations-view.ts';
import { makeTables, type PostgresAddress, PostgresLink } from './postgres-link.ts';

/** Another version writes another form; what it says cannot be added up. */
const FORM = 1;

/** The adapter on a table beside the ledger's: one row for each instance, so that all of them judge by all of it. */
export function openPostgresObservationStore({
  address,
  id,
}: {
  readonly address: PostgresAddress;
  readonly id: string;
}): ObservationStore {
  const table = `${address.schema}.observations`;
  const link = new PostgresLink({
    address,
    application: 'fig observations',
    prepare: (client) =>
      makeTables(
        client,
        address,
        'observations',
        `CREATE TABLE IF NOT EXISTS ${table} (
           id text PRIMARY KEY, form integer NOT NULL, parts text NOT NULL, saved timestamptz NOT NULL)`,
      ),
  });
  const read = (where: string) =>
    link.run(async (client) => {
      const { rows } = await client.query<{ parts: string }>(
        `SELECT parts FROM ${table} WHERE form = ${FORM} AND saved > clock_timestamp() - interval '1 day' AND ${where}`,
        [id],
      );
      return rows.flatMap(({ parts }) => JSON.parse(parts) as RouteObserved[]);
    });
  return {
    load: () => read('id = $1'),
    save: (parts) =>
      link.run(async (client) => {
        await client.query(
          `INSERT INTO ${table} (id, form, parts, saved) VALUES ($1, ${FORM}, $2, clock_timestamp())
           ON CONFLICT (id) DO UPDATE SET form = ${FORM}, parts = excluded.parts, saved = excluded.saved`,
          [id, JSON.stringify(parts)],
        );
      }),
    others: () => read('id <> $1'),
    close: () => link.close(),
  };
}
