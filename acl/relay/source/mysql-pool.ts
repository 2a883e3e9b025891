import mysql, { type Pool } from 'mysql2/promise';

export type NamedPool = {
  readonly pool: Pool;
  readonly database: string;
  /** Host and database, without credentials. */
  readonly name: string;
};

/** Connections to the database of a URL; none is opened until the first call. Numbers that do not fit arrive as text. */
export function openMysqlPool(url: string, connectionLimit: number): NamedPool {
  const { hostname, port, pathname, username, password } = new URL(url);
  const database = decodeURIComponent(pathname.slice(1));
  const pool = mysql.createPool({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 3306 : Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database,
    charset: 'utf8mb4',
    connectionLimit,
    connectTimeout: 5000,
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    decimalNumbers: false,
  });
  return { pool, database, name: `mysql://${hostname}:${port === '' ? 3306 : port}/${database}` };
}
