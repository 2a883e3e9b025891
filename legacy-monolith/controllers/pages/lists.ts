import type { Request, Response } from 'express';
import { QueryTypes, type Sequelize } from 'sequelize';
import { readMonth } from '../../lib/hours.ts';
import { last } from '../../lib/input.ts';
import type { customerController } from '../customers.ts';
import type { freelancerController } from '../freelancers.ts';
import type { paymentController } from '../payments.ts';
import type { projectController } from '../projects.ts';
import { monthlyReport } from '../reports.ts';
import type { timesheetController } from '../timesheets.ts';
import { call, errorOf, goTo, linkTo, localPath, show } from './page.ts';

type Apis = {
  readonly frl: ReturnType<typeof freelancerController>;
  readonly cus: ReturnType<typeof customerController>;
  readonly prj: ReturnType<typeof projectController>;
  readonly tsh: ReturnType<typeof timesheetController>;
  readonly pay: ReturnType<typeof paymentController>;
};
type Row = Record<string, string | number | boolean | null>;
/** `sort` is what the API calls the order; a column without one cannot be sorted. */
type Column = {
  readonly title: string;
  readonly sort?: string;
  /** The API knows it upwards only. */
  readonly up?: boolean;
  /** Numbers stand on the right. */
  readonly right?: boolean;
  readonly text: (row: Row) => string;
};
type ListPage = {
  readonly title: string;
  readonly path: string;
  readonly columns: readonly Column[];
  /** Name, label and, for a choice, its values with what people call them. */
  readonly filters: readonly { name: string; label: string; choices?: Readonly<Record<string, string>> }[];
  readonly rows: readonly Row[];
  readonly total: number;
};

const SIZE = 20;
const FRL_STATS = { A: 'aktiv', I: 'inaktiv', B: 'gesperrt' };
const CUS_STATS = { A: 'aktiv', I: 'inaktiv' };
const PRJ_STATS = {
  plan: 'geplant',
  open: 'offen',
  run: 'läuft',
  hold: 'ruht',
  done: 'fertig',
  canc: 'storniert',
};
const TSH_STATS = {
  draft: 'Entwurf',
  subm: 'eingereicht',
  appr: 'freigegeben',
  rej: 'abgelehnt',
  paid: 'bezahlt',
};
const PAY_STATS = { open: 'offen', paid: 'bezahlt', fail: 'geplatzt' };
const plain = (key: string) => (row: Row) => String(row[key] ?? '');
// what somebody wrote past us is shown as it is
const named = (key: string, names: Record<string, string>) => (row: Row) =>
  names[String(row[key])] ?? String(row[key] ?? '');
const SEARCH = { name: 'q', label: 'Suche' };
const euros = (ct: unknown) => `${(Number(ct) / 100).toFixed(2).replace('.', ',')} €`;

