import type { Request, Response } from 'express';
import { QueryTypes, type Sequelize } from 'sequelize';
import { nowDb } from '../lib/dates.ts';
import { monthSpan, readMonth } from '../lib/hours.ts';
import { last } from '../lib/input.ts';

type ReportRow = {
  cus_id: number;
  cus_no: string;
  cus_name: string;
  projects: number;
  freelancers: number;
  hours: number;
  cost: number;
  net: number;
  credits: number;
  open: number;
  margin_pct: number;
};
export type Report = {
  month: string;
  rows: ReportRow[];
  totals: Omit<ReportRow, 'cus_id' | 'cus_no' | 'cus_name'>;
};

/** GET /api/reports/monthly. */
export function reportController(db: Sequelize) {
  async function monthly(req: Request, res: Response) {
    const given = last(req.query.month);
    const month = given === '' ? lastMonth() : readMonth(given);
    if (!month) {
      res.status(400).json({ error: 'month invalid' });
      return;
    }
    res.json(await monthlyReport(db, month, last(req.query.sort)));
  }
  return { monthly };
}

/**
 * Everything of one month, customer by customer. 2018-01-15 mk: joins ALL tables, the boss wants one page. Rejected
 * hours are left out, drafts are not. 2018-03-06 mk: cus_name is not in the GROUP BY, mysql takes the only one there is.
 */
export async function monthlyReport(db: Sequelize, month: string, sort: string): Promise<Report> {
  const { from, to } = monthSpan(month);
  const rows = await db.query<Record<string, string | number | null>>(
    `SELECT c.cus_id, c.cus_no, c.cus_name, c.cus_match,
            COUNT(DISTINCT w.prj_id) AS projects, COUNT(DISTINCT w.frl_id) AS freelancers,
            COALESCE(SUM(w.quarters), 0) AS quarters, COALESCE(SUM(w.cost_ct), 0) AS cost_ct,
            COALESCE((SELECT SUM(ROUND(i.net * 100)) FROM invoices i
              WHERE i.cus_id = c.cus_id AND i.inv_stat <> 'canc' AND i.inv_date >= :from AND i.inv_date < :to), 0) AS net_ct,
            COALESCE((SELECT SUM(ROUND(n.amount * 100)) FROM credit_notes n JOIN invoices i ON i.inv_id = n.inv_id
              WHERE i.cus_id = c.cus_id AND n.crn_date >= :from AND n.crn_date < :to), 0) AS credit_ct,
            COALESCE((SELECT SUM(ROUND(i.gross * 100)) FROM invoices i
              WHERE i.cus_id = c.cus_id AND i.inv_stat IN ('open', 'part') AND i.inv_date < :to), 0) AS open_ct
       FROM customers c
       LEFT JOIN (SELECT p.cus_id, t.prj_id, t.frl_id, SUM(ROUND(t.tsh_hours * 4)) AS quarters,
                         SUM(ROUND(t.tsh_hours * t.rate_ct)) AS cost_ct
                    FROM timesheets t JOIN projects p ON p.prj_id = t.prj_id JOIN freelancers f ON f.frl_id = t.frl_id
                   WHERE t.tsh_day >= :from AND t.tsh_day < :to AND t.tsh_stat <> 'rej'
                   GROUP BY p.cus_id, t.prj_id, t.frl_id) w ON w.cus_id = c.cus_id
      GROUP BY c.cus_id
     HAVING quarters > 0 OR net_ct <> 0 OR credit_ct <> 0 OR open_ct <> 0`,
    { replacements: { from, to }, type: QueryTypes.SELECT },
  );
  const shown = rows
    .map((r) => ({ match: String(r.cus_match), row: asRow(r) }))
    .sort((a, b) => compare(a, b, sort))
    .map(({ row }) => row);
  const total = (pick: (r: ReportRow) => number) =>
    euros(shown.reduce((sum, r) => sum + Math.round(pick(r) * 100), 0));
  const net = total((r) => r.net);
  const cost = total((r) => r.cost);
  return {
    month,
    rows: shown,
    totals: {
      projects: shown.reduce((sum, r) => sum + r.projects, 0),
      // who works for two customers is counted twice, always was
      freelancers: shown.reduce((sum, r) => sum + r.freelancers, 0),
      hours: total((r) => r.hours),
      cost,
      net,
      credits: total((r) => r.credits),
      open: total((r) => r.open),
      margin_pct: margin(net, cost),
    },
  };
}

// euros as floats here and nowhere else: it was made for the chart
function asRow(r: Record<string, string | number | null>): ReportRow {
  const net = euros(Number(r.net_ct));
  const cost = euros(Number(r.cost_ct));
  return {
    cus_id: Number(r.cus_id),
    cus_no: String(r.cus_no),
    cus_name: String(r.cus_name),
    projects: Number(r.projects),
    freelancers: Number(r.freelancers),
    hours: Number(r.quarters) / 4,
    cost,
    net,
    credits: euros(Number(r.credit_ct)),
    open: euros(Number(r.open_ct)),
    margin_pct: margin(net, cost),
  };
}

type Sortable = { match: string; row: ReportRow };
function compare(a: Sortable, b: Sortable, sort: string): number {
  const by = sort === '-cost' ? b.row.cost - a.row.cost : sort === '-net' ? b.row.net - a.row.net : 0;
  if (by !== 0) return by;
  if (a.match !== b.match) return a.match < b.match ? -1 : 1;
  return b.row.cus_id - a.row.cus_id;
}

function euros(ct: number): number {
  return Math.round(ct) / 100;
}

// nothing invoiced is 0 and not minus infinity (2018-02-02 mk)
function margin(net: number, cost: number): number {
  return net === 0 ? 0 : Math.round(((net - cost) / net) * 1000) / 10;
}

function lastMonth(): string {
  const [year, month] = nowDb().split('-').map(Number) as [number, number];
  return month === 1 ? `${year - 1}-12` : `${year}-${String(month - 1).padStart(2, '0')}`;
}
