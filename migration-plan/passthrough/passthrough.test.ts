import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { MYSQL_URL, mysqlDatabase, sqliteDatabase } from '#acl/testing/databases.ts';
import { endpointsOfLegacy, notCovered } from './endpoints.ts';
import { cookieOf, type Pair, type Person } from './pair.ts';
import { headerOf } from './raw-exchange.ts';
import { startTwoMonoliths, type TwoMonoliths } from './two-monoliths.ts';
import { upload } from './upload.ts';

// Six processes on a busy machine.
jest.setTimeout(180_000);

const MONTH = '2025-03';
const FIBU = Buffer.from(
  '00;FIBU;20260701;1\r\n30;UP1;CUS;C0000001;von Hand\r\n50;x\r\n99;2;0,00\r\n',
  'latin1',
);

const endpoints = await endpointsOfLegacy();
const kinds = [
  { name: 'SQLite', create: sqliteDatabase },
  ...(MYSQL_URL ? [{ name: 'MySQL', create: mysqlDatabase }] : []),
];
if (!MYSQL_URL) test.skip('skipped: the monolith on MySQL, FIG_TEST_MYSQL_URL names no server', () => {});

describe.each(kinds)('a monolith on $name answers the same through the facade', ({ create }) => {
  let world: TwoMonoliths;
  let pair: Pair;
  let admin: Person;
  let disp: Person;
  let guest: Person;
  beforeAll(async () => {
    world = await startTwoMonoliths(create);
    ({ pair, admin, disp, guest } = world);
  });
  afterAll(() => world.stop());

  const json = async (...asked: Parameters<Pair['ask']>) =>
    JSON.parse(String((await pair.ask(...asked)).body));

  test('login, me, logout', async () => {
    await pair.ask(null, 401, 'POST', '/api/login', { json: { user: 'disp', pass: 'wrong' } });
    await pair.ask(null, 401, 'POST', '/api/login', { form: 'user=disp&pass=wrong' });
    await pair.ask(null, 200, 'POST', '/api/login', { form: 'user=disp&pass=disp' });
    await pair.ask(null, 401, 'GET', '/api/me');
    await pair.ask(disp, 200, 'GET', '/api/me');
    const again = await pair.login('disp');
    await pair.ask(again, 200, 'POST', '/api/logout');
    await pair.ask(again, 401, 'GET', '/api/me');
    await pair.ask(null, 200, 'POST', '/api/logout');
    await pair.ask(
      { direct: 'connect.sid=s%3Aforged', through: 'connect.sid=s%3Aforged' },
      401,
      'GET',
      '/api/me',
    );
  });

  test('users', async () => {
    await pair.ask(guest, 403, 'GET', '/api/users');
    await pair.ask(disp, 200, 'GET', '/api/users');
    await pair.ask(admin, 400, 'POST', '/api/users', { json: { usr_login: 'x' } });
    const user = { usr_login: 'neu', usr_name: 'Née Müller', pass: 'geheim' };
    const { usr_id } = await json(admin, 200, 'POST', '/api/users', { json: user });
    await pair.ask(admin, 200, 'POST', '/api/users', { json: user });
    await pair.ask(admin, 200, 'GET', `/api/users/${usr_id}`);
    await pair.ask(admin, 200, 'PUT', `/api/users/${usr_id}`, { json: { usr_role: 'dis' } });
    await pair.ask(admin, 200, 'DELETE', `/api/users/${usr_id}`);
    await pair.ask(admin, 400, 'DELETE', '/api/users/1');
  });

  test('freelancers', async () => {
    const path = '/api/freelancers';
    for (const query of [
      '',
      '?q=M%C3%BCller',
      '?q=m&page=2&size=5&sort=-rate',
      '?skill=java&skill=sql',
      '?page=999',
      '?q=%25_%00',
    ])
      await pair.ask(guest, 200, 'GET', path + query);
    await pair.ask(disp, 400, 'POST', path, { json: { frl_name: ' ' } });
    const frl = { frl_name: 'Łukasz, Öz', frl_email: 'a@b.example', rate_ct: 9500, skills_csv: 'java, sql' };
    const { frl_id } = await json(disp, 200, 'POST', path, { json: frl });
    await pair.ask(disp, 200, 'POST', path, { json: frl });
    await pair.ask(disp, 200, 'POST', path, { form: 'frl_name=Aus+dem+Formular&rate_ct=100' });
    await pair.ask(guest, 200, 'GET', `${path}/${frl_id}`);
    await pair.ask(disp, 200, 'PUT', `${path}/${frl_id}`, {
      json: { city: 'Łódź', avail_from: '01.02.2026' },
    });
    await pair.ask(disp, 400, 'PUT', `${path}/${frl_id}`, { json: { avail_from: '31.02.2026' } });
    await pair.ask(disp, 200, 'POST', `${path}/${frl_id}/block`, { json: { reason: 'Werkvertrag' } });
    await pair.ask(disp, 400, 'POST', `${path}/${frl_id}/block`, { json: { reason: 'noch einmal' } });
    await pair.ask(disp, 200, 'POST', `${path}/${frl_id}/activate`);
    await pair.ask(admin, 200, 'DELETE', `${path}/${frl_id}`);
    // too long for its column
    await pair.ask(disp, 500, 'PUT', `${path}/${frl_id}`, { json: { frl_name: 'x'.repeat(300) } });
  });

  test('customers', async () => {
    const path = '/api/customers';
    for (const query of ['', '?q=gmbh&page=2&size=3', '?sort=city&vip=0'])
      await pair.ask(guest, 200, 'GET', path + query);
    await pair.ask(disp, 400, 'POST', path, { json: {} });
    const customer = { cus_name: 'Ä & Söhne GmbH', cus_short: 'AES', disc_pct: '2,5' };
    const { cus_id } = await json(disp, 200, 'POST', path, { json: customer });
    await pair.ask(disp, 200, 'POST', path, { json: customer });
    await pair.ask(guest, 200, 'GET', `${path}/${cus_id}`);
    await pair.ask(disp, 200, 'PUT', `${path}/${cus_id}`, { json: { cus_parent_id: 1 } });
    await pair.ask(disp, 400, 'PUT', `${path}/1`, { json: { cus_parent_id: cus_id } });
    await pair.ask(disp, 200, 'POST', `${path}/${cus_id}/deactivate`, { json: { reason: 'ruht' } });
    await pair.ask(disp, 200, 'POST', `${path}/${cus_id}/activate`);
    await pair.ask(admin, 200, 'DELETE', `${path}/${cus_id}`);
    await pair.ask(admin, 200, 'DELETE', `${path}/${cus_id}?hard=1`);
    await pair.ask(admin, 404, 'DELETE', `${path}/${cus_id}?hard=1`);
  });

  test('projects', async () => {
    const path = '/api/projects';
    for (const query of ['', '?q=a&stat=run,done&sort=-from&size=4', '?remote=true&cus=1'])
      await pair.ask(guest, 200, 'GET', path + query);
    await pair.ask(disp, 400, 'POST', path, { json: { prj_title: 'x' } });
    const project = { prj_title: 'Ablösung – Phase 1', cus_id: 1, date_from: '01.01.2026' };
    const { prj_id } = await json(disp, 200, 'POST', path, { json: project });
    await pair.ask(guest, 200, 'GET', `${path}/${prj_id}`);
    await pair.ask(disp, 200, 'PUT', `${path}/${prj_id}`, { json: { budget_ct: 12_345 } });
    await pair.ask(disp, 400, 'PUT', `${path}/${prj_id}`, { json: { cus_id: 99_999 } });
    await pair.ask(disp, 409, 'POST', `${path}/${prj_id}/state`, { json: { prj_stat: 'done' } });
    await pair.ask(disp, 200, 'POST', `${path}/${prj_id}/state`, { json: { prj_stat: 'open' } });
    await pair.ask(disp, 200, 'POST', `${path}/${prj_id}/freelancers`, {
      json: { frl_id: 1, role_txt: 'Prüfer' },
    });
    await pair.ask(disp, 400, 'POST', `${path}/${prj_id}/freelancers`, { json: { frl_id: 99_999 } });
    await pair.ask(disp, 200, 'DELETE', `${path}/${prj_id}/freelancers/1`);
    await pair.ask(disp, 404, 'DELETE', `${path}/${prj_id}/freelancers/1`);
    await pair.ask(admin, 200, 'DELETE', `${path}/${prj_id}`);
  });

  test('timesheets and payments', async () => {
    for (const query of ['', `?month=${MONTH}&stat=paid&size=7&page=2`, '?frl=1&sort=-hours', '?q=%C3%A4'])
      await pair.ask(guest, 200, 'GET', `/api/timesheets${query}`);
    for (const query of ['', '?sort=-amount&size=3', '?stat=open&run=2026-05'])
      await pair.ask(guest, 200, 'GET', `/api/payments${query}`);
    const { prj_id } = await json(disp, 200, 'POST', '/api/projects', {
      json: { prj_title: 'Stunden', cus_id: 1, date_from: '01.01.2020' },
    });
    const { frl_id } = await json(disp, 200, 'POST', '/api/freelancers', {
      json: { frl_name: 'Zettel, Z', rate_ct: 9999 },
    });
    const path = '/api/timesheets';
    const sheet = { frl_id, prj_id, tsh_day: '03.02.2020', tsh_hours: '7,25', tsh_text: 'Entwurf „ä“' };
    await pair.ask(disp, 400, 'POST', path, { json: { ...sheet, tsh_hours: '25' } });
    const { tsh_id } = await json(disp, 200, 'POST', path, { json: sheet });
    const { tsh_id: other } = await json(disp, 200, 'POST', path, { json: sheet });
    await pair.ask(disp, 400, 'POST', path, { json: { ...sheet, tsh_hours: '12' } });
    await pair.ask(guest, 200, 'GET', `${path}/${tsh_id}`);
    await pair.ask(disp, 200, 'PUT', `${path}/${tsh_id}`, { json: { tsh_hours: 8 } });
    await pair.ask(disp, 200, 'DELETE', `${path}/${other}`);
    await pair.ask(disp, 400, 'POST', `${path}/${tsh_id}/approve`);
    await pair.ask(disp, 200, 'POST', `${path}/${tsh_id}/submit`);
    await pair.ask(disp, 400, 'POST', `${path}/${tsh_id}/reject`, { json: {} });
    await pair.ask(disp, 200, 'POST', `${path}/${tsh_id}/reject`, { json: { reason: 'zu früh' } });
    await pair.ask(disp, 200, 'PUT', `${path}/${tsh_id}`, { json: { tsh_text: 'noch einmal' } });
    await pair.ask(disp, 200, 'POST', `${path}/${tsh_id}/submit`);
    await pair.ask(disp, 200, 'POST', `${path}/${tsh_id}/approve`);
    await pair.ask(disp, 409, 'DELETE', `${path}/${tsh_id}`);
    await pair.ask(disp, 400, 'POST', '/api/payments/run', { json: { month: '2999-01' } });
    await pair.ask(disp, 200, 'POST', '/api/payments/run', { json: { month: '2020-02' } });
    const { rows } = await json(guest, 200, 'GET', '/api/payments?run=2020-02&stat=open');
    await pair.ask(guest, 200, 'GET', `/api/payments/${rows[0].pay_id}`);
    await pair.ask(admin, 200, 'POST', `/api/payments/${rows[0].pay_id}/fail`, { json: { reason: 'IBAN' } });
    await pair.ask(admin, 409, 'POST', `/api/payments/${rows[0].pay_id}/paid`);
    await pair.ask(disp, 200, 'POST', '/api/payments/run', { json: { month: '2020-02' } });
    const { rows: next } = await json(guest, 200, 'GET', '/api/payments?run=2020-02&stat=open');
    await pair.ask(admin, 200, 'POST', `/api/payments/${next[0].pay_id}/paid`, {
      json: { paid_at: '05.03.2020' },
    });
    await pair.ask(guest, 200, 'GET', `/api/reports/monthly?month=2020-02&sort=-cost`);
    await pair.ask(guest, 200, 'GET', '/api/reports/monthly');
    await pair.ask(guest, 400, 'GET', '/api/reports/monthly?month=x');
  });

  test('imports: a form, the body itself, in chunks, twice, broken', async () => {
    const path = '/api/imports';
    const text = [['Content-Type', 'text/plain']] as const;
    await pair.ask(disp, 400, 'POST', path, { body: Buffer.from('no'), headers: text });
    await pair.ask(disp, 400, 'POST', path, { json: {} });
    const { imp_id } = await json(disp, 200, 'POST', `${path}?name=ohne%20Formular.dat`, {
      body: FIBU,
      headers: text,
    });
    await pair.ask(disp, 200, 'POST', path, { body: FIBU, headers: text });
    await pair.ask(disp, 200, 'POST', `${path}?again=1`, { body: FIBU, headers: text, chunked: true });
    const bytes = [['Content-Type', 'application/octet-stream']] as const;
    await pair.ask(disp, 200, 'POST', `${path}?again=1`, { body: FIBU, headers: bytes });
    await pair.ask(disp, 200, 'POST', `${path}?again=1`, upload(FIBU, 'Ü „x“.dat'));
    await pair.ask(disp, 200, 'POST', `${path}?again=1`, {
      ...upload(FIBU, 'in Stücken.dat'),
      chunked: true,
    });
    await pair.ask(disp, 400, 'POST', path, {
      ...upload(FIBU, 'x'),
      body: Buffer.from('--grenze\r\nbroken'),
    });
    await pair.ask(guest, 200, 'GET', `${path}?size=3`);
    await pair.ask(guest, 200, 'GET', `${path}/${imp_id}`);
    await pair.ask(guest, 200, 'GET', `${path}/${imp_id}/rejects`);
  });

  test('pages: login, lists, form, flash, logout', async () => {
    await pair.ask(null, 302, 'GET', '/freelancers?q=a%26b&stat=A');
    await pair.ask(null, 302, 'POST', '/payments/run');
    await pair.ask(null, 200, 'GET', '/login?next=/projects');
    await pair.ask(null, 200, 'POST', '/login', { form: 'user=disp&pass=no&next=/projects' });
    const answers = await pair.both(null, 302, 'POST', '/login', {
      form: 'user=disp&pass=disp&next=/projects',
    });
    const [direct, through] = answers.map(cookieOf) as [string, string];
    const person = { direct, through };
    await pair.ask(person, 302, 'GET', '/');
    for (const path of LISTS) await pair.ask(person, 200, 'GET', path);
    await pair.ask(person, 200, 'GET', '/freelancers/new');
    await pair.ask(person, 200, 'POST', '/freelancers', { form: 'frl_name=&rate=95,50' });
    const created = await pair.ask(person, 302, 'POST', '/freelancers', {
      form: 'frl_name=Neu%2C+N%C3%BC&rate=95,50',
    });
    const edit = new URL(String(headerOf(created, 'location'))).pathname;
    const flash = cookieOf(created);
    const flashed = { direct: `${direct}; ${flash}`, through: `${through}; ${flash}` };
    await pair.ask(flashed, 200, 'GET', edit);
    await pair.ask(person, 200, 'GET', edit);
    await pair.ask(person, 302, 'POST', edit, { form: 'frl_name=Neu%2C+N&avail_from=01.02.2026' });
    await pair.ask(person, 200, 'POST', edit, { form: 'frl_name=Neu&avail_from=x' });
    await pair.ask(person, 404, 'GET', '/freelancers/999999/edit');
    await pair.ask(guest, 403, 'GET', '/freelancers/new');
    const [sheet] = await json(guest, 200, 'GET', '/api/timesheets?stat=subm');
    await pair.ask(person, 302, 'POST', `/timesheets/${sheet?.tsh_id ?? 1}/approve`, {
      form: 'back=/timesheets?stat=subm',
    });
    await pair.ask(person, 302, 'POST', '/payments/run', { form: 'month=2019-01' });
    const sent = await pair.ask(
      person,
      302,
      'POST',
      '/imports',
      upload(Buffer.concat([FIBU, Buffer.from('\r\n')]), 'von Hand.dat'),
    );
    await pair.ask(person, 302, 'POST', '/imports', upload(Buffer.from('no'), 'x.dat'));
    await pair.ask(person, 200, 'GET', new URL(String(headerOf(sent, 'location'))).pathname);
    await pair.ask(person, 302, 'POST', '/logout');
    await pair.ask(person, 302, 'GET', '/freelancers');
  });

  test('downloads and static files, whole, in parts and not at all', async () => {
    const whole = await pair.ask(guest, 200, 'GET', '/freelancers.csv');
    expect(whole.body.length).toBeGreaterThan(2000);
    await pair.ask(guest, 200, 'GET', `/timesheets.csv?month=${MONTH}`);
    await pair.ask(guest, 400, 'GET', '/timesheets.csv');
    const pdf = await pair.ask(guest, 200, 'GET', '/payments/1/statement.pdf');
    expect(pdf.body.subarray(0, 5).toString()).toBe('%PDF-');
    await pair.ask(guest, 404, 'GET', '/payments/999999/statement.pdf');
    const style = await pair.ask(null, 200, 'GET', '/static/style.css?v=7');
    const headers = (name: string, value: string) => ({ headers: [[name, value]] as const });
    const etag = headerOf(style, 'etag')!;
    await pair.ask(null, 304, 'GET', '/static/style.css', headers('If-None-Match', etag));
    await pair.ask(
      null,
      304,
      'GET',
      '/static/style.css',
      headers('If-Modified-Since', headerOf(style, 'last-modified')!),
    );
    await pair.ask(null, 412, 'GET', '/static/style.css', headers('If-Match', '"other"'));
    await pair.ask(null, 206, 'GET', '/static/style.css', headers('Range', 'bytes=0-9'));
    await pair.ask(null, 200, 'GET', '/static/style.css', headers('Range', 'bytes=0-9,20-29'));
    await pair.ask(null, 416, 'GET', '/static/style.css', headers('Range', 'bytes=999999-'));
    await pair.ask(null, 302, 'GET', '/static/nothing.css');
    await pair.ask(null, 301, 'GET', '/static');
  });

  test('strangers, people without the right, ids that are not there: at every endpoint', async () => {
    for (const endpoint of endpoints) {
      const [method, pattern] = endpoint.split(' ') as [string, string];
      const body: { json?: unknown } = method === 'GET' ? {} : { json: {} };
      const asked: [Person | null, string][] = [
        [null, pattern.replace(/:\w+/g, '1')],
        [guest, pattern.replace(/:\w+/g, '999999')],
        [guest, pattern.replace(/:\w+/g, 'abc')],
      ];
      if (method !== 'GET' && endpoint !== 'POST /api/logout' && endpoint !== 'POST /logout')
        asked.push([admin, pattern.replace(/:\w+/g, '999999')], [admin, pattern.replace(/:\w+/g, 'abc')]);
      for (const [who, target] of asked) {
        // whoever logs out is nobody afterwards
        if (who === guest && /\/logout$/.test(target)) continue;
        if (who === admin && /^POST .*\/login$/.test(endpoint)) continue;
        await pair.sameOf(who, method, target, body);
      }
    }
  });

  test('every endpoint was asked, with success and with a refusal', () => {
    expect(notCovered(endpoints, pair.asked)).toEqual([]);
  });
});

const LISTS = [
  '/freelancers?q=m&sort=-rate&page=2',
  '/customers?sort=city',
  '/projects?stat=done',
  `/timesheets?month=${MONTH}`,
  '/payments?sort=-amount',
  '/imports',
  `/reports/monthly?month=${MONTH}`,
];
