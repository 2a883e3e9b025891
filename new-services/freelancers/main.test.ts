import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { type ServiceProcess, startProcess } from '../service-kit/testing/service-process.ts';
import { createTestDatabase, type TestDatabase } from '../service-kit/testing/test-database.ts';

const entry = new URL('./main.ts', import.meta.url);
const token = 'a-test-token';
const authorization = { authorization: `Bearer ${token}` };

let database: TestDatabase;
let running: ServiceProcess[] = [];
beforeAll(async () => {
  database = await createTestDatabase('main');
});
afterEach(async () => {
  for (const { child } of running) child.kill('SIGKILL');
  await Promise.all(running.map(({ ended }) => ended));
  running = [];
});
afterAll(() => database.drop());

function start(env: Record<string, string> = {}): ServiceProcess {
  const started = startProcess(entry, {
    DATABASE_URL: database.url,
    SERVICE_TOKEN: token,
    PORT: '0',
    ...env,
  });
  running.push(started);
  return started;
}

test('two instances that start at once on an empty database both come up, with the schema made once', async () => {
  const urls = await Promise.all([start().url, start().url, start().url]);
  for (const url of urls) {
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect((await fetch(`${url}/v2/freelancers`, { headers: authorization })).status).toBe(200);
  }
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query('SELECT name FROM _migrations ORDER BY name');
  await client.end();
  expect(rows.map((row) => row.name)).toEqual([
    'CreateFreelancers1767000000001',
    'CreateOwners1767000000006',
    'CreateSyncInbox1767000000000',
    'IndexIdempotencyAge1767000000004',
    'RebuildLetterCase1767000000003',
  ]);
}, 60_000);

test('on SIGTERM it answers what is in flight, then exits 0, saying nothing on stderr', async () => {
  const { child, url, ended } = start();
  const { hostname, port } = new URL(await url);
  const socket = connect(Number(port), hostname);
  const answer = new Promise<string>((resolve) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
  });
  const body = JSON.stringify({ name: { first: 'In', last: 'Flight' } });
  socket.write(
    `POST /v2/freelancers HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n` +
      `content-type: application/json\r\nexpect: 100-continue\r\ncontent-length: ${body.length}\r\n\r\n`,
  );
  // The interim answer shows that the request is in flight.
  await new Promise((resolve) => socket.once('data', resolve));
  child.kill('SIGTERM');
  while (
    await fetch(`${await url}/livez`).then(
      () => true,
      () => false,
    )
  )
    await new Promise(setImmediate);
  socket.write(body);
  expect(await answer).toMatch(/HTTP\/1\.1 201 Created[\s\S]*"last":"Flight"/);
  expect(await ended).toMatchObject({ code: 0, stderr: '' });
}, 30_000);

test('a busy port is named, with what to do', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => holder.once('listening', resolve));
  const { port } = holder.address() as AddressInfo;
  const { code, stderr } = await start({ PORT: String(port) }).ended;
  holder.close();
  expect([code, stderr]).toEqual([
    1,
    `port ${port} is in use. Set PORT to another one, or stop the process that holds it\n`,
  ]);
}, 30_000);

test('every bad variable is named in one go, and secrets are not shown', async () => {
  const { code, stderr } = await start({
    PORT: '80x',
    DATABASE_URL: 'mysql://u:secret@h/d',
    SERVICE_TOKEN: '',
  }).ended;
  expect(code).toBe(1);
  expect(stderr.trim().split('\n')).toEqual([
    'DATABASE_URL: expected a URL postgres://user:password@host:port/database, got something else. Set it to the database of this service.',
    'SERVICE_TOKEN: expected a token of visible ASCII characters without spaces, got nothing. Set it to the value that callers send as "authorization: Bearer …".',
    'PORT: expected a port from 0 to 65535, got "80x". Write e.g. 4111; 0 picks a free one.',
  ]);
}, 30_000);

test.each([
  [
    'a server that is not there',
    (url: URL) => (url.port = '1'),
    /cannot use database fig_test_main_\w+ on 127\.0\.0\.1:1: .*ECONNREFUSED/,
  ],
  [
    'a database that is not there',
    (url: URL) => (url.pathname = '/fig_test_absent'),
    /cannot use database fig_test_absent on .*does not exist/,
  ],
])(
  '%s is one line with host and database, without the password',
  async (_what, spoil, message) => {
    const url = new URL(database.url);
    // A server that trusts everybody takes any password; one that asks needs the real one.
    if (url.password === '') url.password = 'hunter2';
    spoil(url);
    const { code, stderr } = await start({ DATABASE_URL: url.href, DATABASE_WAIT_SECONDS: '0' }).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).not.toContain(url.password);
  },
  30_000,
);

test('a database that goes away makes it unready and answers 503, and it recovers by itself', async () => {
  const other = await createTestDatabase('outage');
  const { url, child } = start({ DATABASE_URL: other.url });
  const base = await url;
  const admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  const name = new URL(other.url).pathname.slice(1);
  await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
  const ready = async () => (await fetch(`${base}/readyz`)).status;
  expect(await ready()).toBe(503);
  expect((await fetch(`${base}/livez`)).status).toBe(200);
  await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
  expect(await ready()).toBe(200);
  await admin.end();
  expect(child.exitCode).toBeNull();
  await other.drop();
}, 30_000);
