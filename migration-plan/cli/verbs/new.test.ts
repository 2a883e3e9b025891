import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { answers } from '../answers.ts';
import { freePort } from '../databases/process.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const LEFT_OUT = new Set(['node_modules', '.git', '.fig']);
const TABLE = ['--table', 'tbl_credit', '--key', 'crd_id'];
/** Each type, with and without NULL, and a word that SQL keeps for itself. */
const FIELDS = [
  'title=crd_title:text',
  'order=crd_ord:integer?',
  'amount=crd_sum:decimal',
  'vat=crd_vat:decimal?',
  'paid=is_paid:boolean',
  'archived=del_flag:boolean?',
  'dueOn=due:date',
  'paidOn=paid_on:date?',
  'createdAt=created:timestamp',
  'changedAt=changed:timestamp?',
].flatMap((spec) => ['--field', spec]);

/** Somebody else's application, on a database of its own. */
const SHOP = `import { DatabaseSync } from 'node:sqlite';
import express from 'express';
const db = new DatabaseSync(process.env.SHOP_DB);
const one = (id) => db.prepare('SELECT * FROM tbl_credit WHERE crd_id = ?').get(Number.parseInt(id, 10) || 0);
const columns = Object.keys(one(1)).slice(1);
const app = express();
app.use(express.json());
app.get('/api/credit-notes', (request, response) => response.json(db.prepare('SELECT * FROM tbl_credit ORDER BY crd_id').all()));
app.use('/api/credit-notes/:id', (request, response, next) =>
  (request.one = one(request.params.id)) ? next() : response.status(404).json({ error: 'credit note not found' }));
app.get('/api/credit-notes/:id', (request, response) => response.json(request.one));
const values = (row) => columns.map((name) => row[name] ?? null);
app.post('/api/credit-notes', (request, response) => {
  const sql = 'INSERT INTO tbl_credit (' + columns + ') VALUES (' + columns.map(() => '?') + ')';
  response.json(one(db.prepare(sql).run(...values(request.body)).lastInsertRowid));
});
app.put('/api/credit-notes/:id', (request, response) => {
  const sql = 'UPDATE tbl_credit SET ' + columns.map((name) => name + ' = ?') + ' WHERE crd_id = ?';
  db.prepare(sql).run(...values({ ...request.one, ...request.body }), request.one.crd_id);
  response.json(one(request.one.crd_id));
});
app.delete('/api/credit-notes/:id', (request, response) => {
  db.prepare('DELETE FROM tbl_credit WHERE crd_id = ?').run(request.one.crd_id);
  response.json({ ok: true });
});
app.listen(Number(process.env.SHOP_PORT), '127.0.0.1');
`;

let folder: string;
let home: string;
const running: ChildProcess[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fig-new-'));
  home = join(folder, 'clone');
  cpSync(ROOT, home, { recursive: true, filter: (path) => !LEFT_OUT.has(relative(ROOT, path)) });
  symlinkSync(join(ROOT, 'node_modules'), join(home, 'node_modules'));
});
afterAll(async () => {
  for (const child of running) {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null && child.kill('SIGTERM')) await gone;
  }
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

type Ended = { code: number; stdout: string; stderr: string };

function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const { NODE_OPTIONS: _, FIG_ADMIN_URL: __, ...rest } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      args,
      { cwd: home, env: { ...rest, ...env }, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
      },
    );
  });
}
const fig = (...args: string[]) => run(['migration-plan/cli/run.ts', ...args]);
const inHome = (path: string) => readFileSync(join(home, path), 'utf8');

