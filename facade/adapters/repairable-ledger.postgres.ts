import pg from 'pg';
import { SILENT_MS } from '../core/instances.ts';
import { LedgerError } from '../core/ledger.ts';
import { ledgerLine } from '../core/ledger-line.ts';
import type { RepairableLedger } from '../core/repairable-ledger.ts';
import { ledgerTable, makeTables, type PostgresAddress, reasonOf } from './postgres-link.ts';

type Row = { seq: string; entry: string };

/**
 * Opens a ledger table for repair, in one transaction that nobody else can write beside. Throws `LedgerError`:
 * LEDGER_LOCKED when an instance that was seen a moment ago uses it, LEDGER_UNREACHABLE without its database.
 */
export async function openRepairableTable(address: PostgresAddress): Promise<RepairableLedger> {
  const client = new pg.Client({ connectionString: address.url, application_name: 'fig ledger repair' });
  const table = `${address.schema}.ledger`;
  try {
    await client.connect();
    await refuseInUse(client, address);
    const rows = await lockedRows(client, table);
    return {
      lines: rows.map(({ seq, entry }) => ({
        place: `${address.name} row ${seq}`,
        line: entry,
        torn: false,
        row: Number(seq),
      })),
      asideName: (stamp) => `${table}_damaged_${stamp.replace(/\D/g, '')}`,
      async replace(kept, entries, aside) {
        await makeTables(client, address, 'ledger', ledgerTable(table));
        const from = rows[kept]?.seq;
        if (from !== undefined)
          await client.query(
            `CREATE TABLE ${aside} AS SELECT * FROM ${table} WHERE seq >= ${from};
             DELETE FROM ${table} WHERE seq >= ${from}`,
          );
        await client.query(
          `INSERT INTO ${table} (seq, entry) SELECT * FROM unnest($1::bigint[], $2::text[])`,
          [entries.map(({ seq }) => seq), entries.map(ledgerLine)],
        );
        await client.query('COMMIT');
      },
      close: () => client.end(),
    };
  } catch (error) {
    await client.end().catch(() => {});
    if (error instanceof LedgerError) throw error;
    const what = `ledger ${address.name}: its database does not serve it: ${reasonOf(error)}.`;
    throw new LedgerError('LEDGER_UNREACHABLE', what, { cause: error });
  }
}

/** All rows, in a transaction that nobody else writes beside; none where the table is not there. */
async function lockedRows(client: pg.Client, table: string): Promise<Row[]> {
  const { rows } = await client.query('SELECT to_regclass($1) AS there', [table]);
  if (!rows[0]?.there) return [];
  await client.query(`BEGIN; SET LOCAL lock_timeout = '5s'; LOCK TABLE ${table} IN EXCLUSIVE MODE`);
  return (await client.query<Row>(`SELECT seq, entry FROM ${table} ORDER BY seq`)).rows;
}

async function refuseInUse(client: pg.Client, { schema, name }: PostgresAddress): Promise<void> {
  const instances = `${schema}.instances`;
  const there = await client.query('SELECT to_regclass($1) AS there', [instances]);
  if (!there.rows[0]?.there) return;
  const { rows } = await client.query<{ id: string }>(
    `SELECT id FROM ${instances}
      WHERE NOT evicted AND clock_timestamp() - last_seen < $1 * interval '1 ms' ORDER BY id`,
    [SILENT_MS],
  );
  if (rows.length === 0) return;
  const ids = rows.map(({ id }) => id).join(', ');
  throw new LedgerError(
    'LEDGER_LOCKED',
    `ledger ${name} is used by ${ids}. Stop them, then repair the ledger.`,
  );
}
