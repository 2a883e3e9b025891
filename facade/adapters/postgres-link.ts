import { Socket } from 'node:net';
import pg from 'pg';

/** Where a ledger lies in Postgres: the URL for the driver, the schema of our tables, and a name without secrets. */
export type PostgresAddress = { readonly url: string; readonly schema: string; readonly name: string };

const SCHEMA = /^[a-z_][a-z0-9_]{0,39}$/;

/** Reads `postgres://user:password@host:5432/database?schema=fig`; null when it is no such URL. */
export function postgresAddress(text: string): PostgresAddress | null {
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  const schema = url.searchParams.get('schema') ?? 'fig';
  if (!SCHEMA.test(schema) || url.pathname.length < 2) return null;
  url.searchParams.delete('schema');
  const host = url.host || url.searchParams.get('host') || 'localhost';
  const own = schema === 'fig' ? '' : `?schema=${schema}`;
  return { url: url.href, schema, name: `postgres://${host}${url.pathname}${own}` };
}

export type PostgresLinkOptions = {
  readonly address: PostgresAddress;
  /** Shown in pg_stat_activity. */
  readonly application: string;
  /** Runs on each new connection, before any work. */
  readonly prepare?: (client: pg.Client) => Promise<void>;
  readonly onNotification?: () => void;
  /** Told when a connection broke by itself. */
  readonly onLost?: () => void;
};

/** A server that takes no connection, or no answer, in this time is away. */
const CONNECT_MS = 3_000;
const QUERY_MS = 5_000;

/**
 * One connection to Postgres, made when it is needed and made anew when it broke. Work runs one piece after the other.
 * A piece that rejects costs the connection, and with it whatever transaction it left open.
 */
export class PostgresLink {
  readonly #options: PostgresLinkOptions;
  #open: { client: pg.Client; socket: Socket } | null = null;
  #tail: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: PostgresLinkOptions) {
    this.#options = options;
  }

  run<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const done = this.#tail.then(async () => {
      if (this.#closed) throw new Error('the connection was closed');
      const open = this.#open ?? (await this.#connect());
      try {
        return await work(open.client);
      } catch (error) {
        this.#drop(open);
        throw error;
      }
    });
    this.#tail = done.catch(() => {});
    return done;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#tail;
    const open = this.#open;
    this.#open = null;
    // A server that went away says no goodbye.
    if (open) await Promise.race([open.client.end(), later(1_000)]).catch(() => {});
    open?.socket.destroy();
  }

  async #connect(): Promise<{ client: pg.Client; socket: Socket }> {
    const socket = new Socket();
    const client = new pg.Client({
      connectionString: this.#options.address.url,
      application_name: this.#options.application,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: QUERY_MS,
      keepAlive: true,
      stream: () => socket,
    });
    const open = { client, socket };
    // Without a listener an error of an idle connection would end the process.
    client.on('error', () => this.#lost(open));
    client.on('end', () => this.#lost(open));
    client.on('notification', () => this.#options.onNotification?.());
    try {
      await client.connect();
      await this.#options.prepare?.(client);
      this.#open = open;
      return open;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  #drop(open: { client: pg.Client; socket: Socket }): boolean {
    if (this.#open !== open) return false;
    this.#open = null;
    open.socket.destroy();
    return true;
  }

  #lost(open: { client: pg.Client; socket: Socket }): void {
    if (this.#drop(open) && !this.#closed) this.#options.onLost?.();
  }
}

const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());

/** Why the database did not do something, in words without secrets. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof AggregateError ? error.errors[0] : error;
  return (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, '');
}

/** The statement that makes the table of a ledger. */
export const ledgerTable = (table: string) =>
  `CREATE TABLE IF NOT EXISTS ${table} (seq bigint PRIMARY KEY, entry text NOT NULL)`;

/** Makes schema and tables unless they are there; instances that start together wait for each other. */
export async function makeTables(
  client: pg.Client,
  { schema }: PostgresAddress,
  table: string,
  statements: string,
): Promise<void> {
  const { rows } = await client.query('SELECT to_regclass($1) AS there', [`${schema}.${table}`]);
  if (rows[0]?.there) return;
  // IF NOT EXISTS alone is no protection: two that create at once both look first, and one of them fails.
  await client.query('BEGIN');
  await client.query("SELECT pg_advisory_xact_lock(hashtext('fig'), hashtext($1))", [schema]);
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}; ${statements}`);
  await client.query('COMMIT');
}
