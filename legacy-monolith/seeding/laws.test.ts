import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { QueryTypes, type Sequelize } from 'sequelize';
import { nightly } from '../lib/nightly.ts';
import { describeOnEveryDatabase, type TestDatabase } from '../testing/databases.ts';
import { seedDatabase } from './write.ts';

type Row = Record<string, string | number | null>;
const SIZES = { freelancers: 1200, customers: 500, projects: 400, timesheets: 12_000, payments: 4000 };

describeOnEveryDatabase('a seeded database', (kind) => {
  let database: TestDatabase;
  let db: Sequelize;
  beforeAll(async () => {
    database = await kind.create();
    db = database.open();
    await seedDatabase(db, { seed: 4, sizes: SIZES }, { update: () => {}, finish: () => {} });
  });
  afterAll(() => database.drop());
  const rows = (sql: string) => db.query<Row>(sql, { type: QueryTypes.SELECT });
  const value = async (sql: string) => Number(Object.values((await rows(sql))[0]!)[0]);
  const names = async (sql: string) =>
    (await rows(sql)).map((row) => String(Object.values(row)[0])).join('\n');

  test('a payment of a run is the sum of its timesheets, and only those of runs have some', async () => {
    const runs = await rows(
      `SELECT y.pay_id, ROUND(y.amount * 100) AS ct, SUM(ROUND(t.tsh_hours * t.rate_ct)) AS sheets, COUNT(t.tsh_id) AS n
         FROM payments y LEFT JOIN timesheets t ON t.pay_id = y.pay_id WHERE y.ref_txt LIKE 'HONORAR 20%'
        GROUP BY y.pay_id, y.amount`,
    );
    expect(runs.length).toBeGreaterThan(500);
    expect(runs.filter(({ ct, sheets }) => Number(ct) !== Number(sheets))).toEqual([]);
    expect(runs.reduce((sum, { n }) => sum + Number(n), 0)).toBe(
      await value('SELECT COUNT(*) FROM timesheets WHERE pay_id IS NOT NULL'),
    );
    expect(
      await value(
        `SELECT COUNT(*) FROM payments y JOIN timesheets t ON t.pay_id = y.pay_id
          WHERE t.frl_id <> y.frl_id OR t.tsh_day NOT LIKE CONCAT(y.pay_run, '-%') OR t.tsh_stat <> 'paid'`,
      ),
    ).toBe(0);
  });

  test('an invoice is the paid, billable hours of its project in the month before, and 20 %, with its VAT', async () => {
    const months = new Map<string, number>();
    for (const row of await rows(
      `SELECT t.prj_id, SUBSTR(t.tsh_day, 1, 7) AS m, SUM(ROUND(t.tsh_hours * t.rate_ct)) AS ct FROM timesheets t
        WHERE t.tsh_stat = 'paid' AND t.is_billable = 1 GROUP BY t.prj_id, SUBSTR(t.tsh_day, 1, 7)`,
    ))
      months.set(`${row.prj_id}/${row.m}`, Number(row.ct));
    const invoices = await rows(
      `SELECT i.prj_id, i.inv_date, ROUND(i.net * 100) AS net, ROUND(i.vat * 100) AS vat, ROUND(i.gross * 100) AS gross, c.country, p.cus_id AS wanted, i.cus_id
         FROM invoices i JOIN customers c ON c.cus_id = i.cus_id JOIN projects p ON p.prj_id = i.prj_id`,
    );
    expect(invoices.length).toBeGreaterThan(300);
    for (const i of invoices) {
      const before = new Date(`${String(i.inv_date).slice(0, 7)}-01T00:00:00Z`);
      before.setUTCMonth(before.getUTCMonth() - 1);
      const cost = months.get(`${i.prj_id}/${before.toISOString().slice(0, 7)}`)!;
      const inYearOfTheLowRate = /^2020-(0[7-9]|1)/.test(String(i.inv_date));
      const rate = i.country !== 'DE' ? 0 : inYearOfTheLowRate ? 16 : 19;
      expect([Number(i.net), i.cus_id]).toEqual([Math.round((cost * 120) / 100), i.wanted]);
      expect(Number(i.vat)).toBe(Math.round((Number(i.net) * rate) / 100));
      expect(Number(i.gross)).toBe(Number(i.net) + Number(i.vat));
    }
    expect(invoices.length + (await value('SELECT COUNT(*) FROM invoices WHERE cus_id IS NULL'))).toBe(
      months.size,
    );
  });

  test('no credit notes go above their invoice, and a cancelled one is credited in full', async () => {
    const credited = await rows(
      `SELECT i.inv_stat, ROUND(i.gross * 100) AS gross, SUM(ROUND(n.amount * 100)) AS credit
         FROM credit_notes n JOIN invoices i ON i.inv_id = n.inv_id WHERE n.crn_date >= i.inv_date GROUP BY i.inv_id, i.inv_stat, i.gross`,
    );
    expect(credited.length).toBeGreaterThan(5);
    for (const { inv_stat, gross, credit } of credited) {
      expect(Number(credit)).toBeLessThanOrEqual(Number(gross));
      if (inv_stat === 'canc') expect(Number(credit)).toBe(Number(gross));
    }
    expect(await value('SELECT COUNT(*) FROM credit_notes')).toBe(credited.length);
  });

  test('an import has as many records as name it, and as many rejects as it says', async () => {
    const named = '(SELECT COUNT(*) FROM # x WHERE x.imp_id = l.imp_id)';
    const tables = ['payments', 'invoices', 'notes', 'credit_notes'];
    const imports = await rows(
      `SELECT l.*, ${tables.map((table) => named.replace('#', table)).join(' + ')} AS records,
              ${named.replace('#', 'import_rejects')} AS rejects FROM import_log l`,
    );
    expect(imports.length).toBeGreaterThan(60);
    for (const i of imports) {
      expect(i.records).toBe(i.rec_ok);
      expect(i.rec_total).toBe(Number(i.rec_ok) + Number(i.rec_bad) + Number(i.rec_dup));
      // older than the table
      if (String(i.started) >= '2019') expect(i.rejects).toBe(i.rec_bad);
      expect(i.imp_stat).toBe(
        i.finished === null ? 'run' : i.rec_total === 0 ? 'fail' : Number(i.rec_bad) > 0 ? 'part' : 'ok',
      );
    }
  });

  test('the nightly job of the last night counts what stat_month says already', async () => {
    const sums = () =>
      rows(
        `SELECT sta_month, SUM(tsh_cnt) AS cnt, SUM(ROUND(hours * 4)) AS quarters, SUM(ROUND(cost * 100)) AS cost, SUM(ROUND(net * 100)) AS net
           FROM stat_month GROUP BY sta_month ORDER BY sta_month`,
      );
    const before = await sums();
    expect(before.length).toBeGreaterThan(80);
    await nightly(db, '2026-06-30', '2026-06-30 02:30:00');
    expect(await sums()).toEqual(before);
  });

  test('states fit their dates', async () => {
    for (const never of [
      "timesheets WHERE tsh_stat = 'paid' AND tsh_day >= '2026-06-01'",
      "timesheets WHERE tsh_stat IN ('subm', 'appr') AND tsh_day < '2026-05-01'",
      "timesheets WHERE tsh_stat IN ('paid', 'appr') AND appr_at IS NULL",
      "timesheets WHERE tsh_stat NOT IN ('paid', 'appr') AND (appr_at IS NOT NULL OR appr_usr_id IS NOT NULL)",
      'timesheets WHERE created > changed OR appr_at > changed OR appr_at < created',
      "timesheets t JOIN payments y ON y.pay_id = t.pay_id WHERE y.created < t.appr_at OR y.pay_stat = 'fail'",
      "payments WHERE (pay_stat = 'paid') <> (paid_at IS NOT NULL)",
      "payments WHERE pay_stat = 'open' AND created < '2026-05-01'",
      "projects WHERE prj_stat IN ('plan', 'open') AND date_from < '2025-12-01'",
      "projects WHERE prj_stat IN ('run', 'hold') AND date_to < '2026-06-30' AND date_to > date_from",
      "timesheets t JOIN projects p ON p.prj_id = t.prj_id WHERE p.prj_stat IN ('plan', 'open') OR t.tsh_day < p.date_from",
      'timesheets t JOIN projects p ON p.prj_id = t.prj_id WHERE t.tsh_day > p.date_to AND p.date_to > p.date_from',
      "invoices WHERE inv_stat = 'open' AND due_date < '2016-06-01'",
      "chg_log WHERE chg_at > '2026-07-01' OR chg_at < '2019-03-01'",
    ])
      expect([never, await value(`SELECT COUNT(*) FROM ${never}`)]).toEqual([never, 0]);
    for (const always of [
      ...['draft', 'subm', 'appr', 'rej', 'paid'].map((stat) => `timesheets WHERE tsh_stat = '${stat}'`),
      ...['plan', 'open', 'run', 'hold', 'done', 'canc'].map((stat) => `projects WHERE prj_stat = '${stat}'`),
      ...['open', 'paid', 'fail'].map((stat) => `payments WHERE pay_stat = '${stat}'`),
      ...['open', 'part', 'paid', 'canc'].map((stat) => `invoices WHERE inv_stat = '${stat}'`),
      ...['adm', 'dis', 'ro'].map((role) => `users WHERE usr_role = '${role}'`),
      ...['frl', 'cus', 'inv'].map((what) => `notes WHERE not_kind = '${what}'`),
      'customers WHERE cus_parent_id IS NOT NULL',
      'projects WHERE cus_end_id IS NOT NULL',
    ])
      expect([always, (await value(`SELECT COUNT(*) FROM ${always}`)) > 0]).toEqual([always, true]);
  });

  test('names are in several scripts, notes have emoji', async () => {
    const people = await names('SELECT frl_name FROM freelancers');
    for (const script of ['Latin', 'Cyrillic', 'Greek', 'Arabic', 'Han', 'Hiragana', 'Katakana', 'Hangul'])
      expect([script, new RegExp(`\\p{Script=${script}}`, 'u').test(people)]).toEqual([script, true]);
    const companies = await names('SELECT cus_name FROM customers');
    for (const script of ['Latin', 'Cyrillic', 'Greek', 'Arabic', 'Han'])
      expect([script, new RegExp(`\\p{Script=${script}}`, 'u').test(companies)]).toEqual([script, true]);
    for (const column of ['notes FROM freelancers', 'not_text FROM notes', 'tsh_text FROM timesheets'])
      expect(await names(`SELECT ${column}`)).toMatch(/\p{Extended_Pictographic}/u);
  });

  test('few have most of it, and the calendar shows', async () => {
    const shares = async (sql: string, part: number) => {
      const counts = (await rows(sql)).map(({ n }) => Number(n)).sort((a, b) => b - a);
      const sum = (list: number[]) => list.reduce((total, n) => total + n, 0);
      return sum(counts.slice(0, Math.ceil(counts.length * part))) / sum(counts);
    };
    const projects =
      'SELECT (SELECT COUNT(*) FROM projects p WHERE p.cus_id = c.cus_id) AS n FROM customers c';
    const hours =
      'SELECT COALESCE(SUM(t.tsh_hours), 0) AS n FROM freelancers f LEFT JOIN timesheets t ON t.frl_id = f.frl_id GROUP BY f.frl_id';
    expect(await shares(projects, 0.1)).toBeGreaterThan(0.4);
    expect(await shares(hours, 0.1)).toBeGreaterThan(0.5);
    const days = (await rows('SELECT tsh_day FROM timesheets')).map(
      ({ tsh_day }) => new Date(`${tsh_day}T00:00:00Z`),
    );
    const share = (holds: (day: Date) => boolean) => days.filter(holds).length / days.length;
    expect(share((day) => day.getUTCDay() % 6 === 0)).toBeLessThan(0.02);
    expect(share((day) => day.getUTCDay() % 6 === 0)).toBeGreaterThan(0);
    expect(share((day) => day.getUTCMonth() === 7)).toBeLessThan(share((day) => day.getUTCMonth() === 8));
    expect(share((day) => day.getUTCMonth() === 11 && day.getUTCDate() > 23)).toBeLessThan(0.005);
    expect(share((day) => day.getUTCFullYear() === 2025)).toBeGreaterThan(
      share((day) => day.getUTCFullYear() === 2018),
    );
  });
});
