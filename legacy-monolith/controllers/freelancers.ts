import type { Request, Response } from 'express';
import { QueryTypes, type Sequelize, UniqueConstraintError } from 'sequelize';
import type { Models } from '../db/models.ts';
import { nowDb, readDate, showDate, showDateTime } from '../lib/dates.ts';
import { blank, cents, last, limitTo, MAX_INT, text } from '../lib/input.ts';
import { fold } from '../lib/matchcode.ts';

type FrlRow = {
  frl_id: number;
  frl_name: string;
  frl_match: string;
  frl_email: string | null;
  frl_phone: string | null;
  frl_stat: string;
  blk_reason: string | null;
  rate_ct: number;
  cur: string;
  skills_csv: string | null;
  city: string | null;
  country: string | null;
  avail_from: string | null;
  notes: string | null;
  del_flag: string;
  created: string;
  changed: string;
};

/** Everything under /api/freelancers. */
export function freelancerController(db: Sequelize, models: Models) {
  const { Freelancer } = models;
  // 2021-09-14 ts: mysql compares ü = u and A = a, sqlite does not. bytes are bytes on both
  const bytes = (sql: string) => (db.getDialect() === 'sqlite' ? sql : `CAST(${sql} AS BINARY)`);

  // 2014-03-11 mk: list for the search screen. KEEP THE ORDER OF THE FIELDS, the Excel macro counts columns
  async function list(req: Request, res: Response) {
    const where: string[] = [];
    const repl: Record<string, string | number> = {};

    const del = last(req.query.del);
    if (del === 'Y') where.push("del_flag = 'Y'");
    else if (del !== 'all') where.push("del_flag = 'N'");

    // % and _ out, they used to be wildcards (2014-09-02 mk: customer searched for "100%")
    const q = fold(last(req.query.q)).replace(/[%_]/g, '');
    if (q !== '') {
      where.push(
        `(INSTR(${bytes('frl_match')}, :q) > 0 OR INSTR(${bytes('UPPER(frl_email)')}, :q) > 0 OR INSTR(${bytes('UPPER(skills_csv)')}, :q) > 0)`,
      );
      repl.q = q;
    }

    const stat = last(req.query.stat);
    if (stat === 'A' || stat === 'I' || stat === 'B') {
      where.push('frl_stat = :stat');
      repl.stat = stat;
    }

    const skill = text(last(req.query.skill).replace(/[%_]/g, ''))!;
    if (skill !== '') {
      // 2016-11-21 mk: commas around, "java" must not find "javascript"
      where.push(
        skill.includes(',')
          ? '1 = 0'
          : `INSTR(${bytes("UPPER(CONCAT(',', skills_csv, ','))")}, UPPER(:skill)) > 0`,
      );
      repl.skill = `,${skill},`;
    }

    const rateMin = parseInt(last(req.query.rate_min), 10);
    if (!Number.isNaN(rateMin)) {
      where.push('rate_ct >= :rateMin');
      repl.rateMin = limitTo(rateMin, MAX_INT + 1);
    }
    const rateMax = parseInt(last(req.query.rate_max), 10);
    if (!Number.isNaN(rateMax)) {
      where.push('rate_ct <= :rateMax');
      repl.rateMax = limitTo(rateMax, MAX_INT + 1);
    }

    const availBy = readDate(last(req.query.avail_by));
    if (availBy) {
      // the zero dates of the old import are smaller than every date, so they are in
      where.push('(avail_from IS NULL OR avail_from <= :availBy)');
      repl.availBy = availBy;
    }

    const cond = where.length > 0 ? `WHERE ${where.join(' AND ')}` : '';
    const count = await db.query<{ cnt: number }>(`SELECT COUNT(*) AS cnt FROM freelancers ${cond}`, {
      replacements: repl,
      type: QueryTypes.SELECT,
    });
    const total = Number(count[0]!.cnt);

    let size = parseInt(last(req.query.size), 10);
    if (Number.isNaN(size) || size < 1) size = 20;
    if (size > 100) size = 100;
    let page = parseInt(last(req.query.page), 10);
    if (Number.isNaN(page) || page < 1) page = 1;
    // 2015-06-10 mk: beyond the end = last page (user deletes the only row on the last page and sees nothing)
    const pages = Math.max(1, Math.ceil(total / size));
    if (page > pages) page = pages;

    let order = 'frl_match ASC';
    const sort = last(req.query.sort);
    if (sort === '-name') order = 'frl_match DESC';
    if (sort === 'rate') order = 'rate_ct ASC';
    if (sort === '-rate') order = 'rate_ct DESC';
    if (sort === 'id') order = 'frl_id ASC';
    if (sort === '-id') order = 'frl_id DESC';

    const rows = await db.query<FrlRow>(
      `SELECT frl_id, frl_name, frl_stat, rate_ct, cur, skills_csv, city, avail_from, del_flag
         FROM freelancers ${cond}
        ORDER BY ${order}, frl_id DESC
        LIMIT :lim OFFSET :off`,
      { replacements: { ...repl, lim: size, off: (page - 1) * size }, type: QueryTypes.SELECT },
    );
    res.set('X-Total-Count', String(total));
    res.json(
      rows.map((r) => ({
        frl_id: r.frl_id,
        frl_name: r.frl_name,
        frl_stat: r.frl_stat,
        rate_ct: r.rate_ct,
        cur: r.cur,
        skills_csv: r.skills_csv || '',
        city: r.city || '',
        avail_from: showDate(r.avail_from),
        del_flag: r.del_flag,
      })),
    );
  }

  async function get(req: Request, res: Response) {
    const id = parseInt(String(req.params.id), 10);
    if (Number.isNaN(id)) {
      res.status(500).json({ error: 'invalid id' });
      return;
    }
    const row = await load(id);
    if (!row) {
      res.status(404).json({ error: 'freelancer not found' });
      return;
    }
    res.json(detail(row));
  }

  async function create(req: Request, res: Response) {
    const b = req.body || {};
    if (blank(b.frl_name)) {
      res.status(400).json({ error: 'frl_name missing' });
      return;
    }
    if (b.frl_stat !== undefined && b.frl_stat !== 'A' && b.frl_stat !== 'I' && b.frl_stat !== 'B') {
      res.status(400).json({ error: 'frl_stat invalid' });
      return;
    }
    const rate = b.rate_ct === undefined ? 0 : cents(b.rate_ct);
    if (rate === null) {
      res.status(400).json({ error: 'rate_ct invalid' });
      return;
    }
    let avail: string | null = null;
    if (b.avail_from !== undefined && b.avail_from !== null && b.avail_from !== '') {
      avail = readDate(b.avail_from);
      if (!avail) {
        res.status(400).json({ error: 'avail_from invalid' });
        return;
      }
    }
    const email = text(b.frl_email) || null;
    if (email && (await emailTaken(email, 0))) {
      // 2015-01-27 mk: 200, the old client shows its crash dialog on anything else
      res.json({ error: 'email exists' });
      return;
    }
    const name = text(b.frl_name)!;
    const now = nowDb();
    let id: number;
    try {
      const row = await Freelancer.create({
        frl_name: name,
        frl_match: fold(name),
        frl_email: email,
        frl_phone: text(b.frl_phone),
        frl_stat: b.frl_stat === undefined ? 'A' : b.frl_stat,
        blk_reason: text(b.blk_reason),
        rate_ct: rate,
        cur: text(b.cur) || 'EUR',
        skills_csv: csv(b.skills_csv),
        city: text(b.city),
        country: text(b.country),
        avail_from: avail,
        notes: text(b.notes),
        del_flag: 'N',
        created: now,
        changed: now,
      });
      id = row.get('frl_id') as number;
    } catch (err) {
      // two at once
      if (err instanceof UniqueConstraintError) {
        res.json({ error: 'email exists' });
        return;
      }
      throw err;
    }
    res.json(detail((await load(id))!));
  }

  // 2014-04-02 mk: copied from create
  async function update(req: Request, res: Response) {
    const id = parseInt(String(req.params.id), 10);
    if (Number.isNaN(id)) {
      res.status(500).json({ error: 'invalid id' });
      return;
    }
    const row = await load(id);
    if (!row) {
      res.status(404).json({ error: 'freelancer not found' });
      return;
    }
    const b = req.body || {};
    const set: Partial<FrlRow> = {};
    if (b.frl_name !== undefined) {
      if (blank(b.frl_name)) {
        res.status(400).json({ error: 'frl_name missing' });
        return;
      }
      set.frl_name = text(b.frl_name)!;
      set.frl_match = fold(set.frl_name);
    }
    if (b.frl_stat !== undefined) {
      if (b.frl_stat !== 'A' && b.frl_stat !== 'I' && b.frl_stat !== 'B') {
        res.status(400).json({ error: 'frl_stat invalid' });
        return;
      }
      set.frl_stat = b.frl_stat;
    }
    if (b.rate_ct !== undefined) {
      const rate = cents(b.rate_ct);
      if (rate === null) {
        res.status(400).json({ error: 'rate_ct invalid' });
        return;
      }
      set.rate_ct = rate;
    }
    if (b.avail_from !== undefined) {
      set.avail_from = null;
      if (b.avail_from !== null && b.avail_from !== '') {
        set.avail_from = readDate(b.avail_from);
        if (!set.avail_from) {
          res.status(400).json({ error: 'avail_from invalid' });
          return;
        }
      }
    }
    if (b.frl_email !== undefined) {
      set.frl_email = text(b.frl_email) || null;
      if (set.frl_email && (await emailTaken(set.frl_email, id))) {
        res.json({ error: 'email exists' });
        return;
      }
    }
    if (b.frl_phone !== undefined) set.frl_phone = text(b.frl_phone);
    if (b.blk_reason !== undefined) set.blk_reason = text(b.blk_reason);
    if (b.cur !== undefined) set.cur = text(b.cur) || 'EUR';
    if (b.skills_csv !== undefined) set.skills_csv = csv(b.skills_csv);
    if (b.city !== undefined) set.city = text(b.city);
    if (b.country !== undefined) set.country = text(b.country);
    if (b.notes !== undefined) set.notes = text(b.notes);

    // last one wins (2014-04-02 mk: ask Jutta whether two people ever edit the same freelancer. 2014-05-19: no)
    const keys = Object.keys(set) as (keyof FrlRow)[];
    if (keys.some((k) => set[k] !== row[k])) {
      try {
        await Freelancer.update({ ...set, changed: nowDb() }, { where: { frl_id: id } });
      } catch (err) {
        if (err instanceof UniqueConstraintError) {
          res.json({ error: 'email exists' });
          return;
        }
        throw err;
      }
    }
    res.json(detail((await load(id))!));
  }

  async function activate(req: Request, res: Response) {
    const id = parseInt(String(req.params.id), 10);
    if (Number.isNaN(id)) {
      res.status(500).json({ error: 'invalid id' });
      return;
    }
    const row = await load(id);
    if (!row) {
      res.status(404).json({ error: 'freelancer not found' });
      return;
    }
    if (row.frl_stat !== 'A') {
      await db.query(
        "UPDATE freelancers SET frl_stat = 'A', blk_reason = NULL, changed = :now WHERE frl_id = :id",
        {
          replacements: { id, now: nowDb() },
        },
      );
    }
    res.json(detail((await load(id))!));
  }

  // 2017-08-23 mk: reason is a must since the thing with the works council
  async function block(req: Request, res: Response) {
    const id = parseInt(String(req.params.id), 10);
    if (Number.isNaN(id)) {
      res.status(500).json({ error: 'invalid id' });
      return;
    }
    const row = await load(id);
    if (!row) {
      res.status(404).json({ error: 'freelancer not found' });
      return;
    }
    const b = req.body || {};
    if (blank(b.reason)) {
      res.status(400).json({ error: 'reason missing' });
      return;
    }
    if (row.frl_stat === 'B') {
      res.status(400).json({ error: 'already blocked' });
      return;
    }
    await db.query(
      "UPDATE freelancers SET frl_stat = 'B', blk_reason = :reason, changed = :now WHERE frl_id = :id",
      {
        replacements: { id, reason: text(b.reason), now: nowDb() },
      },
    );
    res.json(detail((await load(id))!));
  }

  // never really deleted, timesheets hang on it
  async function remove(req: Request, res: Response) {
    const id = parseInt(String(req.params.id), 10);
    if (Number.isNaN(id)) {
      res.status(500).json({ error: 'invalid id' });
      return;
    }
    const row = await load(id);
    if (!row) {
      res.status(404).json({ error: 'freelancer not found' });
      return;
    }
    if (row.del_flag !== 'Y') {
      await db.query("UPDATE freelancers SET del_flag = 'Y', changed = :now WHERE frl_id = :id", {
        replacements: { id, now: nowDb() },
      });
    }
    res.json({ ok: true });
  }

  async function load(id: number): Promise<FrlRow | null> {
    if (id < 1 || id > MAX_INT) return null;
    const rows = await db.query<FrlRow>('SELECT * FROM freelancers WHERE frl_id = :id', {
      replacements: { id },
      type: QueryTypes.SELECT,
    });
    return rows[0] || null;
  }

  async function emailTaken(email: string, exceptId: number): Promise<boolean> {
    const rows = await db.query(
      'SELECT frl_id FROM freelancers WHERE UPPER(frl_email) = UPPER(:email) AND frl_id <> :exceptId',
      {
        replacements: { email, exceptId },
        type: QueryTypes.SELECT,
      },
    );
    return rows.length > 0;
  }

  return { list, get, create, update, activate, block, remove };
}

function detail(r: FrlRow) {
  return {
    frl_id: r.frl_id,
    frl_name: r.frl_name,
    frl_match: r.frl_match,
    frl_email: r.frl_email || '',
    frl_phone: r.frl_phone || '',
    frl_stat: r.frl_stat,
    blk_reason: r.blk_reason || '',
    rate_ct: r.rate_ct,
    cur: r.cur,
    skills_csv: r.skills_csv || '',
    city: r.city || '',
    country: r.country || '',
    avail_from: showDate(r.avail_from),
    notes: r.notes || '',
    del_flag: r.del_flag,
    created: showDate(r.created),
    changed: showDateTime(r.changed),
  };
}

// "Java, SQL,,java" -> "Java,SQL"
function csv(v: unknown): string {
  const seen: string[] = [];
  for (const s of (text(v) || '').replace(/\s+/g, '').split(',')) {
    if (s !== '' && !seen.some((other) => other.toUpperCase() === s.toUpperCase())) seen.push(s);
  }
  return seen.join(',');
}
