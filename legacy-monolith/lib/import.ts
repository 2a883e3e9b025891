import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import {
  ForeignKeyConstraintError,
  QueryTypes,
  type Sequelize,
  type Transaction,
  UniqueConstraintError,
} from 'sequelize';
import { changeRows } from './affected.ts';
import { again } from './again.ts';
import { note } from './chg-log.ts';
import { nowDb } from './dates.ts';
import { applyChunk, type Read, type Reject } from './import/apply.ts';
import { readLines } from './import/lines.ts';
import { amountOf, decodeLine, readAmount, readRecord } from './import/record.ts';

export type ImportUser = { readonly id: number; readonly login: string };
export type ImportOutcome =
  | {
      readonly kind: 'done';
      readonly imp_id: number;
      readonly imp_stat: 'ok' | 'part';
      readonly rec_total: number;
      readonly rec_ok: number;
      readonly rec_dup: number;
      readonly rec_bad: number;
    }
  /** The very same bytes are in already; nothing was changed. */
  | { readonly kind: 'known'; readonly imp_id: number }
  /** No FIBU file: nothing but the line in import_log was written. */
  | { readonly kind: 'foreign'; readonly imp_id: number }
  /** Another import is under way. */
  | { readonly kind: 'busy' };

type Counts = { readonly ok: number; readonly dup: number; readonly bad: number };
/** Where an import stands: the last line that is committed, and what was counted up to it. */
type Begun = {
  readonly imp_id: number;
  readonly imp_line: number;
  readonly rec_ok: number;
  readonly rec_dup: number;
  readonly rec_bad: number;
};

const CHUNK_LINES = 1000;
const REJECTS_KEPT = 10_000;
const TRIES = 3;
const HEADER = /^00;FIBU;\d{8};[^;]{1,20}$/;
const TOO_LONG = { bad: 'too long' };
const BAD_CHARACTER = { bad: 'bad character' };
const running = new WeakSet<Sequelize>();

/**
 * Reads a file of the accounting office into the tables; see FIBU.md for its form. Streams: memory does not grow with
 * the file. Writes chunk by chunk, so that an import that is cut off can be finished by sending the file again.
 */
export async function importFile(
  db: Sequelize,
  path: string,
  originalName: string,
  user: ImportUser,
  { again: evenIfKnown = false }: { readonly again?: boolean } = {},
): Promise<ImportOutcome> {
  return oneAtATime(db, async () => {
    const hash = await hashOf(path);
    const before = await db.query<Begun & { imp_stat: string }>(
      "SELECT imp_id, imp_stat, imp_line, rec_ok, rec_dup, rec_bad FROM import_log WHERE imp_hash = :hash AND imp_stat <> 'fail' ORDER BY imp_id",
      { replacements: { hash }, type: QueryTypes.SELECT },
    );
    const cutOff = before.find(({ imp_stat }) => imp_stat === 'run');
    const known = before.find(({ imp_stat }) => imp_stat !== 'run');
    if (known && !evenIfKnown && !cutOff) return { kind: 'known', imp_id: known.imp_id };
    const from = cutOff ?? (await start(db, fileName(originalName), hash, user));
    return run(db, path, from, user);
  });
}

async function run(
  db: Sequelize,
  path: string,
  { imp_id: impId, imp_line: done, rec_ok, rec_dup, rec_bad }: Begun,
  user: ImportUser,
): Promise<ImportOutcome> {
  let counts: Counts = { ok: rec_ok, dup: rec_dup, bad: rec_bad };
  let chunk: Read[] = [];
  let rejects: Reject[] = [];
  let records = 0;
  let sum = 0n;
  let headed = false;
  let trailed = false;
  let line = 0;

  const flush = async () => {
    counts = await write(db, { chunk, rejects, impId, line, counts });
    chunk = [];
    rejects = [];
  };
  const reject = (reason: string, text: string) => {
    if (line > done) rejects.push({ line, reason, text });
  };

  for await (const { no, bytes, cut } of readLines(path)) {
    line = no;
    if (bytes.length === 0) continue;
    const text = decodeLine(bytes);
    const shown = (text ?? bytes.toString('latin1').replace(/[^\x20-\x7e\xa0-\xff]/g, '?')).slice(0, 500);
    if (!headed) {
      headed = text !== null && !cut && HEADER.test(text.trim());
      if (!headed) break;
    } else if (trailed) reject('after the trailer', shown);
    else if (text !== null && /^99;/.test(text)) {
      trailed = true;
      const [, wantedRecords, wantedSum, ...more] = text.split(';').map((field) => field.trim());
      if (more.length > 0 || wantedRecords !== String(records) || readAmount(wantedSum ?? '') !== sum)
        reject('trailer does not match', shown);
    } else {
      records += 1;
      const record = cut ? TOO_LONG : text === null ? BAD_CHARACTER : readRecord(text);
      if ('bad' in record) reject(record.bad, shown);
      else {
        sum += amountOf(record);
        // what a run that was cut off has committed is only counted for the trailer
        if (line > done) chunk.push({ line, text: shown, record });
      }
    }
    if (chunk.length + rejects.length >= CHUNK_LINES) await flush();
  }
  if (!headed) {
    await finish(db, impId, 'fail', user);
    return { kind: 'foreign', imp_id: impId };
  }
  if (!trailed) {
    line += 1;
    reject('trailer missing', '');
  }
  await flush();
  const stat = counts.bad > 0 ? 'part' : 'ok';
  await finish(db, impId, stat, user);
  return {
    kind: 'done',
    imp_id: impId,
    imp_stat: stat,
    rec_total: counts.ok + counts.dup + counts.bad,
    rec_ok: counts.ok,
    rec_dup: counts.dup,
    rec_bad: counts.bad,
  };
}

