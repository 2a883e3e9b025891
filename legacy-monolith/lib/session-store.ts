import connectSequelize from 'connect-session-sequelize';
import { type SessionData, Store } from 'express-session';
import { QueryTypes, type Sequelize } from 'sequelize';
import { nowDb } from './dates.ts';

declare module 'express-session' {
  interface SessionData {
    usr_id: number;
    usr_login: string;
    usr_role: string;
    /** When the row ends, `YYYY-MM-DD HH:mm:ss`; filled in on every read. */
    until: string;
  }
}

const LIFETIME_MS = 24 * 3600 * 1000;
const SWEEP_EVERY_MS = 15 * 60 * 1000;
const EXTEND_AFTER_MS = 15 * 60 * 1000;

const SequelizeStore = connectSequelize(Store);

/**
 * 2018-02-07 mk: connect-session-sequelize with three repairs. It gives out sessions that have ended, it writes
 * on every request (the touch), and its sweeper puts Dates into our string column.
 */
export class SessionStore extends SequelizeStore {
  readonly #db: Sequelize;

  /** Needs the model `Session` to be defined on `db`. */
  constructor(db: Sequelize) {
    super({
      db,
      table: 'Session',
      disableTouch: true,
      expiration: LIFETIME_MS,
      checkExpirationInterval: SWEEP_EVERY_MS,
      extendDefaultFields: (defaults, session: SessionData) => ({
        data: defaults.data,
        expires: nowDb(defaults.expires),
        usr_id: session.usr_id ?? null,
      }),
    });
    this.#db = db;
  }

  override get(sid: string, callback: (err: unknown, session?: SessionData | null) => void): void {
    this.#db
      .query<{ data: string; expires: string }>(
        'SELECT data, expires FROM sessions WHERE sid = :sid AND expires > :now',
        {
          replacements: { sid, now: nowDb() },
          type: QueryTypes.SELECT,
        },
      )
      .then(([row]) => (row ? { ...JSON.parse(row.data), until: until(row.expires) } : null))
      .then(
        (session) => callback(null, session),
        (error) => callback(error),
      );
  }

  /** Moves the end of a session that is in use; writes at most once in a quarter of an hour. */
  async extend(sid: string, session: Partial<SessionData>): Promise<void> {
    const now = Date.now();
    if (session.until && session.until > nowDb(new Date(now + LIFETIME_MS - EXTEND_AFTER_MS))) return;
    // An UPDATE, never an insert: a request that outlives its logout must not bring the session back.
    await this.#db.query('UPDATE sessions SET expires = :expires WHERE sid = :sid', {
      replacements: { sid, expires: nowDb(new Date(now + LIFETIME_MS)) },
      type: QueryTypes.UPDATE,
    });
  }

  clearExpiredSessions(callback?: (err?: unknown) => void): void {
    this.#db.query('DELETE FROM sessions WHERE expires < :now', { replacements: { now: nowDb() } }).then(
      () => callback?.(),
      (error) => {
        console.error(`sessions could not be swept: ${error.message}`);
        callback?.(error);
      },
    );
  }
}

function until(expires: unknown): string {
  return typeof expires === 'string' ? expires : nowDb(expires as Date);
}
