import type { Request, Response } from 'express';
import {
  ForeignKeyConstraintError,
  QueryTypes,
  type Sequelize,
  type Transaction,
  UniqueConstraintError,
} from 'sequelize';
import type { Models } from '../db/models.ts';
import { again } from '../lib/again.ts';
import { note } from '../lib/chg-log.ts';
import { nowDb, showDate, showDateTime } from '../lib/dates.ts';
import { fibuName } from '../lib/fibu-name.ts';
import { idOf } from '../lib/id.ts';
import { blank, last, MAX_INT, text } from '../lib/input.ts';
import { fold } from '../lib/matchcode.ts';
import { paging } from '../lib/paging.ts';

type CusRow = {
  cus_id: number;
  cus_no: string;
  cus_name: string;
  cus_match: string;
  cus_short: string | null;
  fibu_name: string | null;
  cus_parent_id: number | null;
  parent_name: string | null;
  cus_stat: string;
  cus_email: string | null;
  cus_phone: string | null;
  vat_id: string | null;
  street: string | null;
  zip: string | null;
  city: string | null;
  country: string | null;
  pay_days: number;
  disc_pct: string;
  is_vip: number;
  del_flag: string;
  created: string;
  changed: string;
};

const TEXTS = ['cus_email', 'cus_phone', 'vat_id', 'street', 'zip', 'city', 'country'] as const;
// save() writes all of them, see update
const COLUMNS =
  'cus_no cus_name cus_match cus_short fibu_name cus_parent_id cus_stat cus_email cus_phone vat_id street zip city country pay_days disc_pct is_vip changed'.split(
    ' ',
  );

