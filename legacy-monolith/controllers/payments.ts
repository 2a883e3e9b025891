import type { Request, Response } from 'express';
import { QueryTypes, type Sequelize } from 'sequelize';
import type { Models } from '../db/models.ts';
import { changeRows } from '../lib/affected.ts';
import { again } from '../lib/again.ts';
import { note } from '../lib/chg-log.ts';
import { nowDb, readDate, showDate, showDateTime } from '../lib/dates.ts';
import { monthSpan, readMonth } from '../lib/hours.ts';
import { idOf } from '../lib/id.ts';
import { blank, last, MAX_INT, text } from '../lib/input.ts';
import { decimal, readDecimal, timesheetCents } from '../lib/money.ts';
import { paging } from '../lib/paging.ts';

type PayRow = {
  pay_id: number;
  frl_id: number | null;
  frl_name: string | null;
  pay_run: string;
  amount: string | number;
  cur: string;
  pay_stat: string;
  paid_at: string | null;
  ref_txt: string | null;
  ext_no: string | null;
  imp_id: number | null;
  created: string;
  changed: string;
};

const STATS = ['open', 'paid', 'fail'];
// the numbers of a statement must be below what mysql takes as one packet
const IDS_AT_ONCE = 1000;

/** Everything under /api/payments. */
export function paymentController(db: Sequelize, models: Models) {
  const { Payment } = models;

  async function list(req: Request, res: Response) {
    const where: string[] = [];
    const repl: Record<string, string | number> = {};
    const run = readMonth(last(req.query.run));
    if (run) {
      where.push('y.pay_run = :run');
      repl.run = run;
    }
    const frl = parseInt(last(req.query.frl), 10);
    if (!Number.isNaN(frl)) {
      where.push('y.frl_id = :frl');
      repl.frl = Math.max(-1, Math.min(frl, MAX_INT));
    }
    const stat = last(req.query.stat);
    if (STATS.includes(stat)) {
      where.push('y.pay_stat = :stat');
      repl.stat = stat;
    }
    const cond = where.length > 0 ? `WHERE ${where.join(' AND ')}` : '';
    const count = await db.query<{ cnt: number; total: string | number | null }>(
      // in cents: sqlite adds decimals as floats
      `SELECT COUNT(*) AS cnt, SUM(ROUND(y.amount * 100)) AS total FROM payments y ${cond}`,
      { replacements: repl, type: QueryTypes.SELECT },
    );
    const total = Number(count[0]!.cnt);
    const { size, offset } = paging(req, total);
    let order = 'y.pay_id DESC';
    const sort = last(req.query.sort);
    if (sort === 'id') order = 'y.pay_id ASC';
    if (sort === 'amount') order = 'y.amount ASC, y.pay_id DESC';
    if (sort === '-amount') order = 'y.amount DESC, y.pay_id DESC';
    if (sort === 'run') order = 'y.pay_run ASC, y.pay_id DESC';
    if (sort === '-run') order = 'y.pay_run DESC, y.pay_id DESC';
    const rows = await db.query<PayRow>(
      `SELECT y.*, f.frl_name FROM payments y LEFT JOIN freelancers f ON f.frl_id = y.frl_id
         ${cond} ORDER BY ${order} LIMIT :lim OFFSET :off`,
      { replacements: { ...repl, lim: size, off: offset }, type: QueryTypes.SELECT },
    );
    res.json({
      rows: rows.map(shown),
      total,
      sum: decimal(BigInt(Math.round(Number(count[0]!.total || 0)))),
    });
  }

  async function get(req: Request, res: Response) {
    const id = idOf(req, res, 'payment');
    if (id === null) return;
    await answer(id, res);
  }

  // 2017-03-30 mk: THE RUN. One payment for each freelancer, over everything approved in the month.
  // The timesheets say 'paid' from here on although the bank knows nothing yet, the screens were built that way
  async function run(req: Request, res: Response) {
    const month = readMonth(req.body?.month);
    if (!month) {
      res.status(400).json({ error: 'month invalid' });
      return;
    }
    if (month > nowDb().slice(0, 7)) {
      res.status(400).json({ error: 'month is not over' });
      return;
    }
    const { from, to } = monthSpan(month);
    const done = await again(() =>
      db.transaction(async (transaction) => {
        // FOR UPDATE: two runs at once, the second one waits here and finds nothing (2017-05-02 mk: paid twice!)
        const sheets = await db.query<{
          tsh_id: number;
          frl_id: number;
          tsh_hours: string | number;
          rate_ct: number;
        }>(
          `SELECT tsh_id, frl_id, tsh_hours, rate_ct FROM timesheets
            WHERE tsh_stat = 'appr' AND pay_id IS NULL AND tsh_day >= :from AND tsh_day < :to
            ORDER BY frl_id, tsh_id${db.getDialect() === 'sqlite' ? '' : ' FOR UPDATE'}`,
          { replacements: { from, to }, type: QueryTypes.SELECT, transaction },
        );
        const people = new Map<number, { ids: number[]; cents: bigint }>();
        for (const sheet of sheets) {
          const of = people.get(sheet.frl_id) ?? { ids: [], cents: 0n };
          of.ids.push(sheet.tsh_id);
          of.cents += timesheetCents(sheet.tsh_hours, sheet.rate_ct);
          people.set(sheet.frl_id, of);
        }
        let sum = 0n;
        const now = nowDb();
        for (const [frl, { ids, cents }] of people) {
          const payment = await Payment.create(
            {
              frl_id: frl,
              pay_run: month,
              amount: decimal(cents),
              cur: 'EUR',
              pay_stat: 'open',
              ref_txt: `HONORAR ${month}`,
              created: now,
              changed: now,
            },
            { transaction },
          );
          const id = payment.get('pay_id') as number;
          for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
            await changeRows(
              db,
              "UPDATE timesheets SET tsh_stat = 'paid', pay_id = :id, changed = :now WHERE tsh_id IN (:ids)",
              { id, now, ids: ids.slice(at, at + IDS_AT_ONCE) },
              transaction,
            );
          }
          await note(
            db,
            { tab: 'payments', id, usr: req.session.usr_login, txt: `run ${month}` },
            transaction,
          );
          sum += cents;
        }
        return { payments: people.size, timesheets: sheets.length, sum: decimal(sum) };
      }),
    );
    res.json({ ok: true, month, ...done });
  }

  async function paid(req: Request, res: Response) {
    const id = idOf(req, res, 'payment');
    if (id === null) return;
    const b = req.body || {};
    let at = nowDb();
    if (!blank(b.paid_at)) {
      const day = readDate(b.paid_at);
      if (!day) {
        res.status(400).json({ error: 'paid_at invalid' });
        return;
      }
      at = `${day} 00:00:00`;
    }
    const moved = await again(() =>
      db.transaction(async (transaction) => {
        const rows = await changeRows(
          db,
          "UPDATE payments SET pay_stat = 'paid', paid_at = :at, changed = :now WHERE pay_id = :id AND pay_stat = 'open'",
          { id, at, now: nowDb() },
          transaction,
        );
        if (rows > 0)
          await note(db, { tab: 'payments', id, usr: req.session.usr_login, txt: 'paid' }, transaction);
        return rows > 0;
      }),
    );
    await answerMoved(id, moved, res);
  }

  // the bank sent it back: the timesheets are open again and the next run takes them
  async function fail(req: Request, res: Response) {
    const id = idOf(req, res, 'payment');
    if (id === null) return;
    const reason = req.body?.reason;
    if (blank(reason)) {
      res.status(400).json({ error: 'reason missing' });
      return;
    }
    const txt = text(reason)!.slice(0, 140);
    const moved = await again(() =>
      db.transaction(async (transaction) => {
        const now = nowDb();
        const rows = await changeRows(
          db,
          "UPDATE payments SET pay_stat = 'fail', ref_txt = :txt, changed = :now WHERE pay_id = :id AND pay_stat = 'open'",
          { id, txt, now },
          transaction,
        );
        if (rows === 0) return false;
        await changeRows(
          db,
          "UPDATE timesheets SET tsh_stat = 'appr', pay_id = NULL, changed = :now WHERE pay_id = :id",
          { id, now },
          transaction,
        );
        await note(db, { tab: 'payments', id, usr: req.session.usr_login, txt: `fail: ${txt}` }, transaction);
        return true;
      }),
    );
    await answerMoved(id, moved, res);
  }

  async function answerMoved(id: number, moved: boolean, res: Response): Promise<void> {
    if (!moved && (await load(id))) {
      res.status(409).json({ error: 'not open' });
      return;
    }
    await answer(id, res);
  }

  async function answer(id: number, res: Response): Promise<void> {
    const row = await load(id);
    if (!row) {
      res.status(404).json({ error: 'payment not found' });
      return;
    }
    const sheets = await db.query<{
      tsh_id: number;
      prj_id: number;
      tsh_day: string;
      tsh_hours: string | number;
      rate_ct: number;
    }>(
      'SELECT tsh_id, prj_id, tsh_day, tsh_hours, rate_ct FROM timesheets WHERE pay_id = :id ORDER BY tsh_day, tsh_id',
      { replacements: { id }, type: QueryTypes.SELECT },
    );
    res.json({
      ...shown(row),
      timesheets: sheets.map((t) => ({
        tsh_id: t.tsh_id,
        prj_id: t.prj_id,
        tsh_day: showDate(t.tsh_day),
        tsh_hours: Number(t.tsh_hours).toFixed(2),
        rate_ct: t.rate_ct,
      })),
    });
  }

  async function load(id: number): Promise<PayRow | null> {
    const rows = await db.query<PayRow>(
      'SELECT y.*, f.frl_name FROM payments y LEFT JOIN freelancers f ON f.frl_id = y.frl_id WHERE y.pay_id = :id',
      { replacements: { id }, type: QueryTypes.SELECT },
    );
    return rows[0] || null;
  }

  return { list, get, run, paid, fail };
}

function shown(r: PayRow) {
  return {
    pay_id: r.pay_id,
    frl_id: r.frl_id,
    frl_name: r.frl_name || '',
    pay_run: r.pay_run,
    amount: readDecimal(r.amount),
    cur: r.cur,
    pay_stat: r.pay_stat,
    paid_at: showDate(r.paid_at),
    ref_txt: r.ref_txt || '',
    ext_no: r.ext_no || '',
    imp_id: r.imp_id,
    created: showDate(r.created),
    changed: showDateTime(r.changed),
  };
}
