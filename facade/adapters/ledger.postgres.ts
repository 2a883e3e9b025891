import { createHash, type Hash } from 'node:crypto';
import type pg from 'pg';
import {
  type AppendOutcome,
  type Ledger,
  type LedgerDraft,
  type LedgerEntry,
  LedgerError,
  type LedgerFault,
} from '../core/ledger.ts';
import { chainFault, LedgerChain } from '../core/ledger-chain.ts';
import { ledgerLine, readLedgerLine } from '../core/ledger-line.ts';
import { ledgerTable, makeTables, type PostgresAddress, PostgresLink, reasonOf } from './postgres-link.ts';

export type PostgresLedgerOptions = {
  readonly address: PostgresAddress;
  /** How long a lost notification may go unnoticed. */
  readonly pollMs?: number;
  /** How often the whole table is compared with what was read of it. */
  readonly proofMs?: number;
};

const AWAY_REMEDY =
  'Start it, or correct --ledger; positions stay as they are meanwhile, and the facade goes on by itself.';
const DAMAGE_REMEDY =
  'Stop the facades and run `fig ledger repair --dry-run`, which says what is damaged and what a repair would do; or restore the table from a backup that holds what they have served. Then start them again.';

/**
 * A ledger in a table of Postgres, shared by many replicas. Appends of all of them are serialised by a table lock, so
 * the chain stays one chain; others hear of them by NOTIFY, and by a poll where that is lost. Reading needs no
 * database: every entry is kept in memory. While the database is away the fault says so, and goes when it is back.
 * A table that lost or changed an entry that was read is a fault that stays.
 */
export async function openPostgresLedger(options: PostgresLedgerOptions): Promise<Ledger> {
  const ledger = new PostgresLedger(options);
  await ledger.refresh();
  ledger.follow();
  return ledger;
}

class PostgresLedger implements Ledger {
  readonly name: string;
  readonly #table: string;
  readonly #pollMs: number;
  readonly #proofMs: number;
  readonly #link: PostgresLink;
  readonly #listeners: ((entries: readonly LedgerEntry[]) => void)[] = [];
  readonly #chain = new LedgerChain();
  /** SHA-256 over the lines of `#chain`, for the comparison with the whole table. */
  readonly #lines: Hash = createHash('sha256');
  #lastLine = '';
  #damage: LedgerFault | null = null;
  #away: LedgerFault | null = null;
  #timer: NodeJS.Timeout | undefined;
  #provedAtMs = performance.now();
  #refreshing: Promise<void> | null = null;
  #closed = false;

