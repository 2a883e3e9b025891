import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import iconv from 'iconv-lite';
import { QueryTypes, type Sequelize } from 'sequelize';
import { describeOnEveryDatabase, type TestDatabase } from '../testing/databases.ts';
import { DAMAGE, type DamageKind } from './damage.ts';
import { type Seeded, seedDatabase } from './write.ts';

type Row = Record<string, string | number | null>;
type Content = Record<string, Row[]>;

const count = (rows: Row[], holds: (row: Row) => boolean) => rows.filter(holds).length;
const upper = (v: string | number | null | undefined) => String(v).toUpperCase();
const isMail = (v: string | number | null | undefined) => typeof v === 'string' && v === upper(v);
/** Letters that are the bytes of a longer letter. The last one may be cut. */
const isMojibake = (text: string) => {
  try {
    const read = new TextDecoder('utf-8', { fatal: true });
    return /[^ -~]/.test(read.decode(iconv.encode(text, 'win1252'), { stream: true }));
  } catch {
    return false;
  }
};
/** A name as a person compares it: no case, no legal form. */
const plain = (name: string | number | null | undefined) =>
  upper(name)
    .replace(/ &AMP; PARTNER$/, '')
    .replace(/ (GES\. MBH|GMBH & CO\. KG|GMBH|AG|E\.K\.|SE|SP\. Z O\.O\.|S\.R\.O\.|SARL|A\/S|LTD\.)$/, '')
    .trim();

/** How each kind is found by somebody who knows nothing of the seeder. */
const FOUND: Record<DamageKind, (all: Content) => number> = {
  'zero-date': ({ freelancers, projects, payments }) =>
    count(freelancers!, (f) => f.avail_from === '0000-00-00') +
    count(projects!, (p) => p.date_to === '0000-00-00') +
    count(payments!, (p) => p.paid_at === '0000-00-00 00:00:00'),
  'empty-text': ({ freelancers, customers, timesheets }) =>
    freelancers!.flatMap((f) => [f.frl_phone, f.city, f.notes]).filter((v) => v === '').length +
    count(customers!, (c) => c.zip === '') +
    count(timesheets!, (t) => t.tsh_text === ''),
  'trailing-space': ({ freelancers, customers, projects }) =>
    [
      ...freelancers!.map((f) => f.city),
      ...customers!.map((c) => c.cus_name),
      ...projects!.map((p) => p.prj_title),
    ].filter((v) => v !== null && / $/.test(String(v))).length,
  'stray-commas': ({ freelancers }) =>
    count(freelancers!, ({ skills_csv }) => /^,|,$|,,|\s/.test(String(skills_csv))),
  'double-skill': ({ freelancers }) =>
    count(freelancers!, ({ skills_csv }) => {
      const list = upper(skills_csv)
        .split(',')
        .map((skill) => skill.trim())
        .filter(Boolean);
      const isStray = /,,/.test(String(skills_csv));
      return !isStray && new Set(list).size < list.length;
    }),
  'upper-mail': ({ freelancers, customers }) =>
    count(freelancers!, (f) => isMail(f.frl_email)) + count(customers!, (c) => isMail(c.cus_email)),
  'stale-reason': ({ freelancers }) =>
    count(freelancers!, (f) => f.frl_stat !== 'B' && f.blk_reason !== null),
  mojibake: ({ customers }) => count(customers!, (c) => isMojibake(String(c.fibu_name ?? ''))),
  'double-escaped': ({ customers }) => count(customers!, (c) => /&amp;/.test(String(c.cus_name))),
  'line-break': ({ customers }) => count(customers!, (c) => /\r\n/.test(String(c.street))),
  'duplicate-customer': ({ customers }) =>
    count(
      customers!,
      (c) => Number(c.cus_id) > 1 && plain(c.cus_name) === plain(customers![Number(c.cus_id) - 2]!.cus_name),
    ),
  'own-parent': ({ customers }) => count(customers!, (c) => c.cus_parent_id === c.cus_id),
  'vip-of-2': ({ customers }) => count(customers!, (c) => c.is_vip === 2),
  'end-before-start': ({ projects }) =>
    count(
      projects!,
      ({ date_to: to, date_from }) => typeof to === 'string' && to > '0000-00-00' && to < date_from!,
    ),
  'double-booked': ({ project_freelancers }) => {
    const byPerson = Map.groupBy(project_freelancers!, (x) => x.frl_id);
    return [...byPerson.values()].reduce((sum, own) => {
      const sorted = own.sort((a, b) => (a.date_from! < b.date_from! ? -1 : 1));
      return sum + count(sorted.slice(1), (x) => sorted[sorted.indexOf(x) - 1]!.date_to! >= x.date_from!);
    }, 0);
  },
  'unassigned-hours': ({ timesheets, project_freelancers }) => {
    const pair = (row: Row) => `${row.prj_id}/${row.frl_id}`;
    const assigned = new Set(project_freelancers!.map(pair));
    return new Set(timesheets!.map(pair).filter((one) => !assigned.has(one))).size;
  },
  'hours-over-24': ({ timesheets }) => count(timesheets!, (t) => Number(t.tsh_hours) > 24),
  'forgotten-draft': ({ timesheets }) =>
    count(timesheets!, (t) => t.tsh_stat === 'draft' && String(t.tsh_day) < '2025-06-01'),
  'no-approver': ({ timesheets }) => count(timesheets!, (t) => t.appr_at !== null && t.appr_usr_id === null),
  'lost-payment': ({ timesheets }) => count(timesheets!, (t) => t.tsh_stat === 'paid' && t.pay_id === null),
  'payment-of-nobody': ({ payments }) => count(payments!, (p) => p.frl_id === null),
  'invoice-of-nobody': ({ invoices }) => count(invoices!, (i) => i.cus_id === null),
  'note-on-nothing': ({ notes }) =>
    count(notes!, (n) => n.frl_id === null && n.cus_id === null && n.inv_id === null),
  'endless-import': ({ import_log }) => count(import_log!, (i) => i.imp_stat === 'run'),
};