type Written = {
  readonly chunk: readonly Read[];
  readonly rejects: readonly Reject[];
  readonly impId: number;
  /** The last line of the file that these are. */
  readonly line: number;
  readonly counts: Counts;
};

/** One chunk with its rejects and the counts so far: all of it or nothing. */
async function write(db: Sequelize, { chunk, rejects, impId, line, counts }: Written): Promise<Counts> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await again(() =>
        db.transaction(async (transaction) => {
          const applied = await applyChunk(db, chunk, impId, transaction);
          const bad = [...rejects, ...applied.rejects].sort((a, b) => a.line - b.line);
          const room = Math.max(0, REJECTS_KEPT - counts.bad);
          await keepRejects(db, impId, bad.slice(0, room), transaction);
          const now = {
            ok: counts.ok + applied.ok,
            dup: counts.dup + applied.dup,
            bad: counts.bad + bad.length,
          };
          await changeRows(
            db,
            `UPDATE import_log SET rec_ok = :ok, rec_dup = :dup, rec_bad = :bad, rec_total = :total, imp_line = :line
              WHERE imp_id = :impId`,
            { ...now, total: now.ok + now.dup + now.bad, line, impId },
            transaction,
          );
          return now;
        }),
      );
    } catch (err) {
      // a customer that somebody deleted between looking and writing
      const moved = err instanceof ForeignKeyConstraintError || err instanceof UniqueConstraintError;
      if (!moved || attempt === TRIES) throw err;
    }
  }
}

async function keepRejects(
  db: Sequelize,
  impId: number,
  rejects: readonly Reject[],
  transaction: Transaction,
): Promise<void> {
  if (rejects.length === 0) return;
  const rows = rejects.map(
    ({ line, reason, text }) => `(${impId},${line},${db.escape(reason)},${db.escape(text)})`,
  );
  await db.query(`INSERT INTO import_rejects (imp_id, line_no, reason, rec_text) VALUES ${rows.join(',')}`, {
    type: QueryTypes.INSERT,
    transaction,
  });
}

async function start(db: Sequelize, name: string, hash: string, user: ImportUser): Promise<Begun> {
  const nothing = { rec_ok: 0, rec_dup: 0, rec_bad: 0, imp_line: 0 };
  const [id] = await db.query(
    `INSERT INTO import_log (imp_file, imp_hash, imp_stat, usr_id, started)
     VALUES (:name, :hash, 'run', :usr, :now)`,
    { replacements: { name, hash, usr: user.id, now: nowDb() }, type: QueryTypes.INSERT },
  );
  return { imp_id: id, ...nothing };
}

async function finish(db: Sequelize, impId: number, stat: string, user: ImportUser): Promise<void> {
  await again(() =>
    db.transaction(async (transaction) => {
      await changeRows(
        db,
        'UPDATE import_log SET imp_stat = :stat, finished = :now WHERE imp_id = :impId',
        { impId, stat, now: nowDb() },
        transaction,
      );
      await note(db, { tab: 'import_log', id: impId, usr: user.login, txt: `import ${stat}` }, transaction);
    }),
  );
}

/** Runs `work` unless an import is under way, in this process or, on MySQL, in another one on the same database. */
async function oneAtATime(db: Sequelize, work: () => Promise<ImportOutcome>): Promise<ImportOutcome> {
  if (running.has(db)) return { kind: 'busy' };
  running.add(db);
  try {
    if (db.getDialect() === 'sqlite') return await work();
    // a lock of the connection: it goes when the process goes
    return await db.transaction(async (transaction) => {
      const name = `legacy_import_${createHash('sha1').update(db.getDatabaseName()).digest('hex')}`;
      const [row] = await db.query<{ got: number | null }>('SELECT GET_LOCK(:name, 0) AS got', {
        replacements: { name },
        type: QueryTypes.SELECT,
        transaction,
      });
      if (row?.got !== 1) return { kind: 'busy' };
      try {
        return await work();
      } finally {
        await db.query('SELECT RELEASE_LOCK(:name)', { replacements: { name }, transaction });
      }
    });
  } finally {
    running.delete(db);
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

// browsers of old send the whole path
function fileName(original: string): string {
  return basename(original.replaceAll('\\', '/')).replaceAll('\0', '').slice(0, 255) || 'unnamed';
}