  constructor({ address, pollMs = 500, proofMs = 30_000 }: PostgresLedgerOptions) {
    this.name = address.name;
    this.#table = `${address.schema}.ledger`;
    this.#pollMs = pollMs;
    this.#proofMs = proofMs;
    this.#link = new PostgresLink({
      address,
      application: 'fig ledger',
      prepare: async (client) => {
        // A table that was there and is gone is damage, and nothing to be made anew.
        if (!this.#chain.last) await makeTables(client, address, 'ledger', ledgerTable(this.#table));
        await client.query(`LISTEN ${this.#channel}`);
      },
      onNotification: () => this.#soon(),
      onLost: () => this.#soon(),
    });
  }

  get #channel(): string {
    return `"fig ${this.#table}"`;
  }

  fault() {
    return this.#damage ?? this.#away;
  }

  onChange(listener: (entries: readonly LedgerEntry[]) => void) {
    this.#listeners.push(listener);
  }

  async read(query: Parameters<Ledger['read']>[0]) {
    return this.#chain.read(query);
  }

  /** Starts the poll. */
  follow(): void {
    this.#timer = setTimeout(
      () => void this.refresh().then(() => this.#closed || this.follow()),
      this.#pollMs,
    );
  }

  #soon(): void {
    if (!this.#closed) setImmediate(() => void this.refresh());
  }

  refresh(): Promise<void> {
    this.#refreshing ??= this.#link
      .run(async (client) => {
        // What arrives from here on must not be taken for covered by this look.
        this.#refreshing = null;
        await this.#catchUp(client);
        if (performance.now() - this.#provedAtMs >= this.#proofMs) await this.#prove(client);
      })
      .then(
        () => this.#reached(),
        (error: unknown) => this.#unreached(error),
      )
      .finally(() => {
        this.#refreshing = null;
      });
    return this.#refreshing;
  }

  async append(drafts: readonly LedgerDraft[]): Promise<AppendOutcome> {
    // Nobody waits for a database that is known to be away.
    if (this.#damage) throw damaged(this.#damage);
    if (this.#away) throw this.#awayError();
    let sealed: AppendOutcome | null = null;
    try {
      return await this.#link.run(async (client) => {
        await this.#lock(client);
        await this.#catchUp(client);
        if (this.#damage) throw damaged(this.#damage);
        const outcome = this.#chain.seal(drafts);
        if (!outcome.ok) {
          await client.query('ROLLBACK');
          return outcome;
        }
        await client.query(
          `INSERT INTO ${this.#table} (seq, entry) SELECT * FROM unnest($1::bigint[], $2::text[])`,
          [outcome.entries.map(({ seq }) => seq), outcome.entries.map((entry) => ledgerLine(entry))],
        );
        sealed = outcome;
        await client.query(`NOTIFY ${this.#channel}; COMMIT`);
        this.#take(outcome.entries);
        return outcome;
      });
    } catch (error) {
      if (error instanceof LedgerError) throw error;
      if (sealed && (await this.#wasRecorded(sealed))) return sealed;
      throw this.#failed(error, sealed !== null);
    }
  }

  async close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#link.close();
  }

  // Readers pass, other appends wait. A replica that stalls in here gives the lock back within seconds.
  async #lock(client: pg.Client): Promise<void> {
    await client.query(
      `BEGIN; SET LOCAL lock_timeout = '3s'; SET LOCAL idle_in_transaction_session_timeout = '4s';
       LOCK TABLE ${this.#table} IN EXCLUSIVE MODE`,
    );
  }

  // The connection broke while it committed. Under the lock the answer is final: nothing is in flight any more.
  async #wasRecorded(sealed: AppendOutcome): Promise<boolean> {
    const [first] = sealed.ok ? sealed.entries : [];
    if (!first) return false;
    try {
      await this.#link.run(async (client) => {
        await this.#lock(client);
        await this.#catchUp(client);
        await client.query('ROLLBACK');
      });
    } catch {
      return false;
    }
    return this.#chain.read({ after: first.seq - 1, limit: 1 })[0]?.hash === first.hash;
  }

  #failed(error: unknown, committing: boolean): LedgerError {
    const state = (error as { code?: unknown }).code;
    const refused = typeof state === 'string' && /^(?!08|57P|25P|EPIPE)[0-9A-Z]{5}$/.test(state);
    const doubt = committing ? ' Whether it was recorded is not known: read the route again.' : '';
    if (refused) {
      const what = `ledger ${this.name} cannot be written: ${reasonOf(error)}.${doubt}`;
      return new LedgerError('LEDGER_UNWRITABLE', what, { cause: error });
    }
    this.#unreached(error);
    return this.#awayError(doubt);
  }

  #awayError(doubt = ''): LedgerError {
    const { place, detail } = this.#away ?? { place: this.name, detail: 'its database does not serve it' };
    return new LedgerError('LEDGER_UNREACHABLE', `ledger ${place}: ${detail}. ${AWAY_REMEDY}${doubt}`);
  }

  /** Takes the entries behind the last known one; that one must still stand as it was read. */
  async #catchUp(client: pg.Client): Promise<void> {
    if (this.#damage) return;
    const { last } = this.#chain;
    const lines = await this.#linesFrom(client, last?.seq ?? 0);
    if (lines === null) return this.#distrust(last?.seq ?? 0, 'the table is gone');
    if (last && lines.shift() !== this.#lastLine)
      return this.#distrust(last.seq, 'it is gone or is not the one that was read before');
    const fresh: LedgerEntry[] = [];
    let before = last;
    for (const line of lines) {
      const entry = readLedgerLine(line);
      const problem = typeof entry === 'string' ? entry : chainFault(entry, before);
      if (typeof entry === 'string' || problem !== null) {
        this.#take(fresh);
        return this.#distrust((before?.seq ?? 0) + 1, problem ?? '');
      }
      fresh.push(entry);
      before = entry;
    }
    this.#take(fresh);
  }

  async #linesFrom(client: pg.Client, seq: number): Promise<string[] | null> {
    try {
      const text = `SELECT entry FROM ${this.#table} WHERE seq >= $1 ORDER BY seq`;
      const { rows } = await client.query<{ entry: string }>(text, [seq]);
      return rows.map((row) => row.entry);
    } catch (error) {
      if ((error as { code?: unknown }).code === UNDEFINED_TABLE) return null;
      throw error;
    }
  }

  // An entry changed far behind the last one changes nothing that is read; only the whole table tells.
  async #prove(client: pg.Client): Promise<void> {
    const { last } = this.#chain;
    if (this.#damage || !last) return;
    const known = this.#lines.copy().digest('hex');
    const { rows } = await client.query<{ digest: string | null }>(
      `SELECT encode(sha256(convert_to(string_agg(entry || chr(10), '' ORDER BY seq), 'UTF8')), 'hex') AS digest
         FROM ${this.#table} WHERE seq <= $1`,
      [last.seq],
    );
    this.#provedAtMs = performance.now();
    if (rows[0]?.digest === known) return;
    const there = (await this.#linesFrom(client, 0)) ?? [];
    const kept = this.#chain.read({ after: 0, limit: last.seq });
    const at = kept.findIndex((entry, index) => ledgerLine(entry) !== there[index]);
    this.#distrust(at + 1, 'it is not the one that was read before');
  }

  #take(entries: readonly LedgerEntry[]): void {
    if (entries.length === 0) return;
    for (const entry of entries) {
      this.#chain.add(entry);
      this.#lastLine = ledgerLine(entry);
      this.#lines.update(`${this.#lastLine}\n`);
    }
    this.#tell(entries);
  }

  #tell(entries: readonly LedgerEntry[]): void {
    for (const listener of this.#listeners) listener(entries);
  }

  #distrust(seq: number, detail: string): void {
    this.#damage = { place: `${this.name} entry ${seq}`, detail, remedy: DAMAGE_REMEDY };
    this.#tell([]);
  }

  #reached(): void {
    if (!this.#away) return;
    this.#away = null;
    this.#tell([]);
  }

  #unreached(error: unknown): void {
    if (this.#away || this.#closed) return;
    const detail = `its database does not serve it: ${reasonOf(error)}`;
    this.#away = { place: this.name, detail, remedy: AWAY_REMEDY, entriesHold: true, away: true };
    this.#tell([]);
  }
}

const UNDEFINED_TABLE = '42P01';

function damaged({ place, detail }: LedgerFault): LedgerError {
  return new LedgerError('LEDGER_CORRUPT', `ledger ${place}: ${detail}.`);
}
