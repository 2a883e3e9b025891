import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { type AwkwardUpstream, awkwardUpstream, BIG_PIECES, PIECE } from './test-kit/awkward-upstream.ts';
import { ask } from './test-kit/raw-client.ts';
import { until } from './test-kit/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'fig-facade-'));
const running: ChildProcess[] = [];
let legacy: AwkwardUpstream;
let candidate: AwkwardUpstream;
beforeAll(async () => {
  legacy = await awkwardUpstream('legacy');
  candidate = await awkwardUpstream('candidate');
});
afterEach(async () => {
  for (const child of running.splice(0)) await kill(child, 'SIGKILL');
});
afterAll(async () => {
  await legacy.close();
  await candidate.close();
  rmSync(folder, { recursive: true, force: true });
});

const ROUTE = `route: articles
match: ["GET /api/articles", "POST /api/articles"]
candidate: catalog
data: none
stages: [canary 25%, canary 50%, candidate]
`;
let homes = 0;
function home(): string {
  const path = join(folder, `${++homes}`);
  mkdirSync(join(path, 'plan', 'routes'), { recursive: true });
  writeFileSync(
    join(path, 'plan', 'plan.yaml'),
    `version: 1
publicUrl: http://127.0.0.1:8080
legacy: { url: "${legacy.url}" }
candidates: { catalog: { url: "${candidate.url}" } }
cohort: [ { cookie: sid }, address ]
expose: true
`,
  );
  writeFileSync(join(path, 'plan', 'routes', 'articles.yaml'), ROUTE);
  return path;
}

