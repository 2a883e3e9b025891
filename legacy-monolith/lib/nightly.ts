import { QueryTypes, type Sequelize, type Transaction } from 'sequelize';
import { changeRows } from './affected.ts';
import { again } from './again.ts';
import { nowDb } from './dates.ts';
import { monthSpan } from './hours.ts';
import { decimal } from './money.ts';

export type Step = { readonly step: string; readonly rows: number };

const STATISTIC_MONTHS = 3;
/** Paid invoices of twelve months from here on make a VIP, in cents. */
const VIP_FROM_CT = 25_000_000;

/**
 * What cron starts at half past two. 2017-11-06 mk: straight into the tables, the API is too slow for it. `changed`
 * stays as it is on purpose: the office sorts by it and does not want to find everything on top in the morning.
 * Safe to run again, and while people work: every step is a transaction of its own.
 */
export async function nightly(db: Sequelize, today: string, now: string = nowDb()): Promise<Step[]> {
  const steps: [string, (transaction: Transaction) => Promise<number>][] = [
    ['projects over', (t) => changeRows(db, OVER, { today }, t)],
    ['invoices of nothing paid', (t) => changeRows(db, NOTHING_TO_PAY, {}, t)],
    ['freelancers busy', (t) => busyFreelancers(db, today, t)],
    ['customers vip', (t) => vips(db, today, t)],
    ['sessions over', (t) => changeRows(db, 'DELETE FROM sessions WHERE expires < :now', { now }, t)],
  ];
  for (const month of monthsBefore(today, STATISTIC_MONTHS))
    steps.push([`statistics ${month}`, (t) => statistics(db, month, now, t)]);
  const done: Step[] = [];
  for (const [step, work] of steps) {
    const rows = await again(() => db.transaction(work));
    done.push({ step, rows });
  }
  return done;
}

// open ones too: nobody ever presses "run" for the short ones
const OVER = `UPDATE projects SET prj_stat = 'done'
  WHERE prj_stat IN ('open', 'run') AND date_to < :today AND date_to > '0000-00-00'`;
const NOTHING_TO_PAY = "UPDATE invoices SET inv_stat = 'paid' WHERE inv_stat = 'open' AND gross = 0";

/** Who is on a running project is free from the day after its end, unless somebody wrote in a later day. Without an end he stays as he is. */
async function busyFreelancers(db: Sequelize, today: string, transaction: Transaction): Promise<number> {
  const rows = await db.query<{ frl_id: number; until: string; avail_from: string | null }>(
    `SELECT f.frl_id, f.avail_from, MAX(x.date_to) AS until
       FROM freelancers f
       JOIN project_freelancers x ON x.frl_id = f.frl_id
       JOIN projects p ON p.prj_id = x.prj_id
      WHERE p.prj_stat = 'run' AND x.date_to >= :today
      GROUP BY f.frl_id, f.avail_from`,
    { replacements: { today }, type: QueryTypes.SELECT, transaction },
  );
  let changed = 0;
  for (const { frl_id, until, avail_from } of rows) {
    const free = dayAfter(until);
    if (free === null || (avail_from !== null && avail_from >= free)) continue;
    changed += await changeRows(
      db,
      'UPDATE freelancers SET avail_from = :free WHERE frl_id = :id AND (avail_from IS NULL OR avail_from < :free)',
      { free, id: frl_id },
      transaction,
    );
  }
  return changed;
}

/** Nobody is ever taken off the list again, sales would not have it (2020-01-13 ts). */
async function vips(db: Sequelize, today: string, transaction: Transaction): Promise<number> {
  return changeRows(
    db,
    `UPDATE customers SET is_vip = 1
      WHERE is_vip = 0 AND cus_id IN (
        SELECT cus_id FROM (
          SELECT i.cus_id FROM invoices i
           WHERE i.inv_stat = 'paid' AND i.inv_date >= :from AND i.inv_date <= :today AND i.cus_id IS NOT NULL
           GROUP BY i.cus_id HAVING SUM(ROUND(i.net * 100)) >= :limit) big)`,
    { from: `${Number(today.slice(0, 4)) - 1}${today.slice(4)}`, today, limit: VIP_FROM_CT },
    transaction,
  );
}

/** Throws one month of stat_month away and counts it again: by the name, not by the number. */
async function statistics(
  db: Sequelize,
  month: string,
  now: string,
  transaction: Transaction,
): Promise<number> {
  const { from, to } = monthSpan(month);
  await changeRows(db, 'DELETE FROM stat_month WHERE sta_month = :month', { month }, transaction);
  const rows = await db.query<{
    name: string;
    cnt: number;
    quarters: number;
    cost_ct: number;
    net_ct: number;
  }>(
    `SELECT c.name, SUM(c.cnt) AS cnt, SUM(c.quarters) AS quarters, SUM(c.cost_ct) AS cost_ct, SUM(c.net_ct) AS net_ct
       FROM (SELECT COALESCE(k.fibu_name, '?') AS name, COUNT(*) AS cnt, SUM(ROUND(t.tsh_hours * 4)) AS quarters,
                    SUM(ROUND(t.tsh_hours * t.rate_ct)) AS cost_ct, 0 AS net_ct
               FROM timesheets t JOIN projects p ON p.prj_id = t.prj_id JOIN customers k ON k.cus_id = p.cus_id
              WHERE t.tsh_day >= :from AND t.tsh_day < :to AND t.tsh_stat IN ('appr', 'paid')
              GROUP BY k.cus_id, k.fibu_name
             UNION ALL
             SELECT COALESCE(k.fibu_name, '?'), 0, 0, 0, SUM(ROUND(i.net * 100))
               FROM invoices i JOIN customers k ON k.cus_id = i.cus_id
              WHERE i.inv_date >= :from AND i.inv_date < :to AND i.inv_stat <> 'canc'
              GROUP BY k.cus_id, k.fibu_name) c
      GROUP BY c.name ORDER BY c.name`,
    { replacements: { from, to }, type: QueryTypes.SELECT, transaction },
  );
  for (const { name, cnt, quarters, cost_ct, net_ct } of rows) {
    await db.query(
      `INSERT INTO stat_month (sta_month, cus_name, tsh_cnt, hours, cost, net, created)
       VALUES (:month, :name, :cnt, :hours, :cost, :net, :now)`,
      {
        replacements: {
          month,
          name,
          cnt: Number(cnt),
          hours: (Number(quarters) / 4).toFixed(2),
          cost: decimal(BigInt(Math.round(Number(cost_ct)))),
          net: decimal(BigInt(Math.round(Number(net_ct)))),
          now,
        },
        transaction,
      },
    );
  }
  return rows.length;
}

/** Null behind the last day that a DATE holds: 31.12.9999 is what the office writes for an open end (2023-05-08 ts). */
function dayAfter(day: string): string | null {
  if (day >= '9999-12-31') return null;
  return new Date(Date.parse(`${day}T00:00:00Z`) + 24 * 3600 * 1000).toISOString().slice(0, 10);
}

function monthsBefore(today: string, count: number): string[] {
  const [year, month] = today.split('-').map(Number) as [number, number];
  return Array.from({ length: count }, (_, back) =>
    new Date(Date.UTC(year, month - 1 - back, 1)).toISOString().slice(0, 7),
  );
}
