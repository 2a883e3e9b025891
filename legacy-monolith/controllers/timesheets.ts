import type { Request, Response } from 'express';
import { ForeignKeyConstraintError, QueryTypes, type Sequelize, type Transaction } from 'sequelize';
import type { Models } from '../db/models.ts';
import { changeRows } from '../lib/affected.ts';
import { again } from '../lib/again.ts';
import { note } from '../lib/chg-log.ts';
import { nowDb, readDate, showDate, showDateTime } from '../lib/dates.ts';
import { monthSpan, readHours, readMonth } from '../lib/hours.ts';
import { idOf } from '../lib/id.ts';
import { blank, last, MAX_INT, number, text } from '../lib/input.ts';
import { paging } from '../lib/paging.ts';

type TshRow = {
  tsh_id: number;
  frl_id: number;
  frl_name: string;
  prj_id: number;
  prj_title: string;
  tsh_day: string;
  tsh_hours: string | number;
  tsh_stat: string;
  rate_ct: number;
  is_billable: number;
  tsh_text: string | null;
  appr_usr_id: number | null;
  appr_at: string | null;
  pay_id: number | null;
  created: string;
  changed: string;
};

const STATS = ['draft', 'subm', 'appr', 'rej', 'paid'];
const ROW = `SELECT t.*, f.frl_name, p.prj_title FROM timesheets t
  JOIN freelancers f ON f.frl_id = t.frl_id JOIN projects p ON p.prj_id = t.prj_id`;