/** Everything under /api/customers. */
export function customerController(db: Sequelize, models: Models) {
  const { Customer } = models;
  const bytes = (sql: string) => (db.getDialect() === 'sqlite' ? sql : `CAST(${sql} AS BINARY)`);

  // 2015-04-08 mk: the total in the body, the new grid cannot read headers
  async function list(req: Request, res: Response) {
    const where: string[] = [];
    const repl: Record<string, string | number> = {};
    const del = last(req.query.del);
    if (del === 'Y') where.push("c.del_flag = 'Y'");
    else if (del !== 'all') where.push("c.del_flag = 'N'");
    const q = fold(last(req.query.q)).replace(/[%_]/g, '');
    if (q !== '') {
      where.push(
        `(INSTR(${bytes('c.cus_match')}, :q) > 0 OR INSTR(${bytes('c.cus_no')}, :q) > 0 OR INSTR(${bytes('UPPER(c.cus_short)')}, :q) > 0 OR INSTR(${bytes('UPPER(c.city)')}, :q) > 0)`,
      );
      repl.q = q;
    }
    const stat = last(req.query.stat);
    if (stat === 'A' || stat === 'I') {
      where.push('c.cus_stat = :stat');
      repl.stat = stat;
    }
    // old rows have a 2 in is_vip, nobody knows why. it counts as yes
    const vip = last(req.query.vip);
    if (vip === '1') where.push('c.is_vip <> 0');
    if (vip === '0') where.push('c.is_vip = 0');

    const cond = where.length > 0 ? `WHERE ${where.join(' AND ')}` : '';
    const count = await db.query<{ cnt: number }>(`SELECT COUNT(*) AS cnt FROM customers c ${cond}`, {
      replacements: repl,
      type: QueryTypes.SELECT,
    });
    const total = Number(count[0]!.cnt);
    const { page, pages, size, offset } = paging(req, total);

    let order = 'c.cus_match ASC';
    const sort = last(req.query.sort);
    if (sort === '-name') order = 'c.cus_match DESC';
    if (sort === 'no') order = 'c.cus_no ASC';
    if (sort === '-no') order = 'c.cus_no DESC';
    if (sort === 'city') order = `${bytes("COALESCE(c.city, '')")} ASC`;
    if (sort === 'id') order = 'c.cus_id ASC';
    if (sort === '-id') order = 'c.cus_id DESC';

    const rows = await db.query<CusRow & { prj_cnt: number }>(
      `SELECT c.cus_id, c.cus_no, c.cus_name, c.cus_short, c.cus_stat, c.city, c.country, c.is_vip, c.del_flag,
              p.cus_name AS parent_name,
              (SELECT COUNT(*) FROM projects j WHERE j.cus_id = c.cus_id AND j.del_flag = 'N') AS prj_cnt
         FROM customers c LEFT JOIN customers p ON p.cus_id = c.cus_parent_id
         ${cond}
        ORDER BY ${order}, c.cus_id DESC
        LIMIT :lim OFFSET :off`,
      { replacements: { ...repl, lim: size, off: offset }, type: QueryTypes.SELECT },
    );
    res.json({
      total,
      page,
      pages,
      rows: rows.map((r) => ({
        cus_id: r.cus_id,
        cus_no: r.cus_no,
        cus_name: r.cus_name,
        cus_short: r.cus_short || '',
        cus_stat: r.cus_stat,
        city: r.city || '',
        country: r.country || '',
        is_vip: r.is_vip,
        parent_name: r.parent_name || '',
        prj_cnt: Number(r.prj_cnt),
        del_flag: r.del_flag,
      })),
    });
  }

  async function get(req: Request, res: Response) {
    const id = idOf(req, res, 'customer');
    if (id === null) return;
    const row = await load(id);
    if (!row) {
      res.status(404).json({ error: 'customer not found' });
      return;
    }
    const projects = await db.query<{ prj_id: number; prj_no: string; prj_title: string; prj_stat: string }>(
      `SELECT prj_id, prj_no, prj_title, prj_stat FROM projects
        WHERE cus_id = :id AND del_flag = 'N' ORDER BY date_from DESC, prj_id DESC LIMIT 10`,
      { replacements: { id }, type: QueryTypes.SELECT },
    );
    const children = await db.query<{ cus_id: number; cus_no: string; cus_name: string }>(
      'SELECT cus_id, cus_no, cus_name FROM customers WHERE cus_parent_id = :id ORDER BY cus_id',
      { replacements: { id }, type: QueryTypes.SELECT },
    );
    res.json({ ...detail(row), projects, children });
  }

  async function create(req: Request, res: Response) {
    const b = req.body || {};
    if (blank(b.cus_name)) {
      res.status(400).json({ error: 'cus_name missing' });
      return;
    }
    const set = await fields(b, res, 0);
    if (!set) return;
    const now = nowDb();
    const name = text(b.cus_name)!;
    try {
      const id = await again(() =>
        db.transaction(async (transaction) => {
          // the number comes from the id, so it is written twice. '?' keeps two at once apart
          const row = await Customer.create(
            {
              cus_stat: 'A',
              pay_days: 30,
              disc_pct: '0.00',
              is_vip: 0,
              ...set,
              cus_no: set.cus_no ?? `?${Math.random().toString(36).slice(2, 12)}`,
              cus_name: name,
              cus_match: fold(name),
              fibu_name: fibuName(name),
              del_flag: 'N',
              created: now,
              changed: now,
            },
            { transaction },
          );
          const newId = row.get('cus_id') as number;
          if (set.cus_no === undefined)
            await row.update({ cus_no: `C${String(newId).padStart(7, '0')}` }, { transaction });
          return newId;
        }),
      );
      await answer(id, res);
    } catch (err) {
      refused(err, res);
    }
  }

  // 2018-10-15 ts: the sequelize way, like in the book. Reads the row, changes it, writes all of it back.
  // Two at once: the one who saves last wins, also with the fields he never touched
  async function update(req: Request, res: Response) {
    const id = idOf(req, res, 'customer');
    if (id === null) return;
    const row = await Customer.findByPk(id);
    if (!row) {
      res.status(404).json({ error: 'customer not found' });
      return;
    }
    const b = req.body || {};
    if (b.cus_name !== undefined && blank(b.cus_name)) {
      res.status(400).json({ error: 'cus_name missing' });
      return;
    }
    const set = await fields(b, res, id);
    if (!set) return;
    if (b.cus_name !== undefined) {
      const name = text(b.cus_name)!;
      Object.assign(set, { cus_name: name, cus_match: fold(name), fibu_name: fibuName(name) });
    }
    row.set({ ...set, changed: nowDb() });
    try {
      await again(() => row.save({ fields: COLUMNS }));
    } catch (err) {
      refused(err, res);
      return;
    }
    await answer(id, res);
  }

  async function activate(req: Request, res: Response) {
    await setState(req, res, 'A');
  }

  async function deactivate(req: Request, res: Response) {
    await setState(req, res, 'I');
  }

  async function setState(req: Request, res: Response, stat: 'A' | 'I') {
    const id = idOf(req, res, 'customer');
    if (id === null) return;
    const reason = text(req.body?.reason) || '';
    const found = await again(() =>
      db.transaction(async (transaction) => {
        if (!(await exists(id, transaction))) return false;
        // the same state again is fine, it is in the log all the same
        await db.query('UPDATE customers SET cus_stat = :stat, changed = :now WHERE cus_id = :id', {
          replacements: { id, stat, now: nowDb() },
          transaction,
        });
        const txt = `stat ${stat}${reason ? `: ${reason}` : ''}`;
        await note(db, { tab: 'customers', id, usr: req.session.usr_login, txt }, transaction);
        return true;
      }),
    );
    if (!found) {
      res.status(404).json({ error: 'customer not found' });
      return;
    }
    await answer(id, res);
  }

  // del_flag as everywhere. ?hard=1 since the data protection officer (2018-05-25 ts): really gone, and with it
  // projects, assignments and timesheets, the database does that
  async function remove(req: Request, res: Response) {
    const id = idOf(req, res, 'customer');
    if (id === null) return;
    const hard = last(req.query.hard) === '1';
    const found = await again(() =>
      db.transaction(async (transaction) => {
        if (!(await exists(id, transaction))) return false;
        if (hard) await Customer.destroy({ where: { cus_id: id }, transaction });
        else {
          await db.query(
            "UPDATE customers SET del_flag = 'Y', changed = :now WHERE cus_id = :id AND del_flag <> 'Y'",
            { replacements: { id, now: nowDb() }, transaction },
          );
        }
        const txt = hard ? 'deleted for good' : 'deleted';
        await note(db, { tab: 'customers', id, usr: req.session.usr_login, txt }, transaction);
        return true;
      }),
    );
    if (!found) {
      res.status(404).json({ error: 'customer not found' });
      return;
    }
    res.json({ ok: true });
  }

  /** What a body sets, checked; null with the answer given. */
  async function fields(
    b: Record<string, unknown>,
    res: Response,
    id: number,
  ): Promise<Record<string, string | number | null> | null> {
    const bad = (error: string) => {
      res.status(400).json({ error });
      return null;
    };
    const set: Record<string, string | number | null> = {};
    for (const key of TEXTS) if (b[key] !== undefined) set[key] = text(b[key]);
    if (b.cus_no !== undefined && !blank(b.cus_no)) set.cus_no = text(b.cus_no)!.toUpperCase();
    // '' must be NULL here: it is unique, and two customers without a short name are two ''
    if (b.cus_short !== undefined) set.cus_short = text(b.cus_short) || null;
    if (b.cus_stat !== undefined) {
      if (b.cus_stat !== 'A' && b.cus_stat !== 'I') return bad('cus_stat invalid');
      set.cus_stat = b.cus_stat;
    }
    if (b.pay_days !== undefined) {
      const days = Number(b.pay_days);
      if (blank(b.pay_days) || !Number.isInteger(days) || days < 0 || days > 365)
        return bad('pay_days invalid');
      set.pay_days = days;
    }
    if (b.disc_pct !== undefined) {
      // "2,5" from the German form
      const pct = text(b.disc_pct)?.replace(',', '.') ?? '';
      if (!/^\d{1,3}(\.\d{1,2})?$/.test(pct) || Number(pct) > 100) return bad('disc_pct invalid');
      set.disc_pct = Number(pct).toFixed(2);
    }
    if (b.is_vip !== undefined) {
      set.is_vip = b.is_vip === true || b.is_vip === 1 || b.is_vip === '1' || b.is_vip === 'on' ? 1 : 0;
    }
    if (b.cus_parent_id !== undefined) {
      set.cus_parent_id = null;
      if (!blank(b.cus_parent_id)) {
        const parent = Number(b.cus_parent_id);
        if (!Number.isInteger(parent) || parent < 1 || parent > MAX_INT || !(await exists(parent)))
          return bad('parent unknown');
        if (id !== 0 && (await isAbove(id, parent))) return bad('parent is below');
        set.cus_parent_id = parent;
      }
    }
    return set;
  }

  /** True when `id` is `below` or one of its parents. */
  async function isAbove(id: number, below: number): Promise<boolean> {
    // 2017-01-12 mk: 20 and not while(true): two at once can still tie a knot
    let at: number | null = below;
    for (let i = 0; at !== null && i < 20; i++) {
      if (at === id) return true;
      const rows: { cus_parent_id: number | null }[] = await db.query(
        'SELECT cus_parent_id FROM customers WHERE cus_id = :at',
        { replacements: { at }, type: QueryTypes.SELECT },
      );
      at = rows[0]?.cus_parent_id ?? null;
    }
    return false;
  }

  /** In a transaction nobody deletes it from here on. */
  async function exists(id: number, transaction?: Transaction): Promise<boolean> {
    const lock = transaction && db.getDialect() !== 'sqlite' ? ' FOR UPDATE' : '';
    const rows = await db.query(`SELECT cus_id FROM customers WHERE cus_id = :id${lock}`, {
      replacements: { id },
      type: QueryTypes.SELECT,
      ...(transaction && { transaction }),
    });
    return rows.length > 0;
  }

  // 2018-06-04 ts: somebody else may have deleted it for good meanwhile
  async function answer(id: number, res: Response): Promise<void> {
    const row = await load(id);
    if (!row) {
      res.status(404).json({ error: 'customer not found' });
      return;
    }
    res.json(detail(row));
  }

  async function load(id: number): Promise<CusRow | null> {
    const rows = await db.query<CusRow>(
      `SELECT c.*, p.cus_name AS parent_name FROM customers c
         LEFT JOIN customers p ON p.cus_id = c.cus_parent_id WHERE c.cus_id = :id`,
      { replacements: { id }, type: QueryTypes.SELECT },
    );
    return rows[0] || null;
  }

  return { list, get, create, update, activate, deactivate, remove };
}