type Output = { text: string; errors: string };
function spawnFacade(cwd: string, args: string[] = [], env: Record<string, string> = {}) {
  const ports = args.includes('--port') ? [] : ['--port', '0'];
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'main.ts'), '--plan', 'plan', ...ports, '--admin-port', '0', ...args],
    {
      cwd,
      env: {
        PATH: process.env.PATH,
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
        FIG_ADMIN_TOKEN: 'secret',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  running.push(child);
  const output: Output = { text: '', errors: '' };
  child.stdout.on('data', (chunk) => {
    output.text += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.errors += chunk;
  });
  return { child, output };
}

async function start(cwd: string, args: string[] = [], env: Record<string, string> = {}) {
  const { child, output } = spawnFacade(cwd, args, env);
  const line = await until(`the facade to listen: ${output.errors}`, () =>
    child.exitCode === null
      ? output.text.split('\n').find((text) => text.includes('"msg":"listening"'))
      : `exited: ${output.errors}`,
  );
  const { url, adminUrl } = JSON.parse(line) as { url: string; adminUrl: string };
  const post = async (path: string, body: object) => {
    const answer = await ask(adminUrl, {
      path,
      method: 'POST',
      headers: { authorization: 'Bearer secret' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, ...JSON.parse(answer.body.toString()) };
  };
  const get = async (path: string) =>
    JSON.parse((await ask(adminUrl, { path, headers: { authorization: 'Bearer secret' } })).body.toString());
  return { child, output, url, adminUrl, post, get };
}

async function kill(child: ChildProcess, signal: NodeJS.Signals) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'exit');
  child.kill(signal);
  await closed;
}

const advance = (percent: number, expectedVersion: number) => ({
  stage: 'canary',
  percent,
  expectedVersion,
  reason: 'test',
});
const TRANSITIONS = '/v1/routes/articles/transitions';

describe('the facade process', () => {
  test('keeps positions, cookies and cohorts through kill -9', async () => {
    const cwd = home();
    const first = await start(cwd);
    expect(await first.post(TRANSITIONS, advance(25, 0))).toMatchObject({ status: 200 });
    const sides = async (url: string, cookie: (i: number) => string) => {
      const out: string[] = [];
      for (let i = 0; i < 60; i++) {
        const answer = await ask(url, { path: '/api/articles', headers: { cookie: cookie(i) } });
        out.push(String(answer.headers['x-fig-upstream']));
      }
      return out;
    };
    const before = await sides(first.url, (i) => `sid=${i}`);
    const answer = await ask(first.url, { path: '/api/articles', headers: { cookie: 'sid=x' } });
    const cookie = answer.headers['set-cookie']?.[0]?.split(';')[0];
    await kill(first.child, 'SIGKILL');
    const second = await start(cwd);
    expect(await second.get('/v1/routes/articles')).toMatchObject({
      stage: 'canary',
      percent: 25,
      version: 1,
    });
    expect(await sides(second.url, (i) => `sid=${i}`)).toEqual(before);
    const held = await ask(second.url, { path: '/api/articles', headers: { cookie: `sid=y; ${cookie}` } });
    expect(held.headers['x-fig-upstream']).toBe(answer.headers['x-fig-upstream']);
    expect(held.headers['set-cookie']).toBeUndefined();
    expect(statSync(join(cwd, '.fig', 'cohort-secret')).mode & 0o777).toBe(0o600);
  }, 30_000);

  test('finishes what is in flight on SIGTERM, refuses what is new, and exits 0', async () => {
    const { child, url, output } = await start(home(), ['--ledger', 'memory:']);
    const request = httpRequest(url, { path: '/upload', method: 'POST', agent: false });
    const answered = once(request, 'response');
    const seen = legacy.seen.length;
    request.write('half');
    await until('the request upstream', () => legacy.seen.length > seen);
    const client = new WebSocket(url.replace('http', 'ws'));
    await once(client, 'open');
    client.on('error', () => {});
    const events = httpRequest(url, { path: '/events', agent: false });
    events.on('error', () => {});
    events.end();
    const [stream] = await once(events, 'response');
    stream.on('error', () => {});
    const idle = connect(Number(new URL(url).port), '127.0.0.1');
    const halfway = connect(Number(new URL(url).port), '127.0.0.1', () =>
      halfway.write('GET /half HTTP/1.1\r\nHo'),
    );
    const served = connect(Number(new URL(url).port), '127.0.0.1', () => {
      served.write('GET /cookies HTTP/1.1\r\nHost: x\r\n\r\nGET /half');
    });
    await once(served, 'data');
    const leftAlone = [idle, halfway, served].map((socket) => {
      socket.on('error', () => {}).resume();
      return once(socket, 'close');
    });
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    // While the upload is still under way: nobody waits for requests that are not there.
    await Promise.all(leftAlone);
    await until('new connections to be refused', () =>
      ask(url, { path: '/' }).then(
        () => false,
        (error) => error.code === 'ECONNREFUSED',
      ),
    );
    request.end('+half');
    const [answer] = await answered;
    const [body] = await once(answer, 'data');
    expect(JSON.parse(String(body))).toMatchObject({ bytes: 9 });
    expect(await exited).toEqual([0, null]);
    expect(output.errors).toBe('');
  }, 30_000);

  test('one Ctrl-C that arrives twice cuts nothing; a later signal does not wait, and frees the ledger', async () => {
    const cwd = home();
    const { child, url } = await start(cwd);
    const request = httpRequest(url, { path: '/upload', method: 'POST', agent: false });
    request.on('error', () => {});
    const seen = legacy.seen.length;
    request.write('half');
    await until('the request upstream', () => legacy.seen.length > seen);
    const exited = once(child, 'exit');
    child.kill('SIGINT');
    child.kill('SIGINT');
    await until('new connections to be refused', () =>
      ask(url, { path: '/' }).then(
        () => false,
        (error) => error.code === 'ECONNREFUSED',
      ),
    );
    expect(request.destroyed).toBe(false);
    // Again and again, as somebody would who is tired of waiting, until one of them counts as a new one.
    const again = setInterval(() => child.kill('SIGINT'), 100);
    expect(await exited).toEqual([1, null]);
    clearInterval(again);
    expect(existsSync(join(cwd, '.fig', 'ledger.jsonl.lock'))).toBe(false);
  }, 30_000);

  test('reloads its plan on SIGHUP: a valid one is in force, an invalid one refused and recorded', async () => {
    const cwd = home();
    const { child, url, get, output } = await start(cwd);
    const file = join(cwd, 'plan', 'routes', 'articles.yaml');
    writeFileSync(file, ROUTE.replaceAll('/api/articles', '/api/posts'));
    child.kill('SIGHUP');
    await until('the new plan', async () => (await get('/v1/routes/articles')).match[0] === 'GET /api/posts');
    const answer = await ask(url, { path: '/api/posts' });
    expect(answer.headers['x-fig-reason']).toBe('STAGE');
    expect(output.text).not.toContain('wait for a restart');
    const planFile = join(cwd, 'plan', 'plan.yaml');
    const planText = readFileSync(planFile, 'utf8');
    writeFileSync(planFile, `${planText}limits: { maxHeader: 64KiB }\n`);
    child.kill('SIGHUP');
    await until('the warning', () =>
      output.text.includes('limits.maxHeader of the new plan wait for a restart'),
    );
    writeFileSync(planFile, planText);
    writeFileSync(file, ROUTE.replace('canary 25%', 'canary 250%'));
    child.kill('SIGHUP');
    await until('the refusal', () => output.text.includes('plan refused'));
    expect((await get('/v1/routes/articles')).match[0]).toBe('GET /api/posts');
    const { entries } = await get('/v1/ledger');
    expect(entries).toMatchObject([
      { type: 'reload', actor: 'signal', reason: 'SIGHUP' },
      { type: 'reload', actor: 'signal' },
      { type: 'reload-refused', actor: 'signal' },
    ]);
    expect(entries[0].plan).toMatch(/^[0-9a-f]{64}$/);
  }, 30_000);

  test('serves the stored positions when its ledger cannot be opened, and changes none', async () => {
    const cwd = home();
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as { port: number };
    await new Promise((resolve) => probe.close(resolve));
    const args = ['--port', String(port)];
    const first = await start(cwd, args);
    await first.post(TRANSITIONS, { ...advance(25, 0), stage: 'candidate', percent: 100, force: true });
    await kill(first.child, 'SIGKILL');
    const ledger = join(cwd, '.fig', 'ledger.jsonl');
    rmSync(ledger);
    mkdirSync(ledger);
    const second = await start(cwd, args);
    const answer = await ask(second.url, { path: '/api/articles' });
    expect(answer.headers['x-fig-upstream']).toBe('candidate');
    expect(await second.post('/v1/routes/articles/rollback', { reason: 'test' })).toMatchObject({
      status: 503,
      code: 'LEDGER_CORRUPT',
      detail: expect.stringMatching(/ledger .*ledger.jsonl: it cannot be opened: EISDIR.*--ledger file:PATH/),
    });
    expect(second.output.text).toMatch(/"level":50.*it cannot be opened/);
    await kill(second.child, 'SIGKILL');
    rmSync(join(cwd, '.fig', `positions-${port}.json`));
    const { child, output } = spawnFacade(cwd, args);
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(output.errors).toMatch(/^ledger .*ledger.jsonl cannot be opened: EISDIR/);
  }, 30_000);

  test('tells the webhook of its plan of each change, and signs it', async () => {
    const came: { headers: NodeJS.Dict<string | string[]>; body: string }[] = [];
    const receiver = createHttpServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        came.push({ headers: request.headers, body });
        response.end();
      });
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    const cwd = home();
    const { port } = receiver.address() as { port: number };
    appendFileSync(join(cwd, 'plan', 'plan.yaml'), `notify: { webhook: "http://127.0.0.1:${port}/hook" }\n`);
    const { child, post, adminUrl } = await start(cwd);
    await post(TRANSITIONS, advance(25, 0));
    await until('the notice', () => came.length === 1);
    const metrics = async () => (await ask(adminUrl, { path: '/metrics' })).body.toString();
    await until('its count', async () => /^fig_notices_delivered_total 1$/m.test(await metrics()));
    expect(await metrics()).toMatch(/^fig_notices_waiting 0$/m);
    // One page: what the data plane counts stands on it too.
    expect(await metrics()).toMatch(/^# TYPE fig_requests_total counter$/m);
    const secret = readFileSync(join(cwd, '.fig', 'webhook-secret'), 'utf8').trim();
    const { headers, body } = came[0] as (typeof came)[0];
    expect(JSON.parse(body)).toMatchObject({
      type: 'transition',
      data: { entries: [{ seq: 1, route: 'articles', percent: 25, actor: 'admin', reason: 'test' }] },
    });
    const mac = createHmac('sha256', secret);
    mac.update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`);
    expect(headers['webhook-signature']).toBe(`v1,${mac.digest('base64')}`);
    await post('/v1/kill', { reason: 'test' });
    await kill(child, 'SIGTERM');
    expect(came.map((one) => JSON.parse(one.body).type)).toEqual(['transition', 'kill']);
    receiver.close();
  }, 60_000);

  test('makes an admin token once, for its user alone, and never prints it', async () => {
    const cwd = home();
    const first = await start(cwd, [], { FIG_ADMIN_TOKEN: '' });
    const file = join(cwd, '.fig', 'admin-token');
    const token = readFileSync(file, 'utf8').trim();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(first.output.text + first.output.errors).not.toContain(token);
    await kill(first.child, 'SIGKILL');
    const second = await start(cwd, [], { FIG_ADMIN_TOKEN: '' });
    const headers = { authorization: `Bearer ${token}` };
    expect((await ask(second.adminUrl, { path: '/v1/routes', headers })).status).toBe(200);
  }, 30_000);

  test('carries 256 MiB with flat memory', async () => {
    const { url, adminUrl } = await start(home(), ['--ledger', 'memory:']);
    const resident = async () => {
      const { body } = await ask(adminUrl, { path: '/metrics' });
      return Number(/process_resident_memory_bytes (\d+)/.exec(body.toString())?.[1]);
    };
    const load = () =>
      new Promise<number>((resolve, reject) => {
        let bytes = 0;
        httpRequest(url, { path: '/big', agent: false }, (answer) => {
          answer.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
          });
          answer.on('end', () => resolve(bytes)).on('error', reject);
        })
          .on('error', reject)
          .end();
      });
    await load();
    const before = await resident();
    expect(
      (await Promise.all([load(), load(), load(), load()])).every((n) => n === BIG_PIECES * PIECE.length),
    ).toBe(true);
    // A facade that held these bodies whole would stand 256 MiB higher.
    expect((await resident()) - before).toBeLessThan(100 * 1024 * 1024);
  }, 60_000);

  test('says in a warning that writes are not rehearsed without a secret to sign with', async () => {
    const cwd = home();
    writeFileSync(join(cwd, 'plan', 'routes', 'articles.yaml'), `${ROUTE}\nshadow: { writes: dry-run }\n`);
    const { output } = await start(cwd);
    expect(output.text).toMatch(/shadow\.writes: dry-run needs DRY_RUN_SECRET/);
  }, 30_000);
});

describe('the facade refuses to start, in one line and with exit code 1,', () => {
  const refused = async (cwd: string, args: string[] = [], env: Record<string, string> = {}) => {
    const { child, output } = spawnFacade(cwd, args, env);
    const [code] = await once(child, 'close');
    expect(code).toBe(1);
    expect(output.errors).not.toMatch(/\n\s+at /);
    return output.errors.trimEnd().split('\n');
  };

  test('on a busy port', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    expect(await refused(home(), ['--port', String(port)])).toEqual([
      `port ${port} is in use. Set --port to another one, or stop the process that holds it.`,
    ]);
    holder.close();
  }, 20_000);

  test('when another facade holds the ledger', async () => {
    const cwd = home();
    const first = await start(cwd);
    const [line] = await refused(cwd);
    expect(line).toMatch(
      new RegExp(`^ledger .fig/ledger.jsonl is held by process ${first.child.pid} on .*--ledger file:PATH$`),
    );
  }, 20_000);

  test('on a plan with problems, all of them at once', async () => {
    const cwd = home();
    writeFileSync(
      join(cwd, 'plan', 'routes', 'articles.yaml'),
      `${ROUTE.replace('canary 25%', 'canary 250%')}colour: red\n`,
    );
    const lines = await refused(cwd);
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(/^routes\/articles\.yaml:\d+ /);
  }, 20_000);

  test.each<[string, string[], Record<string, string>, RegExp]>([
    [
      'a ledger that is none',
      ['--ledger', 'mysql://u:secret@h/db'],
      {},
      /^--ledger: expected memory:, file:PATH or postgres:\/\/USER@HOST\/DATABASE, got mysql:…\./,
    ],
    [
      'no worker at all',
      ['--workers', '0'],
      {},
      /^--workers: expected a whole number from 1 to 256, got 0\. Give e\.g\. --workers 2/,
    ],
    ['a port that is none', ['--port', '99999'], {}, /^--port: expected a port from 0 to 65535, got 99999\./],
    ['an unknown flag', ['--colour', 'red'], {}, /^Unknown option '--colour'.*Usage: /],
    [
      'a token with blanks',
      [],
      { FIG_ADMIN_TOKEN: 'a b' },
      /^FIG_ADMIN_TOKEN: expected a token without blanks/,
    ],
  ])(
    'on %s',
    async (_what, args, env, expected) => {
      const lines = await refused(home(), args, env);
      expect(lines).toEqual([expect.stringMatching(expected)]);
      expect(lines.join()).not.toContain('secret');
    },
    20_000,
  );
});