/** The lists, all through the API's own functions, and what can be pressed on them. */
export function listPages(db: Sequelize, { frl, cus, prj, tsh, pay }: Apis) {
  async function freelancers(req: Request, res: Response) {
    const asked = await call<Row[]>(frl.list, req, { query: query(req) });
    list(req, res, {
      title: 'Freiberufler',
      path: '/freelancers',
      filters: [
        SEARCH,
        { name: 'stat', label: 'Status', choices: FRL_STATS },
        { name: 'skill', label: 'Skill' },
      ],
      columns: [
        { title: 'Nr.', sort: 'id', text: plain('frl_id') },
        { title: 'Name', sort: 'name', text: plain('frl_name') },
        { title: 'Status', text: named('frl_stat', FRL_STATS) },
        { title: 'Satz', sort: 'rate', right: true, text: (r) => euros(r.rate_ct) },
        { title: 'Skills', text: plain('skills_csv') },
        { title: 'Ort', text: plain('city') },
        { title: 'frei ab', text: plain('avail_from') },
      ],
      rows: asked.body,
      total: asked.total,
    });
  }

  async function customers(req: Request, res: Response) {
    const asked = await call<{ rows: Row[]; total: number }>(cus.list, req, { query: query(req) });
    list(req, res, {
      title: 'Kunden',
      path: '/customers',
      filters: [SEARCH, { name: 'stat', label: 'Status', choices: CUS_STATS }],
      columns: [
        { title: 'Nr.', sort: 'no', text: plain('cus_no') },
        { title: 'Name', sort: 'name', text: plain('cus_name') },
        { title: 'Kurz', text: plain('cus_short') },
        { title: 'Ort', sort: 'city', up: true, text: plain('city') },
        { title: 'VIP', text: (r) => (r.is_vip ? 'ja' : '') },
        { title: 'Projekte', right: true, text: plain('prj_cnt') },
      ],
      rows: asked.body.rows,
      total: asked.body.total,
    });
  }

  async function projects(req: Request, res: Response) {
    const asked = await call<{ items: Row[]; count: number }>(prj.list, req, { query: query(req) });
    list(req, res, {
      title: 'Projekte',
      path: '/projects',
      filters: [SEARCH, { name: 'stat', label: 'Status', choices: PRJ_STATS }],
      columns: [
        { title: 'Nr.', sort: 'no', text: plain('prj_no') },
        { title: 'Titel', sort: 'title', text: plain('prj_title') },
        { title: 'Kunde', sort: 'cus', up: true, text: plain('cus_name') },
        { title: 'Status', text: named('prj_stat', PRJ_STATS) },
        { title: 'von', sort: 'from', text: plain('date_from') },
        { title: 'bis', text: plain('date_to') },
        { title: 'Köpfe', right: true, text: plain('heads') },
      ],
      rows: asked.body.items,
      total: asked.body.count,
    });
  }

  async function timesheets(req: Request, res: Response) {
    const asked = await call<Row[]>(tsh.list, req, { query: query(req) });
    list(req, res, {
      title: 'Stundenzettel',
      path: '/timesheets',
      filters: [
        SEARCH,
        { name: 'month', label: 'Monat' },
        { name: 'stat', label: 'Status', choices: TSH_STATS },
      ],
      columns: [
        { title: 'Nr.', sort: 'id', text: plain('tsh_id') },
        { title: 'Tag', sort: 'day', text: plain('tsh_day') },
        { title: 'Freiberufler', text: plain('frl_name') },
        { title: 'Projekt', text: plain('prj_title') },
        { title: 'Stunden', sort: 'hours', right: true, text: (r) => String(r.tsh_hours).replace('.', ',') },
        { title: 'Status', text: named('tsh_stat', TSH_STATS) },
      ],
      rows: asked.body,
      total: asked.total,
    });
  }

  async function payments(req: Request, res: Response) {
    const asked = await call<{ rows: Row[]; total: number }>(pay.list, req, { query: query(req) });
    list(req, res, {
      title: 'Zahlungen',
      path: '/payments',
      filters: [
        { name: 'run', label: 'Lauf' },
        { name: 'stat', label: 'Status', choices: PAY_STATS },
      ],
      columns: [
        { title: 'Nr.', sort: 'id', text: plain('pay_id') },
        { title: 'Lauf', sort: 'run', text: plain('pay_run') },
        { title: 'Freiberufler', text: plain('frl_name') },
        {
          title: 'Betrag',
          sort: 'amount',
          right: true,
          text: (r) => `${String(r.amount).replace('.', ',')} ${r.cur}`,
        },
        { title: 'Status', text: named('pay_stat', PAY_STATS) },
        { title: 'bezahlt', text: plain('paid_at') },
      ],
      rows: asked.body.rows,
      total: asked.body.total,
    });
  }

  function list(req: Request, res: Response, page: ListPage) {
    const given = query(req);
    const sort = given.sort ?? '';
    const pages = Math.max(1, Math.ceil(page.total / SIZE));
    const at = Math.min(pages, Math.max(1, parseInt(given.page ?? '', 10) || 1));
    const link = (change: Record<string, string>) =>
      linkTo(res.locals.base, page.path, { ...given, size: '', ...change });
    show(req, res, 'list', {
      ...page,
      given,
      at,
      pages,
      back: linkTo('', page.path, { ...given, size: '' }),
      heads: page.columns.map((column) => ({
        title: column.title,
        right: column.right,
        mark:
          column.sort && sort === column.sort ? '▲' : column.sort && sort === `-${column.sort}` ? '▼' : '',
        // a second click turns the order round
        link: column.sort
          ? link({ sort: sort === column.sort && !column.up ? `-${column.sort}` : column.sort, page: '' })
          : '',
      })),
      first: at > 1 ? link({ page: '1' }) : '',
      previous: at > 1 ? link({ page: String(at - 1) }) : '',
      next: at < pages ? link({ page: String(at + 1) }) : '',
      last: at < pages ? link({ page: String(pages) }) : '',
    });
  }

  async function approve(req: Request, res: Response) {
    const asked = await call<Row>(tsh.approve, req, { body: {} });
    const error = errorOf(asked);
    const back = localPath(req.body?.back, '/timesheets');
    goTo(
      req,
      res,
      back,
      error === '' ? `Stundenzettel ${asked.body.tsh_id} ist freigegeben.` : `Nicht freigegeben: ${error}`,
    );
  }

  async function run(req: Request, res: Response) {
    const asked = await call<{ payments: number; sum: string }>(pay.run, req);
    const error = errorOf(asked);
    goTo(
      req,
      res,
      '/payments',
      error === ''
        ? `${asked.body.payments} Zahlungen über ${asked.body.sum.replace('.', ',')} EUR angelegt.`
        : `Kein Lauf: ${error}`,
    );
  }

  async function report(req: Request, res: Response) {
    const months = await db.query<{ m: string }>(
      'SELECT DISTINCT sta_month AS m FROM stat_month ORDER BY m DESC',
      {
        type: QueryTypes.SELECT,
      },
    );
    const month = readMonth(last(req.query.month)) ?? months[0]?.m ?? new Date().toISOString().slice(0, 7);
    const shown = await monthlyReport(db, month, last(req.query.sort));
    show(req, res, 'report', { title: 'Monatsbericht', report: shown, months: months.map(({ m }) => m) });
  }

  return { freelancers, customers, projects, timesheets, payments, approve, run, report };
}

/** The filters of a list, one value each; always twenty a page. */
function query(req: Request): Record<string, string> {
  const given = Object.entries(req.query).map(([key, value]) => [key, last(value)] as const);
  return { ...Object.fromEntries(given), size: String(SIZE) };
}