async function until(check: () => Promise<boolean>, what: string): Promise<void> {
  for (const deadline = performance.now() + 90_000; !(await check()); ) {
    if (performance.now() > deadline) throw new Error(`${what} did not happen`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Calls `fig new` with each list of arguments in this one process, and prints how each ended. */
const CALL_EACH = `import { Writable } from 'node:stream';
import { main } from './migration-plan/cli/fig.ts';
const ended = [];
for (const args of JSON.parse(process.argv[1])) {
  let stderr = '';
  const stream = () => new Writable({ write(chunk, _, done) { stderr += chunk; done(); } });
  const code = await main(['new', ...args], process.env, { stdout: stream(), stderr: stream() });
  ended.push({ code, stderr });
}
console.log(JSON.stringify(ended));
`;

describe('fig new refuses, and writes nothing', () => {
  const cases: [what: string, args: string[], message: string][] = [
    ['a name of capitals', ['Projects'], 'service: expected a name of small letters'],
    ['a name that climbs', ['../x'], 'service: expected a name of small letters'],
    ['the kit', ['service-kit'], 'service: expected'],
    ['a plural that does not end in s', ['sheep'], '--singular: expected what one of `sheep` is called'],
    ['one that is called like all', ['sheep', '--singular', 'sheep'], '--singular: expected another name'],
    ['a type that it does not know', ['projects', '--field', 'a:uuid'], '--field: expected name:TYPE'],
    ['a name that every service has', ['projects', '--field', 'id:text'], '--field: expected a name besides'],
    [
      'a word of the language',
      ['classes', '--singular', 'class'],
      '--singular: expected a name that neither',
    ],
    ['a name of the sources', ['requests'], '--singular: expected a name that neither'],
    [
      'a name for which Postgres has no room',
      [`${'a'.repeat(60)}s`],
      'service: expected a name of at most 40',
    ],
    [
      'a field that every object has',
      ['projects', '--field', 'toString:text'],
      'a name that not every object has',
    ],
    ['a field twice', ['projects', '--field', 'a:text', '--field', 'a=b:text'], 'a twice'],
    ['a column twice', ['projects', '--field', 'a=c:text', '--field', 'b=c:text'], 'c twice'],
    ['the key as a field', ['projects', '--field', 'a=id:integer'], 'columns besides the key'],
    ['a table that is no name', ['projects', '--table', 'a;b'], '--table: expected'],
    ['a path with a query', ['projects', '--path', '/api?x'], '--path: expected'],
  ];
  let ended: Pick<Ended, 'code' | 'stderr'>[];
  beforeAll(async () => {
    const all = JSON.stringify(cases.map(([, args]) => args));
    ended = JSON.parse((await run(['--input-type=module', '--eval', CALL_EACH, all])).stdout);
  }, 60_000);

  test.each(cases.map(([what, , message], n) => ({ what, message, n })))('$what', ({ message, n }) => {
    expect(ended[n]).toEqual({ code: 2, stderr: expect.stringContaining(message) });
    expect(existsSync(join(home, 'new-services/projects'))).toBe(false);
  });

  test('a folder without a plan, a plan with errors, and a name that is taken', async () => {
    const none = await fig('new', 'projects', '--plan', folder);
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('expected a plan in')]);
    writeFileSync(join(folder, 'plan.yaml'), 'version: 7\n');
    const wrong = await fig('new', 'projects', '--plan', folder);
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      expect.stringContaining('expected a plan without errors'),
    ]);
    writeFileSync(join(folder, 'plan.yaml'), 'version: 1\nlegacy: { url: http://a }\n');
    const outside = await fig('new', 'projects', '--plan', folder);
    expect([outside.code, outside.stderr]).toEqual([
      1,
      expect.stringContaining('where services are written, got one in'),
    ]);
    expect(existsSync(join(home, 'new-services/projects'))).toBe(false);
    const before = inHome('migration-plan/plan.yaml');
    const taken = await fig('new', 'freelancers');
    expect([taken.code, taken.stderr]).toEqual([1, expect.stringContaining('nothing was written')]);
    expect(inHome('migration-plan/plan.yaml')).toBe(before);
  });
});

test('a service made beside the example is added and nothing else changed', async () => {
  const before = inHome('migration-plan/plan.yaml').split('\n');
  const { code, stdout } = await fig('new', 'invoices', '--json');
  expect(code).toBe(0);
  const told = answers.new!.parse(JSON.parse(stdout)) as { files: string[] };
  expect(told).toMatchObject({
    service: 'invoices',
    table: 'invoices',
    key: 'id',
    port: 4113,
    adopted: null,
  });
  for (const file of told.files) expect(existsSync(join(home, file))).toBe(true);
  const after = inHome('migration-plan/plan.yaml').split('\n');
  expect(after.filter((line) => !before.includes(line)).map((line) => line.trim())).toEqual([
    'invoices:',
    'run: new-services/invoices/main.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: text of the plan
    'url: "${INVOICES_URL:-http://127.0.0.1:4113}"',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: text of the plan
    'INVOICES_URL: "${INVOICES_URL:-http://127.0.0.1:4113}"',
  ]);
  expect(before.filter((line) => !after.includes(line))).toEqual([]);
  expect((await fig('lint')).code).toBe(0);
});

