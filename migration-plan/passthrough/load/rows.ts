import { DatabaseSync } from 'node:sqlite';
import mysql from 'mysql2/promise';

export type Row = Readonly<Record<string, string | number | null>>;
/** Reads the monolith's tables past the monolith. */
export type Rows = { read(sql: string): Promise<readonly Row[]>; close(): Promise<void> };

export async function openRows(databaseUrl: string): Promise<Rows> {
  if (databaseUrl.startsWith('sqlite:')) {
    const db = new DatabaseSync(databaseUrl.slice('sqlite:'.length), { readOnly: true, timeout: 10_000 });
    return {
      read: async (sql) => db.prepare(sql).all() as Row[],
      close: async () => db.close(),
    };
  }
  const connection = await mysql.createConnection({
    uri: databaseUrl,
    dateStrings: true,
    decimalNumbers: true,
  });
  return {
    read: async (sql) => (await connection.query(sql))[0] as Row[],
    close: () => connection.end(),
  };
}