const TABLES_READ = [
  'freelancers',
  'customers',
  'projects',
  'project_freelancers',
  'timesheets',
  'payments',
  'invoices',
  'notes',
  'import_log',
];
const SIZES = { freelancers: 1500, customers: 900, projects: 700, timesheets: 18_000, payments: 5000 };
const SILENT = { update: () => {}, finish: () => {} };

async function contentOf(db: Sequelize): Promise<Content> {
  const content: Content = {};
  for (const table of TABLES_READ)
    content[table] = await db.query<Row>(`SELECT * FROM ${table} ORDER BY 1`, { type: QueryTypes.SELECT });
  return content;
}

test('the table in SEEDS.md has every kind, and no other', () => {
  const page = readFileSync(join(import.meta.dirname, '..', 'SEEDS.md'), 'utf8');
  const listed = [...page.matchAll(/^\| `([a-z0-9-]+)` +\|/gm)].map((match) => match[1]);
  expect(listed).toEqual([...DAMAGE]);
});

describeOnEveryDatabase('broken rows', (kind) => {
  let database: TestDatabase;
  let db: Sequelize;
  let seeded: Seeded;
  let content: Content;
  beforeAll(async () => {
    database = await kind.create();
    db = database.open();
    seeded = await seedDatabase(db, { seed: 2, sizes: SIZES }, SILENT);
    content = await contentOf(db);
  });
  afterAll(() => database.drop());

  test.each(DAMAGE)('%s: as many are found as were planted, and some', (kind) => {
    expect(seeded.broken.get(kind)).toBeGreaterThan(0);
    expect(FOUND[kind](content)).toBe(seeded.broken.get(kind));
  });

  test('left out, there are none', async () => {
    const clean = await kind.create();
    try {
      const { broken } = await seedDatabase(clean.open(), { seed: 2, sizes: SIZES, without: DAMAGE }, SILENT);
      expect([...broken.values()].every((n) => n === 0)).toBe(true);
      const found = await contentOf(clean.open());
      for (const kind of DAMAGE) expect([kind, FOUND[kind](found)]).toEqual([kind, 0]);
    } finally {
      await clean.drop();
    }
  });
});
