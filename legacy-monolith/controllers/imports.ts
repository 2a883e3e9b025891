import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import iconv from 'iconv-lite';
import multer, { MulterError } from 'multer';
import { QueryTypes, type Sequelize } from 'sequelize';
import { showDateTime } from '../lib/dates.ts';
import { idOf } from '../lib/id.ts';
import { type ImportOutcome, importFile } from '../lib/import.ts';
import { last } from '../lib/input.ts';
import { paging } from '../lib/paging.ts';

type ImpRow = {
  imp_id: number;
  imp_file: string;
  imp_stat: string;
  rec_total: number;
  rec_ok: number;
  rec_dup: number;
  rec_bad: number;
  usr_login: string | null;
  started: string;
  finished: string | null;
};
export type Uploaded = { readonly path: string; readonly name: string };

const LARGEST_FILE = 200 * 1024 * 1024;
const REJECTS_SHOWN = 100;
const ROW = `SELECT i.imp_id, i.imp_file, i.imp_stat, i.rec_total, i.rec_ok, i.rec_dup, i.rec_bad, i.started, i.finished,
  u.usr_login FROM import_log i LEFT JOIN users u ON u.usr_id = i.usr_id`;

/** Everything under /api/imports. */
export function importController(db: Sequelize) {
  async function list(req: Request, res: Response) {
    const count = await db.query<{ cnt: number }>('SELECT COUNT(*) AS cnt FROM import_log', {
      type: QueryTypes.SELECT,
    });
    const total = Number(count[0]!.cnt);
    const { size, offset } = paging(req, total);
    const rows = await db.query<ImpRow>(`${ROW} ORDER BY i.imp_id DESC LIMIT :lim OFFSET :off`, {
      replacements: { lim: size, off: offset },
      type: QueryTypes.SELECT,
    });
    res.json({ imports: rows.map(shown), total });
  }

  async function get(req: Request, res: Response) {
    const row = await load(req, res);
    if (!row) return;
    const rejects = await db.query<{ line_no: number; reason: string; rec_text: string }>(
      'SELECT line_no, reason, rec_text FROM import_rejects WHERE imp_id = :id ORDER BY line_no LIMIT :lim',
      { replacements: { id: row.imp_id, lim: REJECTS_SHOWN }, type: QueryTypes.SELECT },
    );
    res.json({ ...shown(row), rejects });
  }

  // as a file, for the accounting office: line;reason;what it said
  async function rejects(req: Request, res: Response) {
    const row = await load(req, res);
    if (!row) return;
    const found = await db.query<{ line_no: number; reason: string; rec_text: string }>(
      'SELECT line_no, reason, rec_text FROM import_rejects WHERE imp_id = :id ORDER BY line_no',
      { replacements: { id: row.imp_id }, type: QueryTypes.SELECT },
    );
    const text = found.map((r) => `${r.line_no};${r.reason};${r.rec_text}\r\n`).join('');
    res.set('Content-Type', 'text/plain; charset=windows-1252');
    res.set('Content-Disposition', `attachment; filename="rejects-${row.imp_id}.txt"`);
    res.send(iconv.encode(text, 'win1252'));
  }

  async function create(req: Request, res: Response) {
    await withUpload(req, res, async (file) => {
      if (!file) {
        res.status(400).json({ error: 'file missing' });
        return;
      }
      const outcome = await importFile(
        db,
        file.path,
        file.name,
        { id: req.session.usr_id!, login: req.session.usr_login! },
        { again: last(req.query.again) === '1' },
      );
      answer(outcome, res);
    });
  }

  async function load(req: Request, res: Response): Promise<ImpRow | null> {
    const id = idOf(req, res, 'import');
    if (id === null) return null;
    const rows = await db.query<ImpRow>(`${ROW} WHERE i.imp_id = :id`, {
      replacements: { id },
      type: QueryTypes.SELECT,
    });
    if (!rows[0]) res.status(404).json({ error: 'import not found' });
    return rows[0] || null;
  }

  return { list, get, rejects, create };
}

/**
 * Puts the file of a request (multipart field `file`, or the body itself) into a folder of its own and takes the
 * folder away when `work` is done. Null when there is none; an upload that is broken or too big goes to `refuse`.
 */
export async function withUpload(
  req: Request,
  res: Response,
  work: (file: Uploaded | null) => Promise<void>,
  refuse: (tooBig: boolean) => void = (tooBig) => {
    res.status(tooBig ? 413 : 400).json({ error: tooBig ? 'file too big' : 'upload broken' });
  },
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'legacy-import-'));
  try {
    let file: Uploaded | null;
    try {
      file = await receive(req, res, folder);
    } catch (err) {
      if (req.destroyed && !req.complete) return;
      const tooBig = err instanceof TooBig || (err instanceof MulterError && err.code === 'LIMIT_FILE_SIZE');
      refuse(tooBig);
      // 2021-02-10 ts: the rest goes nowhere, but somebody must take it: most look at the answer when they are through
      req.resume();
      return;
    }
    await work(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

class TooBig extends Error {}

async function receive(req: Request, res: Response, folder: string): Promise<Uploaded | null> {
  if (req.is('multipart/form-data')) {
    const upload: RequestHandler = multer({
      dest: folder,
      limits: { fileSize: LARGEST_FILE, files: 1 },
    }).single('file');
    await new Promise<void>((ok, fail) =>
      upload(req, res, ((err: unknown) => (err ? fail(err) : ok())) as NextFunction),
    );
    if (!req.file) return null;
    // 2023-02-02 ts: multer takes the name for latin1
    return { path: req.file.path, name: Buffer.from(req.file.originalname, 'latin1').toString('utf8') };
  }
  // the accounting server sends the file itself, without any form (2019-04-09 mk)
  if (!req.is('text/plain') && !req.is('application/octet-stream')) return null;
  const path = join(folder, 'body');
  let bytes = 0;
  async function* upToLargest(): AsyncGenerator<Buffer> {
    // not destroyed: there would be nobody left to tell that it was too big
    for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > LARGEST_FILE) throw new TooBig();
      yield chunk;
    }
  }
  await pipeline(upToLargest(), createWriteStream(path));
  return bytes === 0 ? null : { path, name: last(req.query.name) || 'unnamed' };
}

function answer(outcome: ImportOutcome, res: Response): void {
  switch (outcome.kind) {
    case 'busy':
      res.status(409).json({ error: 'import running' });
      return;
    case 'known':
      // 200: the server of the accounting office sends again on anything else (2019-05-21 mk)
      res.json({ error: 'already imported', imp_id: outcome.imp_id });
      return;
    case 'foreign':
      res.status(400).json({ error: 'no FIBU file', imp_id: outcome.imp_id });
      return;
    case 'done': {
      const { kind: _, ...counts } = outcome;
      res.json({ ok: true, ...counts });
    }
  }
}

function shown(r: ImpRow) {
  return {
    imp_id: r.imp_id,
    imp_file: r.imp_file,
    imp_stat: r.imp_stat,
    rec_total: r.rec_total,
    rec_ok: r.rec_ok,
    rec_dup: r.rec_dup,
    rec_bad: r.rec_bad,
    usr_login: r.usr_login || '',
    started: showDateTime(r.started),
    finished: showDateTime(r.finished),
  };
}