/** Everything under /api/timesheets. */
export function timesheetController(db: Sequelize, models: Models) {
  const { Timesheet } = models;
  const bytes = (sql: string) => (db.getDialect() === 'sqlite' ? sql : `CAST(${sql} AS BINARY)`);

  async function list(req: Request, res: Response) {
    const where: string[] = [];
    const repl: Record<string, string | number | string[]> = {};
    for (const key of ['frl', 'prj']) {
      const id = parseInt(last(req.query[key]), 10);
      if (Number.isNaN(id)) continue;
      where.push(`t.${key}_id = :${key}`);
      repl[key] = Math.max(-1, Math.min(id, MAX_INT));
    }
    const month = readMonth(last(req.query.month));
    if (month) {
      where.push('t.tsh_day >= :first AND t.tsh_day < :next');
      const { from, to } = monthSpan(month);
      Object.assign(repl, { first: from, next: to });
    }
    const from = readDate(last(req.query.from));
    if (from) {
      where.push('t.tsh_day >= :from');
      repl.from = from;
    }
    const to = readDate(last(req.query.to));
    if (to) {
      where.push('t.tsh_day <= :to');
      repl.to = to;
    }
    const stats = last(req.query.stat)
      .split(',')
      .filter((s) => STATS.includes(s));
    if (stats.length > 0) {
      where.push('t.tsh_stat IN (:stats)');
      repl.stats = stats;
    }
    const q = text(last(req.query.q))!.replace(/[%_]/g, '');
    if (q !== '') {
      where.push(`INSTR(${bytes('UPPER(t.tsh_text)')}, UPPER(:q)) > 0`);
      repl.q = q;
    }
    const cond = where.length > 0 ? `WHERE ${where.join(' AND ')}` : '';
    const count = await db.query<{ cnt: number }>(`SELECT COUNT(*) AS cnt FROM timesheets t ${cond}`, {
      replacements: repl,
      type: QueryTypes.SELECT,
    });
    const total = Number(count[0]!.cnt);
    const { size, offset } = paging(req, total);

    let order = 't.tsh_day ASC';
    const sort = last(req.query.sort);
    if (sort === '-day') order = 't.tsh_day DESC';
    if (sort === 'hours') order = 't.tsh_hours ASC';
    if (sort === '-hours') order = 't.tsh_hours DESC';
    if (sort === 'id') order = 't.tsh_id ASC';
    if (sort === '-id') order = 't.tsh_id DESC';
    const rows = await db.query<TshRow>(
      // 2022-02-07 ts: ids first, the joins took 4 s on the last page
      `SELECT t.*, f.frl_name, p.prj_title
         FROM (SELECT t.tsh_id FROM timesheets t ${cond} ORDER BY ${order}, t.tsh_id DESC LIMIT :lim OFFSET :off) x
         JOIN timesheets t ON t.tsh_id = x.tsh_id
         JOIN freelancers f ON f.frl_id = t.frl_id
         JOIN projects p ON p.prj_id = t.prj_id
        ORDER BY ${order}, t.tsh_id DESC`,
      { replacements: { ...repl, lim: size, off: offset }, type: QueryTypes.SELECT },
    );
    res.set('X-Total-Count', String(total));
    res.json(rows.map(shown));
  }

  async function get(req: Request, res: Response) {
    const id = idOf(req, res, 'timesheet');
    if (id === null) return;
    await answer(id, res);
  }

  async function create(req: Request, res: Response) {
    const b = req.body || {};
    const frl = number(b.frl_id);
    const prj = number(b.prj_id);
    const day = readDate(b.tsh_day);
    if (!day) {
      res.status(400).json({ error: blank(b.tsh_day) ? 'tsh_day missing' : 'tsh_day invalid' });
      return;
    }
    const hours = readHours(b.tsh_hours);
    if (hours === null) {
      res.status(400).json({ error: blank(b.tsh_hours) ? 'tsh_hours missing' : 'tsh_hours invalid' });
      return;
    }
    const now = nowDb();
    const outcome = await again(() =>
      db.transaction(async (transaction): Promise<number | [number, string]> => {
        // locked: the sum of the day must not change meanwhile
        const people = await db.query<{ frl_stat: string; del_flag: string; rate_ct: number }>(
          `SELECT frl_stat, del_flag, rate_ct FROM freelancers WHERE frl_id = :frl${forUpdate()}`,
          { replacements: { frl: frl ?? 0 }, type: QueryTypes.SELECT, transaction },
        );
        if (!people[0]) return [400, 'freelancer unknown'];
        const projects = await db.query<{ prj_stat: string; del_flag: string }>(
          'SELECT prj_stat, del_flag FROM projects WHERE prj_id = :prj',
          { replacements: { prj: prj ?? 0 }, type: QueryTypes.SELECT, transaction },
        );
        if (!projects[0]) return [400, 'project unknown'];
        // 2015-01-27 mk: 200, see freelancers
        if (people[0].frl_stat === 'B' || people[0].del_flag === 'Y') return [200, 'freelancer blocked'];
        if (['done', 'canc'].includes(projects[0].prj_stat) || projects[0].del_flag === 'Y')
          return [200, 'project closed'];
        if (await tooMuch(frl!, day, hours, 0, transaction)) return [400, 'more than 24 hours'];
        const agreed = await db.query<{ rate_ct: number }>(
          'SELECT rate_ct FROM project_freelancers WHERE prj_id = :prj AND frl_id = :frl',
          { replacements: { prj, frl }, type: QueryTypes.SELECT, transaction },
        );
        const row = await Timesheet.create(
          {
            frl_id: frl,
            prj_id: prj,
            tsh_day: day,
            tsh_hours: hours,
            tsh_stat: 'draft',
            // of the assignment, and without one his own. It stays, whatever happens to them later
            rate_ct: agreed[0] ? agreed[0].rate_ct : people[0].rate_ct,
            is_billable: b.is_billable === 'N' ? 0 : 1,
            tsh_text: text(b.tsh_text),
            created: now,
            changed: now,
          },
          { transaction },
        );
        return row.get('tsh_id') as number;
      }),
    ).catch((err: unknown): [number, string] => {
      // the freelancer is locked, so it was the project that somebody deleted
      if (err instanceof ForeignKeyConstraintError) return [400, 'project unknown'];
      throw err;
    });
    if (Array.isArray(outcome)) {
      res.status(outcome[0]).json({ error: outcome[1] });
      return;
    }
    await answer(outcome, res);
  }

  // day, hours, text, billable. Who and where cannot be changed, delete it and write a new one
  async function update(req: Request, res: Response) {
    const id = idOf(req, res, 'timesheet');
    if (id === null) return;
    const b = req.body || {};
    const set: Record<string, string | number | null> = {};
    if (b.tsh_day !== undefined) {
      const day = readDate(b.tsh_day);
      if (!day) {
        res.status(400).json({ error: 'tsh_day invalid' });
        return;
      }
      set.tsh_day = day;
    }
    if (b.tsh_hours !== undefined) {
      const hours = readHours(b.tsh_hours);
      if (hours === null) {
        res.status(400).json({ error: 'tsh_hours invalid' });
        return;
      }
      set.tsh_hours = hours;
    }
    if (b.tsh_text !== undefined) set.tsh_text = text(b.tsh_text);
    if (b.is_billable !== undefined) set.is_billable = b.is_billable === 'N' ? 0 : 1;
    // 2020-11-09 ts: who it belongs to, outside of the transaction. With a look before the lock, mysql goes on showing
    // what was there then: two at once, both saw room for their hours
    const known = await load(id);
    const outcome = await again(() =>
      db.transaction(async (transaction): Promise<[number, string] | null> => {
        const row = known && (await locked(known, transaction));
        if (!row) return [404, 'timesheet not found'];
        if (row.tsh_stat === 'appr' || row.tsh_stat === 'paid') return [400, 'wrong state'];
        const day = String(set.tsh_day ?? row.tsh_day);
        const hours = String(set.tsh_hours ?? row.tsh_hours);
        if (await tooMuch(row.frl_id, day, hours, id, transaction)) return [400, 'more than 24 hours'];
        // a rejected one starts again
        if (row.tsh_stat === 'rej') set.tsh_stat = 'draft';
        await Timesheet.update({ ...set, changed: nowDb() }, { where: { tsh_id: id }, transaction });
        return null;
      }),
    );
    if (outcome) {
      res.status(outcome[0]).json({ error: outcome[1] });
      return;
    }
    await answer(id, res);
  }

  async function remove(req: Request, res: Response) {
    const id = idOf(req, res, 'timesheet');
    if (id === null) return;
    const gone = await again(() =>
      changeRows(db, "DELETE FROM timesheets WHERE tsh_id = :id AND tsh_stat IN ('draft', 'rej')", { id }),
    );
    if (gone > 0) {
      res.json({ ok: true });
      return;
    }
    if (await load(id)) res.status(409).json({ error: 'wrong state' });
    else res.status(404).json({ error: 'timesheet not found' });
  }

  async function submit(req: Request, res: Response) {
    await move(req, res, ['draft'], 'subm', 'appr_usr_id = NULL, appr_at = NULL', '');
  }

  async function approve(req: Request, res: Response) {
    await move(req, res, ['subm'], 'appr', 'appr_usr_id = :usr, appr_at = :now', '');
  }

  // the reason goes into the text, there was no column left (2016-06-14 mk)
  async function reject(req: Request, res: Response) {
    const reason = req.body?.reason;
    if (blank(reason)) {
      res.status(400).json({ error: 'reason missing' });
      return;
    }
    const txt = text(reason)!.slice(0, 200);
    await move(req, res, ['subm', 'appr'], 'rej', 'tsh_text = :txt, appr_usr_id = NULL, appr_at = NULL', txt);
  }

  async function move(req: Request, res: Response, from: string[], to: string, also: string, txt: string) {
    const id = idOf(req, res, 'timesheet');
    if (id === null) return;
    const moved = await again(() =>
      db.transaction(async (transaction) => {
        const rows = await changeRows(
          db,
          `UPDATE timesheets SET tsh_stat = :to, ${also}, changed = :now WHERE tsh_id = :id AND tsh_stat IN (:from)`,
          { id, to, from, now: nowDb(), usr: req.session.usr_id, txt },
          transaction,
        );
        if (rows === 0) return false;
        const line = `${to}${txt ? `: ${txt}` : ''}`;
        await note(db, { tab: 'timesheets', id, usr: req.session.usr_login, txt: line }, transaction);
        return true;
      }),
    );
    // 400 and not 409: this one is older than the one for projects
    if (!moved && (await load(id))) {
      res.status(400).json({ error: 'wrong state' });
      return;
    }
    await answer(id, res);
  }

  /** More than 24 hours on one day, over all projects, rejected ones left out. */
  async function tooMuch(
    frl: number,
    day: string,
    hours: string,
    except: number,
    transaction: Transaction,
  ): Promise<boolean> {
    const rows = await db.query<{ sum: string | number | null }>(
      `SELECT SUM(tsh_hours) AS sum FROM timesheets
        WHERE frl_id = :frl AND tsh_day = :day AND tsh_stat <> 'rej' AND tsh_id <> :except`,
      { replacements: { frl, day, except }, type: QueryTypes.SELECT, transaction },
    );
    // quarters, so a double holds them exactly
    return Number(rows[0]!.sum || 0) + Number(hours) > 24;
  }

  // sqlite has one writer anyway, and does not know the words
  function forUpdate(): string {
    return db.getDialect() === 'sqlite' ? '' : ' FOR UPDATE';
  }

  async function locked(
    { tsh_id: id, frl_id: frl }: TshRow,
    transaction: Transaction,
  ): Promise<TshRow | undefined> {
    // the freelancer first, as create does, or the two wait for each other
    await db.query(`SELECT frl_id FROM freelancers WHERE frl_id = :frl${forUpdate()}`, {
      replacements: { frl },
      type: QueryTypes.SELECT,
      transaction,
    });
    const rows = await db.query<TshRow>(`SELECT * FROM timesheets WHERE tsh_id = :id${forUpdate()}`, {
      replacements: { id },
      type: QueryTypes.SELECT,
      transaction,
    });
    return rows[0];
  }

  async function answer(id: number, res: Response): Promise<void> {
    const row = await load(id);
    if (!row) {
      res.status(404).json({ error: 'timesheet not found' });
      return;
    }
    res.json(shown(row));
  }

  async function load(id: number): Promise<TshRow | null> {
    const rows = await db.query<TshRow>(`${ROW} WHERE t.tsh_id = :id`, {
      replacements: { id },
      type: QueryTypes.SELECT,
    });
    return rows[0] || null;
  }

  return { list, get, create, update, remove, submit, approve, reject };
}

function shown(r: TshRow) {
  return {
    tsh_id: r.tsh_id,
    frl_id: r.frl_id,
    frl_name: r.frl_name,
    prj_id: r.prj_id,
    prj_title: r.prj_title,
    tsh_day: showDate(r.tsh_day),
    tsh_hours: Number(r.tsh_hours).toFixed(2),
    tsh_stat: r.tsh_stat,
    rate_ct: r.rate_ct,
    // Y/N: the mainframe people (2016-06-14 mk)
    is_billable: r.is_billable === 0 ? 'N' : 'Y',
    tsh_text: r.tsh_text || '',
    appr_usr_id: r.appr_usr_id,
    appr_at: showDateTime(r.appr_at),
    pay_id: r.pay_id,
    created: showDate(r.created),
    changed: showDateTime(r.changed),
  };
}
