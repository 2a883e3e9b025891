import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { createConnection } from 'mysql2/promise';

type Row = Record<string, string | number | null>;

/** Looks into the monolith's database past the monolith. */
export type LegacyTables = {
  rows(sql: string): Promise<Row[]>;
  /** One sum for each table over all its rows: equal when nothing has changed. Sessions are left out. */
  checksums(): Promise<Record<string, string>>;
  close(): Promise<void>;
};

export async function openLegacyTables(url: string): Promise<LegacyTables> {
  return url.startsWith('sqlite:') ? sqlite(url.slice('sqlite:'.length)) : mysql(url);
}

const LEFT_OUT = new Set(['sessions', 'sqlite_sequence']);

async function mysql(uri: string): Promise<LegacyTables> {
  const connection = await createConnection({ uri, dateStrings: true });
  const rows = async (sql: string) => (await connection.query(sql))[0] as Row[];
  return {
    rows,
    checksums: async () => {
      const names = (await rows('SHOW TABLES')).map((row) => String(Object.values(row)[0]));
      const kept = names.filter((name) => !LEFT_OUT.has(name));
      const sums = await rows(`CHECKSUM TABLE ${kept.join(', ')}`);
      return Object.fromEntries(
        sums.map(({ Table, Checksum }) => [String(Table).split('.').at(-1), String(Checksum)]),
      );
    },
    close: () => connection.end(),
  };
}

function sqlite(file: string): LegacyTables {
  const db = new DatabaseSync(file, { readOnly: true });
  const rows = async (sql: string) => db.prepare(sql).all() as Row[];
  return {
    rows,
    checksums: async () => {
      const names = (await rows("SELECT name FROM sqlite_master WHERE type = 'table'")).map(({ name }) =>
        String(name),
      );
      const sums: Record<string, string> = {};
      for (const name of names.filter((one) => !LEFT_OUT.has(one))) {
        const hash = createHash('sha256');
        for (const row of db.prepare(`SELECT * FROM ${name}`).iterate()) hash.update(JSON.stringify(row));
        sums[name] = hash.digest('hex');
      }
      return sums;
    },
    close: async () => db.close(),
  };
}
