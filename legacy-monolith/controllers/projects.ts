import type { Request, Response } from 'express';
import { ForeignKeyConstraintError, QueryTypes, type Sequelize, UniqueConstraintError } from 'sequelize';
import type { Models } from '../db/models.ts';
import { changeRows } from '../lib/affected.ts';
import { again } from '../lib/again.ts';
import { note } from '../lib/chg-log.ts';
import { nowDb, readDate, showDate, showDateTime } from '../lib/dates.ts';
import { idOf } from '../lib/id.ts';
import { blank, cents, last, MAX_INT, number, text } from '../lib/input.ts';
import { paging } from '../lib/paging.ts';

type PrjRow = {
  prj_id: number;
  prj_no: string;
  prj_title: string;
  cus_id: number;
  cus_name: string;
  cus_end_id: number | null;
  end_name: string | null;
  prj_stat: string;
  date_from: string;
  date_to: string | null;
  budget_ct: number;
  is_remote: number;
  city: string | null;
  descr: string | null;
  del_flag: string;
  created: string;
  changed: string;
  heads: number;
};

// 2016-02-29 mk: what may follow what. From done there is no way back, the invoices are out
const NEXT: Record<string, string[]> = {
  plan: ['open', 'canc'],
  open: ['run', 'canc'],
  run: ['hold', 'done', 'canc'],
  hold: ['run', 'canc'],
  done: [],
  canc: [],
};

