import { DatabaseSync, type SQLInputValue } from 'node:sqlite';

/** How long the first in the line of writers waits for another one before it fails with SQLITE_BUSY, in milliseconds. */
const BUSY_TIMEOUT_MS = 10_000;
const BUSY_RETRY_MS = 5;
/** How long the statements of one transaction run without anything else in between. */
const TURN_MS = 20;

type Params = readonly unknown[] | Readonly<Record<string, unknown>>;
type Done = (this: Statement, error: Error | null, rows?: unknown[]) => void;

// Sequelize reads ids of a bulk insert only from an object whose class is called Statement.
class Statement {
  lastID = 0;
  changes = 0;
}

/** The part of the `sqlite3` package that Sequelize 6 uses, over `node:sqlite`: pass the module as `dialectModule`. @public */
export class Database {
  readonly filename: string;
  readonly #db: DatabaseSync | null = null;
  #turnEnds = 0;

  constructor(filename: string, _mode: number, opened: (error: Error | null) => void) {
    this.filename = filename;
    let failure: Error | null = null;
    try {
      this.#db = new DatabaseSync(filename, { timeout: BUSY_TIMEOUT_MS });
      this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON');
      // The built-in wait blocks the event loop, so a transaction of this same process could never commit
      // meanwhile: from here on waiting is done by retrying.
      this.#db.exec('PRAGMA busy_timeout = 0');
      this.#db.function('upper', { deterministic: true }, (text) =>
        text === null ? null : upper(`${text}`),
      );
    } catch (error) {
      failure = withCode(error);
    }
    setImmediate(opened, failure);
  }

  serialize(run: () => void): void {
    run();
  }

  run(sql: string, params?: Params | Done, done?: Done): void {
    this.#execute('run', sql, params, done);
  }

  all(sql: string, params?: Params | Done, done?: Done): void {
    this.#execute('all', sql, params, done);
  }

  close(done?: (error: Error | null) => void): void {
    if (this.#db?.isOpen) this.#db.close();
    done?.(null);
  }

  #execute(method: 'run' | 'all', sql: string, params: Params | Done = [], done?: Done): void {
    const finish = typeof params === 'function' ? params : done;
    const args = typeof params === 'function' ? [] : toArguments(params);
    const attempt = (mayWait: boolean): boolean => {
      const result = new Statement();
      let rows: unknown[] = [];
      try {
        if (!this.#db) throw new Error(`database ${this.filename} is not open`);
        const statement = this.#db.prepare(sql);
        statement.setAllowUnknownNamedParameters(true);
        if (method === 'all') {
          rows = statement.all(...(args as SQLInputValue[])).map((row) => ({ ...row }));
        } else {
          const { changes, lastInsertRowid } = statement.run(...(args as SQLInputValue[]));
          result.changes = Number(changes);
          result.lastID = Number(lastInsertRowid);
        }
      } catch (error) {
        const failure = withCode(error);
        if (failure.errcode === SQLITE_BUSY && mayWait) return false;
        finish?.call(result, failure);
        return true;
      }
      finish?.call(result, null, rows);
      return true;
    };
    const inTransaction = this.#db?.isOpen === true && this.#db.isTransaction;
    this.#soon(inTransaction, () => {
      // a read waits for nobody
      const mustQueue = !inTransaction && WRITES.test(sql) && writersOf(this.filename).length > 0;
      if (mustQueue || !attempt(true)) queueUp(this.filename, attempt);
    });
  }

  /**
   * The statements of a transaction follow each other at once: with everybody else's in between, the one writer that
   * SQLite has would hold up all others for long. After a moment the others have their turn all the same.
   */
  #soon(inTransaction: boolean, run: () => void): void {
    if (inTransaction && performance.now() < this.#turnEnds) process.nextTick(run);
    else
      setImmediate(() => {
        this.#turnEnds = performance.now() + TURN_MS;
        run();
      });
  }
}

/** Tries to run; false while somebody else writes. Without `mayWait` that is an error. */
type Attempt = (mayWait: boolean) => boolean;
const WRITES = /^\s*(?:begin|insert|update|delete|replace|create|alter|drop)\b/i;
const lines = new Map<string, Attempt[]>();

function writersOf(file: string): Attempt[] {
  const line = lines.get(file) ?? [];
  lines.set(file, line);
  return line;
}

/** First come, first served: where each tried for itself, the unlucky ones tried until they gave up. */
function queueUp(file: string, attempt: Attempt): void {
  const line = writersOf(file);
  line.push(attempt);
  if (line.length === 1) serve(line, Date.now() + BUSY_TIMEOUT_MS);
}

function serve(line: Attempt[], deadline: number): void {
  if (!line[0]!(Date.now() < deadline)) {
    setTimeout(serve, BUSY_RETRY_MS, line, deadline);
    return;
  }
  line.shift();
  if (line.length > 0) setImmediate(() => serve(line, Date.now() + BUSY_TIMEOUT_MS));
}

/** @public Read by Sequelize. */
export const OPEN_READONLY = 1;
/** @public Read by Sequelize. */
export const OPEN_READWRITE = 2;
/** @public Read by Sequelize. */
export const OPEN_CREATE = 4;

const SQLITE_BUSY = 5;
// Foreign key, primary key, trigger, unique. NOT NULL and CHECK are left out: Sequelize would call them
// unique violations, and a name that is too long would be answered as a duplicate.
const CONSTRAINTS = new Set([787, 1555, 1811, 2067]);

function withCode(error: unknown): Error & { code?: string; errcode?: number } {
  const failure = error as Error & { code?: string; errcode?: number };
  if (failure.errcode !== undefined && CONSTRAINTS.has(failure.errcode)) failure.code = 'SQLITE_CONSTRAINT';
  else if (failure.errcode !== undefined && (failure.errcode & 0xff) === SQLITE_BUSY)
    failure.code = 'SQLITE_BUSY';
  return failure;
}

function toArguments(params: Params): unknown[] {
  if (Array.isArray(params)) return params.map(toValue);
  return [Object.fromEntries(Object.entries(params).map(([name, value]) => [name, toValue(value)]))];
}

function toValue(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Date) return value.toISOString().slice(0, 19).replace('T', ' ');
  return value;
}

// As MySQL's UPPER: letter by letter, so that ß stays ß and the length never changes.
function upper(text: string): string {
  return text.replace(/[^A-Z]/gu, (letter) => {
    const large = letter.toUpperCase();
    return large.length === letter.length ? large : letter;
  });
}