function refused(err: unknown, res: Response): void {
  // the parent was there when we looked
  if (err instanceof ForeignKeyConstraintError) {
    res.status(400).json({ error: 'parent unknown' });
    return;
  }
  if (!(err instanceof UniqueConstraintError)) throw err;
  // mysql names the index, sqlite the column
  const where = `${JSON.stringify(err.fields)} ${err.message} ${err.parent.message}`;
  res.json({ error: where.includes('cus_short') ? 'short name exists' : 'cus_no exists' });
}

function detail(r: CusRow) {
  return {
    cus_id: r.cus_id,
    cus_no: r.cus_no,
    cus_name: r.cus_name,
    cus_match: r.cus_match,
    cus_short: r.cus_short || '',
    fibu_name: r.fibu_name || '',
    cus_parent_id: r.cus_parent_id,
    parent_name: r.parent_name || '',
    cus_stat: r.cus_stat,
    cus_email: r.cus_email || '',
    cus_phone: r.cus_phone || '',
    vat_id: r.vat_id || '',
    street: r.street || '',
    zip: r.zip || '',
    city: r.city || '',
    country: r.country || '',
    pay_days: r.pay_days,
    disc_pct: Number(r.disc_pct).toFixed(2),
    is_vip: r.is_vip,
    del_flag: r.del_flag,
    created: showDate(r.created),
    changed: showDateTime(r.changed),
  };
}
