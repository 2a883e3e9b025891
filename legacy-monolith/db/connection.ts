import { BaseError, Sequelize } from 'sequelize';
import { ConfigError } from '../config.ts';
import * as sqliteDriver from './sqlite-driver.ts';

/** One database named by a URL; `label` names it in messages and never holds a password. */
export type DatabaseUrl =
  | { readonly dialect: 'sqlite'; readonly file: string; readonly label: string }
  | {
      readonly dialect: 'mysql';
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly password: string;
      readonly database: string;
      readonly label: string;
    };

/** Reads `mysql://user:password@host:port/database`, the same with `mariadb://`, or `sqlite:PATH`. Throws ConfigError. */
export function parseDatabaseUrl(value: string | undefined, name = 'DATABASE_URL'): DatabaseUrl {
  const wanted = 'mysql://user:password@host:port/database or sqlite:PATH';
  const refuse = (got: string): never => {
    throw new ConfigError(
      `${name}: expected ${wanted}, got ${got}. Do set it, e.g. ${name}=sqlite:./legacy.db`,
    );
  };
  if (!value) return refuse('nothing');
  if (value.startsWith('sqlite:')) {
    const file = value.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '');
    if (file === '') return refuse('sqlite: without a path');
    return { dialect: 'sqlite', file, label: `SQLite file ${file}` };
  }
  const url = URL.canParse(value) ? new URL(value) : refuse('something that is no URL');
  if (url.protocol !== 'mysql:' && url.protocol !== 'mariadb:') return refuse(`a ${url.protocol} URL`);
  const database = decodeURIComponent(url.pathname.slice(1));
  if (url.hostname === '') return refuse('a URL without a host');
  if (database === '') return refuse('a URL without a database name');
  const port = url.port === '' ? 3306 : Number(url.port);
  return {
    dialect: 'mysql',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database,
    label: `database ${database} at ${url.hostname}:${port}`,
  };
}

/** Opens lazily: the first query connects. Datetimes, dates and decimals come out as strings on both databases. */
export function openDatabase(url: DatabaseUrl): Sequelize {
  const db =
    url.dialect === 'sqlite'
      ? new Sequelize({
          dialect: 'sqlite',
          storage: url.file,
          dialectModule: sqliteDriver,
          // A deferred transaction that turns from reader to writer cannot wait for its turn.
          transactionType: 'IMMEDIATE' as never,
          logging: false,
        })
      : new Sequelize(url.database, url.user, url.password, {
          dialect: 'mysql',
          host: url.host,
          port: url.port,
          dialectOptions: { charset: 'utf8mb4', connectTimeout: 10_000 },
          pool: { max: 10 },
          hooks: { afterConnect: setSqlMode as never },
          logging: false,
        });
  registerParsers(db);
  return db;
}

/** Connects once; the error of a database that cannot be used is one line without its password. */
export async function connectDatabase(url: DatabaseUrl): Promise<Sequelize> {
  const db = openDatabase(url);
  try {
    await db.authenticate();
    return db;
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error);
    const cause = (error as { parent?: { code?: string } }).parent?.code;
    throw new ConfigError(
      `${url.label} cannot be used: ${reason.split('\n')[0]}${cause && !reason.includes(cause) ? ` (${cause})` : ''}. ` +
        'Do start or create it, or name another one',
    );
  }
}

/** What to print when a process gives up: one line for what lies outside the program, else the error with its stack. */
export function explain(error: unknown): unknown {
  if (error instanceof ConfigError) return error.message;
  if (error instanceof BaseError) return `database error: ${error.message.split('\n')[0]}`;
  return error;
}

// What the server has as its default differs from one to the next: strict enough to refuse what does not fit,
// without ONLY_FULL_GROUP_BY and NO_ZERO_DATE, which the old reports and the old rows would not survive.
// NO_BACKSLASH_ESCAPES must stay out: replacements are escaped with backslashes.
function setSqlMode(connection: {
  query(sql: string, done: (error: Error | null) => void): void;
}): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.query("SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'", (error) =>
      error ? reject(error) : resolve(),
    );
  });
}

type MysqlField = { string(): string | null };
type Parser = { key: string; types: { sqlite: string[]; mysql: string[] }; parse(value: unknown): unknown };

// Sequelize would make Date objects of DATETIME: zero dates would be lost and the two databases would differ.
function registerParsers(db: Sequelize): void {
  const text = (value: unknown) =>
    typeof value === 'string' || typeof value === 'number' ? String(value) : (value as MysqlField).string();
  const decimal = (value: unknown) => (typeof value === 'number' ? value.toFixed(2) : text(value));
  const parsers: Parser[] = [
    { key: 'DATETIME', types: { sqlite: ['DATETIME'], mysql: ['DATETIME'] }, parse: text },
    { key: 'DATE', types: { sqlite: ['DATE'], mysql: ['DATE'] }, parse: text },
    { key: 'DECIMAL', types: { sqlite: ['DECIMAL'], mysql: ['NEWDECIMAL'] }, parse: decimal },
  ];
  (
    db as unknown as { connectionManager: { refreshTypeParser(types: Parser[]): void } }
  ).connectionManager.refreshTypeParser(parsers);
}