test('a service beside the monolith of somebody else: generated, checked, tested, filled, and no answer differs', async () => {
  const [shop, credits, gateway, relay, publicPort, adminPort] = (await Promise.all(
    Array.from({ length: 6 }, freePort),
  )) as [number, ...number[]];
  writeFileSync(join(folder, 'routes.txt'), 'GET /api/credit-notes\nGET /api/other\n');
  const legacy = `http://127.0.0.1:${shop}`;
  await fig('init', '--from', join(folder, 'routes.txt'), '--legacy', legacy, '--plan', 'shop');
  const made = await fig('new', 'credit-notes', '--plan', 'shop', ...TABLE, ...FIELDS);
  expect([made.code, made.stderr]).toEqual([0, expect.any(String)]);
  expect(made.stdout).toContain('shop/routes/credit-notes.yaml: now to the gateway, with its own data');
  expect((await fig('lint', '--plan', 'shop')).stdout).toContain('no problems (2 routes, 1 data set)');

  const own = ['new-services/credit-notes', 'acl/translators/credit-notes', 'acl/gateway/credit-notes'];
  const bin = (name: string) => join(ROOT, 'node_modules', name);
  const [types, style, unused, suites] = await Promise.all([
    run([bin('typescript/bin/tsc'), '--noEmit', '-p', '.']),
    run([bin('@biomejs/biome/bin/biome'), 'check', ...own.slice(0, 1), 'acl']),
    run([bin('knip/bin/knip.js'), '--no-progress']),
    run([
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      bin('jest/bin/jest.js'),
      ...['--rootDir', home, '--ci', ...own],
    ]),
  ]);
  expect([types.code, types.stdout]).toEqual([0, '']);
  expect([style.code, style.stdout + style.stderr]).toEqual([0, expect.stringMatching(/Checked \d+ files/)]);
  expect([unused.code, unused.stdout]).toEqual([0, '']);
  expect([suites.code, suites.stderr]).toEqual([
    0,
    expect.stringContaining('Test Suites: 4 passed, 4 total'),
  ]);

  const file = join(folder, 'shop.sqlite');
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA journal_mode = WAL; CREATE TABLE tbl_credit (crd_id INTEGER PRIMARY KEY AUTOINCREMENT,
    crd_title TEXT, crd_ord INTEGER, crd_sum TEXT, crd_vat TEXT, is_paid INTEGER, del_flag INTEGER,
    due TEXT, paid_on TEXT, created TEXT, changed TEXT)`);
  const add = database.prepare(
    'INSERT INTO tbl_credit (crd_title, crd_ord, crd_sum, crd_vat, is_paid, del_flag, due, paid_on, created, changed) VALUES (?,?,?,?,?,?,?,?,?,?)',
  );
  for (let n = 1; n <= 450; n++)
    add.run(
      ...([`Gutschrift ${n} ü 🙂`, n % 3 ? n : null, `${n}.50`, n % 2 ? '0.07' : null] as const),
      ...([n % 2, n % 5 ? 0 : null, '2026-02-28', n % 4 ? '0001-01-01' : null] as const),
      ...(['2019-03-11 08:09:10', n % 7 ? null : '2026-11-23 16:00:59'] as const),
    );
  database.close();
  writeFileSync(join(home, 'shop-server.mjs'), SHOP);
  const plan = inHome('shop/plan.yaml');
  const ports = { 4111: credits, 4102: gateway, 4120: relay, 8080: publicPort };
  const moved = Object.entries(ports).reduce(
    (text, [from, to]) => text.replaceAll(`127.0.0.1:${from}`, `127.0.0.1:${to}`),
    plan,
  );
  writeFileSync(join(home, 'shop/plan.yaml'), moved);
  writeFileSync(
    join(home, 'shop/data/credit-notes.yaml'),
    inHome('shop/data/credit-notes.yaml').replace(':4111', `:${credits}`),
  );
  const { NODE_OPTIONS: _, FIG_ADMIN_URL: __, ...rest } = process.env;
  const start = (args: string[], env: Record<string, string>) =>
    running.push(
      spawn(process.execPath, args, {
        cwd: home,
        env: { ...rest, ...env },
        stdio: 'ignore',
      }),
    );
  start(['shop-server.mjs'], { SHOP_DB: file, SHOP_PORT: String(shop) });
  await until(
    async () => (await fetch(`${legacy}/api/credit-notes/1`).catch(() => null))?.ok === true,
    'the shop',
  );
  const publicPorts = ['--port', String(publicPort), '--admin-port', String(adminPort)];
  start(['migration-plan/cli/run.ts', 'up', '--plan', 'shop', ...publicPorts], {
    LEGACY_URL: legacy,
    LEGACY_DATABASE_URL: `sqlite:${file}`,
  });
  await until(
    async () => (await fetch(`http://127.0.0.1:${adminPort}/readyz`).catch(() => null))?.ok === true,
    'fig up',
  );
  const filled = await fig('backfill', 'credit-notes', '--plan', 'shop');
  expect(filled.stdout).toContain('450 of 450 rows read');
  expect(filled.stdout).toContain('0 in quarantine');
  const same = await fig('parity', 'credit-notes', '--plan', 'shop', '--writes');
  expect([same.code, same.stdout]).toEqual([0, expect.stringContaining('3 passed, 0 failed')]);
}, 240_000);