/** Everything under /api/projects. */
export function projectController(db: Sequelize, models: Models) {
  const { Project, ProjectFreelancer } = models;
  const bytes = (sql: string) => (db.getDialect() === 'sqlite' ? sql : `CAST(${sql} AS BINARY)`);

  // count and items: this one was written by the trainee
  async function list(req: Request, res: Response) {
    const where: string[] = [];
    const repl: Record<string, string | number | string[]> = {};
    const del = last(req.query.del);
    if (del === 'Y') where.push("p.del_flag = 'Y'");
    else if (del !== 'all') where.push("p.del_flag = 'N'");
    // no matchcode for titles: upper case only, so ä finds Ä and not ae
    const q = text(last(req.query.q))!.replace(/[%_]/g, '');
    if (q !== '') {
      where.push(
        `(INSTR(${bytes('UPPER(p.prj_title)')}, UPPER(:q)) > 0 OR INSTR(${bytes('p.prj_no')}, UPPER(:q)) > 0)`,
      );
      repl.q = q;
    }
    const stats = last(req.query.stat)
      .split(',')
      .filter((s) => Object.hasOwn(NEXT, s));
    if (stats.length > 0) {
      where.push('p.prj_stat IN (:stats)');
      repl.stats = stats;
    }
    const cus = parseInt(last(req.query.cus), 10);
    if (!Number.isNaN(cus)) {
      where.push('(p.cus_id = :cus OR p.cus_end_id = :cus)');
      repl.cus = Math.max(-1, Math.min(cus, MAX_INT));
    }
    const from = readDate(last(req.query.from));
    if (from) {
      where.push('(p.date_to IS NULL OR p.date_to >= :from)');
      repl.from = from;
    }
    const to = readDate(last(req.query.to));
    if (to) {
      where.push('p.date_from <= :to');
      repl.to = to;
    }
    const remote = last(req.query.remote);
    if (remote === 'true') where.push('p.is_remote <> 0');
    if (remote === 'false') where.push('p.is_remote = 0');

    const cond = where.length > 0 ? `WHERE ${where.join(' AND ')}` : '';
    const count = await db.query<{ cnt: number }>(`SELECT COUNT(*) AS cnt FROM projects p ${cond}`, {
      replacements: repl,
      type: QueryTypes.SELECT,
    });
    const total = Number(count[0]!.cnt);
    const { size, offset } = paging(req, total);

    let order = `${bytes('UPPER(p.prj_title)')} ASC`;
    const sort = last(req.query.sort);
    if (sort === '-title') order = `${bytes('UPPER(p.prj_title)')} DESC`;
    if (sort === 'no') order = 'p.prj_no ASC';
    if (sort === 'from') order = 'p.date_from ASC';
    if (sort === '-from') order = 'p.date_from DESC';
    if (sort === 'cus') order = 'c.cus_match ASC';
    if (sort === 'id') order = 'p.prj_id ASC';
    if (sort === '-id') order = 'p.prj_id DESC';

    const rows = await db.query<PrjRow>(
      `SELECT p.*, c.cus_name,
              (SELECT COUNT(*) FROM project_freelancers x WHERE x.prj_id = p.prj_id) AS heads
         FROM projects p JOIN customers c ON c.cus_id = p.cus_id
         ${cond}
        ORDER BY ${order}, p.prj_id DESC
        LIMIT :lim OFFSET :off`,
      { replacements: { ...repl, lim: size, off: offset }, type: QueryTypes.SELECT },
    );
    res.json({
      count: total,
      items: rows.map((r) => ({
        prj_id: r.prj_id,
        prj_no: r.prj_no,
        prj_title: r.prj_title,
        cus_id: r.cus_id,
        cus_name: r.cus_name,
        prj_stat: r.prj_stat,
        date_from: showDate(r.date_from),
        date_to: showDate(r.date_to),
        is_remote: r.is_remote !== 0,
        city: r.city || '',
        heads: Number(r.heads),
        del_flag: r.del_flag,
      })),
    });
  }

  async function get(req: Request, res: Response) {
    const id = idOf(req, res, 'project');
    if (id === null) return;
    await answer(id, res);
  }

  async function create(req: Request, res: Response) {
    const b = req.body || {};
    if (blank(b.prj_title)) {
      res.status(400).json({ error: 'prj_title missing' });
      return;
    }
    if (blank(b.cus_id)) {
      res.status(400).json({ error: 'cus_id missing' });
      return;
    }
    if (blank(b.date_from)) {
      res.status(400).json({ error: 'date_from missing' });
      return;
    }
    const set = await fields(b, res);
    if (!set) return;
    const now = nowDb();
    let id: number;
    try {
      id = await again(() =>
        db.transaction(async (transaction) => {
          const row = await Project.create(
            {
              // the number comes from the id, see customers
              prj_no: `?${Math.random().toString(36).slice(2, 12)}`,
              prj_stat: 'plan',
              budget_ct: 0,
              is_remote: 0,
              ...set,
              del_flag: 'N',
              created: now,
              changed: now,
            },
            { transaction },
          );
          const newId = row.get('prj_id') as number;
          if (set.prj_no === undefined)
            await row.update({ prj_no: `P${String(newId).padStart(7, '0')}` }, { transaction });
          return newId;
        }),
      );
    } catch (err) {
      refused(err, res);
      return;
    }
    await answer(id, res);
  }

  async function update(req: Request, res: Response) {
    const id = idOf(req, res, 'project');
    if (id === null) return;
    const b = req.body || {};
    if (b.prj_title !== undefined && blank(b.prj_title)) {
      res.status(400).json({ error: 'prj_title missing' });
      return;
    }
    if (!(await load(id))) {
      res.status(404).json({ error: 'project not found' });
      return;
    }
    const set = await fields(b, res);
    if (!set) return;
    // the state has its own call
    try {
      await again(() => Project.update({ ...set, changed: nowDb() }, { where: { prj_id: id } }));
    } catch (err) {
      refused(err, res);
      return;
    }
    await answer(id, res);
  }

  async function setState(req: Request, res: Response) {
    const id = idOf(req, res, 'project');
    if (id === null) return;
    const to = req.body?.prj_stat;
    if (typeof to !== 'string' || !Object.hasOwn(NEXT, to)) {
      res.status(400).json({ error: 'prj_stat invalid' });
      return;
    }
    const row = await load(id);
    if (!row) {
      res.status(404).json({ error: 'project not found' });
      return;
    }
    const from = row.prj_stat;
    const moved =
      NEXT[from]!.includes(to) &&
      (await again(() =>
        db.transaction(async (transaction) => {
          // with the old state in the WHERE, somebody else may have been faster
          const rows = await changeRows(
            db,
            'UPDATE projects SET prj_stat = :to, changed = :now WHERE prj_id = :id AND prj_stat = :from',
            { id, to, from, now: nowDb() },
            transaction,
          );
          if (rows === 0) return false;
          const txt = `state ${from} -> ${to}`;
          await note(db, { tab: 'projects', id, usr: req.session.usr_login, txt }, transaction);
          return true;
        }),
      ));
    if (!moved) {
      res.status(409).json({ error: `state ${from} -> ${to} not allowed` });
      return;
    }
    await answer(id, res);
  }

  async function assign(req: Request, res: Response) {
    const id = idOf(req, res, 'project');
    if (id === null) return;
    const b = req.body || {};
    if (!(await load(id))) {
      res.status(404).json({ error: 'project not found' });
      return;
    }
    const frl = number(b.frl_id);
    const rows = await db.query<{ frl_stat: string; del_flag: string; rate_ct: number }>(
      'SELECT frl_stat, del_flag, rate_ct FROM freelancers WHERE frl_id = :frl',
      { replacements: { frl: frl ?? 0 }, type: QueryTypes.SELECT },
    );
    const freelancer = rows[0];
    if (!freelancer) {
      res.status(400).json({ error: 'freelancer unknown' });
      return;
    }
    if (freelancer.frl_stat === 'B' || freelancer.del_flag === 'Y') {
      // 2015-01-27 mk: 200, see freelancers
      res.json({ error: 'freelancer blocked' });
      return;
    }
    const rate = b.rate_ct === undefined ? freelancer.rate_ct : cents(b.rate_ct);
    if (rate === null) {
      res.status(400).json({ error: 'rate_ct invalid' });
      return;
    }
    const dates = span(b, res);
    if (!dates) return;
    const set = {
      role_txt: text(b.role_txt),
      rate_ct: rate,
      date_from: dates.date_from ?? null,
      date_to: dates.date_to ?? null,
    };
    // again the same one = change it
    await again(() =>
      db.transaction(async (transaction) => {
        const key = { prj_id: id, frl_id: frl };
        const row = await ProjectFreelancer.findOne({ where: key, transaction, lock: true });
        if (row) await ProjectFreelancer.update(set, { where: key, transaction });
        else await ProjectFreelancer.create({ ...key, ...set, created: nowDb() }, { transaction });
      }),
    ).catch((err: unknown) => {
      // two at once, both wanted the same; or somebody deleted the project, which the answer tells
      if (!(err instanceof UniqueConstraintError || err instanceof ForeignKeyConstraintError)) throw err;
    });
    await answer(id, res);
  }

  async function unassign(req: Request, res: Response) {
    const id = idOf(req, res, 'project');
    if (id === null) return;
    const frl = idOf(req, res, 'assignment', 'frl');
    if (frl === null) return;
    const gone = await again(() => ProjectFreelancer.destroy({ where: { prj_id: id, frl_id: frl } }));
    if (gone === 0) {
      res.status(404).json({ error: 'assignment not found' });
      return;
    }
    await answer(id, res);
  }

  // 2017-09-04 ts: really deleted, with destroy(). The timesheets go with it (cascade), the invoices stay without it
  async function remove(req: Request, res: Response) {
    const id = idOf(req, res, 'project');
    if (id === null) return;
    const outcome = await again(() =>
      db.transaction(async (transaction) => {
        const found = await Project.findByPk(id, { transaction, lock: true });
        if (!found) return 'none';
        const paid = await db.query(
          "SELECT tsh_id FROM timesheets WHERE prj_id = :id AND tsh_stat = 'paid' LIMIT 1",
          { replacements: { id }, type: QueryTypes.SELECT, transaction },
        );
        if (paid.length > 0) return 'paid';
        await found.destroy({ transaction });
        await note(db, { tab: 'projects', id, usr: req.session.usr_login, txt: 'deleted' }, transaction);
        return 'gone';
      }),
    );
    if (outcome === 'none') {
      res.status(404).json({ error: 'project not found' });
      return;
    }
    if (outcome === 'paid') {
      res.status(409).json({ error: 'project has paid timesheets' });
      return;
    }
    res.json({ ok: true });
  }

  /** What a body sets, checked; null with the answer given. */
  async function fields(
    b: Record<string, unknown>,
    res: Response,
  ): Promise<Record<string, string | number | null> | null> {
    const bad = (error: string) => {
      res.status(400).json({ error });
      return null;
    };
    const set: Record<string, string | number | null> = {};
    if (b.prj_title !== undefined) set.prj_title = text(b.prj_title);
    if (b.prj_no !== undefined && !blank(b.prj_no)) set.prj_no = text(b.prj_no)!.toUpperCase();
    if (b.city !== undefined) set.city = text(b.city);
    if (b.descr !== undefined) set.descr = text(b.descr);
    if (b.budget_ct !== undefined) {
      const budget = cents(b.budget_ct);
      if (budget === null) return bad('budget_ct invalid');
      set.budget_ct = budget;
    }
    if (b.is_remote !== undefined) set.is_remote = b.is_remote === true || b.is_remote === 'true' ? 1 : 0;
    for (const key of ['cus_id', 'cus_end_id']) {
      if (b[key] === undefined) continue;
      set[key] = null;
      if (blank(b[key]) && key === 'cus_end_id') continue;
      const cus = number(b[key]);
      const rows = await db.query('SELECT cus_id FROM customers WHERE cus_id = :cus', {
        replacements: { cus: cus ?? 0 },
        type: QueryTypes.SELECT,
      });
      if (rows.length === 0) return bad('customer unknown');
      set[key] = cus;
    }
    const dates = span(b, res);
    return dates && { ...set, ...dates };
  }

  async function answer(id: number, res: Response): Promise<void> {
    const row = await load(id);
    if (!row) {
      res.status(404).json({ error: 'project not found' });
      return;
    }
    const freelancers = await db.query<{
      frl_id: number;
      frl_name: string;
      role_txt: string | null;
      rate_ct: number;
      date_from: string | null;
      date_to: string | null;
    }>(
      `SELECT x.frl_id, f.frl_name, x.role_txt, x.rate_ct, x.date_from, x.date_to
         FROM project_freelancers x JOIN freelancers f ON f.frl_id = x.frl_id
        WHERE x.prj_id = :id ORDER BY f.frl_match, x.frl_id DESC`,
      { replacements: { id }, type: QueryTypes.SELECT },
    );
    const sum = await db.query<{ hours: string | number | null }>(
      'SELECT SUM(tsh_hours) AS hours FROM timesheets WHERE prj_id = :id',
      { replacements: { id }, type: QueryTypes.SELECT },
    );
    res.json({
      prj_id: row.prj_id,
      prj_no: row.prj_no,
      prj_title: row.prj_title,
      cus_id: row.cus_id,
      cus_name: row.cus_name,
      cus_end_id: row.cus_end_id,
      end_name: row.end_name || '',
      prj_stat: row.prj_stat,
      date_from: showDate(row.date_from),
      date_to: showDate(row.date_to),
      budget_ct: row.budget_ct,
      is_remote: row.is_remote !== 0,
      city: row.city || '',
      descr: row.descr || '',
      del_flag: row.del_flag,
      created: showDate(row.created),
      changed: showDateTime(row.changed),
      hours: Number(sum[0]!.hours || 0).toFixed(2),
      freelancers: freelancers.map((f) => ({
        frl_id: f.frl_id,
        frl_name: f.frl_name,
        role_txt: f.role_txt || '',
        rate_ct: f.rate_ct,
        date_from: showDate(f.date_from),
        date_to: showDate(f.date_to),
      })),
    });
  }

  async function load(id: number): Promise<PrjRow | null> {
    const rows = await db.query<PrjRow>(
      `SELECT p.*, c.cus_name, e.cus_name AS end_name FROM projects p
         JOIN customers c ON c.cus_id = p.cus_id
         LEFT JOIN customers e ON e.cus_id = p.cus_end_id
        WHERE p.prj_id = :id`,
      { replacements: { id }, type: QueryTypes.SELECT },
    );
    return rows[0] || null;
  }

  return { list, get, create, update, setState, assign, unassign, remove };
}

function refused(err: unknown, res: Response): void {
  // the customer was there when we looked
  if (err instanceof ForeignKeyConstraintError) res.status(400).json({ error: 'customer unknown' });
  else if (err instanceof UniqueConstraintError) res.json({ error: 'prj_no exists' });
  else throw err;
}

// 2016-08-01 mk: nobody checks that the end comes after the start, there were projects like that already
function span(
  b: Record<string, unknown>,
  res: Response,
): { date_from?: string; date_to?: string | null } | null {
  const set: { date_from?: string; date_to?: string | null } = {};
  for (const key of ['date_from', 'date_to'] as const) {
    if (b[key] === undefined) continue;
    if (blank(b[key]) && key === 'date_to') {
      set.date_to = null;
      continue;
    }
    const day = readDate(b[key]);
    if (!day) {
      res.status(400).json({ error: `${key} invalid` });
      return null;
    }
    set[key] = day;
  }
  return set;
}
