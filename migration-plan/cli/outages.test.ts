import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { DATA, ROUTE } from '#plan/model/test-kit/plan-folder.ts';
import { EXIT } from './exit-code.ts';
import { folders } from './test-kit/control-plane.ts';
import { fig, type Shown } from './test-kit/terminal.ts';
import { ASK_FACADE, ASK_FACADE_WITH_PLAN, ASK_RELAY } from './test-kit/verbs.ts';

const ASKING = [...ASK_FACADE, ...ASK_FACADE_WITH_PLAN, ...ASK_RELAY];
const RUN = join(import.meta.dirname, 'run.ts');
/** What a user never sees. */
const STACK = /^\s+at .*[:(]/m;

const servers: Server[] = [];
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** Takes connections and never answers. */
let hanging: string;
beforeAll(async () => {
  hanging = await serve(() => {});
});

type Sides = { relay?: string; candidate?: string; legacy?: string };
const planWith = ({ relay = hanging, candidate = hanging, legacy = hanging }: Sides = {}) =>
  folders.write({
    'plan.yaml': `version: 1\nlegacy: { url: "${legacy}" }\ncandidates: { catalog: { url: "${candidate}" } }\nrelay: { url: "${relay}" }\n`,
    'routes/articles.yaml': `${ROUTE}data: { owned: articles }\n`,
    'data/articles.yaml': DATA,
    'parity/articles.parity.yaml': `parity: articles\ncases:\n${Array.from({ length: 30 }, (_, n) => `  - { name: case ${n}, request: GET /api/articles, status: 200 }\n`).join('')}`,
  });

/** Every verb at once: what they meet takes its time. */
async function sweep(verbs: readonly (readonly string[])[], admin: string, plan: string, timeout = '30s') {
  const env = { FIG_TIMEOUT: timeout };
  return Promise.all(verbs.map(async (argv) => ({ argv, ...(await fig(argv, { admin, plan, env })) })));
}
const told = (all: readonly ({ argv: readonly string[] } & Shown)[]) =>
  all.map(({ argv, code, err }) => [argv.join(' '), code, err]);

describe('every verb that asks facade or relay', () => {
  test('waits no longer than FIG_TIMEOUT where nobody answers', async () => {
    const all = await sweep(ASKING, hanging, planWith(), '300ms');
    expect(told(all)).toEqual(
      ASKING.map((argv) => [
        argv.join(' '),
        EXIT.unreachable,
        expect.stringMatching(
          /^error: (?:facade|relay): expected an answer from http:\S+ within 300ms, got none\. It hangs, .*FIG_TIMEOUT=2m\n$/,
        ),
      ]),
    );
  });

  test('takes what answers otherwise for another program', async () => {
    for (const [type, body] of [
      ['application/json', '{}'],
      ['application/json', '[]'],
      ['text/html', '<h1>It works!</h1>'],
      ['application/x-ndjson', '\nnonsense\n'],
    ] as const) {
      const other = await serve((_, response) => response.writeHead(200, { 'content-type': type }).end(body));
      const all = await sweep(ASKING, other, planWith({ relay: other }));
      for (const { argv, code, err } of all) {
        expect([body, argv.join(' '), code, err]).toEqual([
          body,
          argv.join(' '),
          EXIT.unreachable,
          expect.stringMatching(/^error: (?:facade|relay): expected .*\n$/),
        ]);
      }
    }
  });

  test('hands on what a facade says whose ledger is out of reach, and fails with 6', async () => {
    const detail = 'the ledger cannot be reached: ECONNREFUSED. It is tried again every second.';
    const broken = await serve((_, response) =>
      response
        .writeHead(503, { 'content-type': 'application/problem+json' })
        .end(
          JSON.stringify({ status: 503, code: 'LEDGER_UNREACHABLE', title: 'Ledger out of reach', detail }),
        ),
    );
    for (const { argv, code, err } of await sweep(ASKING, broken, planWith({ relay: broken })))
      expect([argv.join(' '), code, err]).toEqual([
        argv.join(' '),
        EXIT.failed,
        expect.stringMatching(/^error: (?:facade|relay) \(503\): the ledger cannot be reached/),
      ]);
  });

  test('refuses a FIG_TIMEOUT that is none', async () => {
    for (const wrong of ['fast', '0', '-1s'])
      expect(await fig(['status'], { admin: hanging, env: { FIG_TIMEOUT: wrong } })).toMatchObject({
        code: EXIT.usage,
        err: `error: FIG_TIMEOUT: expected a duration above 0, got \`${wrong}\`. Write e.g. \`FIG_TIMEOUT=30s\`.\n`,
      });
  });
});

describe('Ctrl-C', () => {
  const statusOf = (state: object) => ({
    set: 'articles',
    state: 'running',
    rowsTotal: 9,
    rowsRead: 1,
    ...state,
  });
  /** The first answer of each kind of work, and then nothing any more. */
  const stalling =
    (onStall: () => void): RequestListener =>
    (request, response) => {
      const { method, url = '' } = request;
      const json = (body: unknown) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      if (method === 'POST' && url.includes('/cutover'))
        json({ set: 'articles', owner: 'legacy', to: 'candidate', run: { outcome: 'running', steps: [] } });
      else if (method === 'POST' && url.includes('/sets/')) json(statusOf({}));
      else if (url === '/v1/routes/moved') json({ route: 'moved', stage: 'candidate', writer: 'candidate' });
      else if (url === '/v1/data') json({ sets: [{ set: 'articles', routes: ['moved'] }] });
      else if (url === '/v1/routes') json({ routes: [{ route: 'articles', match: [] }] });
      else if (url === '/metrics') response.end('');
      else if (url.includes('/recording')) response.writeHead(200).write('\n', onStall);
      else onStall();
    };
  afterEach(() => expect(process.listenerCount('SIGINT')).toBe(0));

  test('ends each verb that watches or sends, at once, and says what goes on', async () => {
    let stalled = 0;
    const url = await serve(stalling(() => stalled++));
    const side = await serve((request, response) => {
      if (request.url === '/') response.end();
      else stalled++;
    });
    const plan = planWith({ relay: url, legacy: side, candidate: side });
    const file = join(dirname(plan), 'made.ndjson');
    const verbs = [
      ['backfill', 'articles'],
      ['reconcile', 'articles'],
      ['cutover', 'articles', '--reason', 'because'],
      ['rollback', 'moved', '--reason', 'because'],
      ['record', 'articles', '--output', file],
      ['parity', '--timeout', '1'],
    ];
    const ending = sweep(verbs, url, plan);
    for (const deadline = Date.now() + 10_000; stalled < verbs.length + 1 && Date.now() < deadline; )
      await new Promise((next) => setTimeout(next, 20));
    process.emit('SIGINT');
    const all = await ending;
    // The case in hand, and none after it.
    expect(all.at(-1)?.out).toMatch(/^ {2}1 cases: 0 passed, 0 failed, 1 errors/m);
    expect(told(all)).toEqual([
      ['backfill articles', EXIT.interrupted, expect.stringContaining('goes on in the relay')],
      ['reconcile articles', EXIT.interrupted, expect.stringContaining('goes on in the relay')],
      [
        'cutover articles --reason because',
        EXIT.interrupted,
        expect.stringMatching(
          /goes on in the facade\. Watch it again: npx fig cutover articles --plan \S+(?: --admin \S+)? --reason/,
        ),
      ],
      [
        'rollback moved --reason because',
        EXIT.interrupted,
        expect.stringMatching(
          /goes on in the facade\. The reads of moved stay where they are until: npx fig rollback moved --plan \S+(?: --admin \S+)? --reason/,
        ),
      ],
      [
        `record articles --output ${file}`,
        EXIT.interrupted,
        expect.stringContaining('Interrupted: the file holds what came until then.'),
      ],
      ['parity --timeout 1', EXIT.interrupted, expect.stringContaining('Interrupted: the cases above')],
    ]);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends a verb that waits, with 130 and no words',
    async (signal) => {
      let asked = () => {};
      const waits = new Promise<void>((resolve) => {
        asked = resolve;
      });
      const url = await serve(() => asked());
      const child = spawn(process.execPath, [RUN, 'status', '--admin', url, '--plan', planWith()]);
      let words = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (words += text));
      const ended = new Promise((resolve) => child.once('close', (code) => resolve(code)));
      await waits;
      child.kill(signal);
      expect([await ended, words.replace(/.*Experimental.*\n.*\n/, '')]).toEqual([EXIT.interrupted, '']);
    },
  );
});

describe('a candidate that goes away', () => {
  test('is asked five times in vain, and the cases that are left are errors that were not sent', async () => {
    let asked = 0;
    const legacy = await serve((_, response) => response.end('{}'));
    const candidate = await serve((request, response) => {
      if (asked === 0 && request.url === '/') response.end();
      else if (++asked <= 3) response.end('{}');
      else response.destroy();
    });
    const { code, out } = await fig(['parity'], { plan: planWith({ legacy, candidate }) });
    expect(code).toBe(EXIT.refused);
    expect(out).toContain('30 cases: 3 passed, 0 failed, 27 errors, 0 skipped');
    expect(out.match(/not sent, as 5 requests in a row had no answer: candidate at/g)).toHaveLength(22);
    expect(asked).toBe(3 + 5 + 1);
  });

  test('is taken for there while it answers anything: one endpoint that breaks off is no outage', async () => {
    const legacy = await serve((_, response) => response.end('{}'));
    const candidate = await serve((request, response) => {
      if (request.url === '/') response.end();
      else response.destroy();
    });
    const { out } = await fig(['parity'], { plan: planWith({ legacy, candidate }) });
    expect(out).toContain('30 cases: 0 passed, 0 failed, 30 errors, 0 skipped');
    expect(out).not.toContain('not sent');
  });

  test('that hangs from the start ends parity and replay within --timeout', async () => {
    const plan = planWith();
    const recording = join(dirname(plan), 'one.ndjson');
    writeFileSync(recording, ONE);
    for (const argv of [
      ['parity', '--timeout', '0.2'],
      ['replay', recording, '--timeout', '0.2'],
    ])
      expect(await fig(argv, { plan })).toMatchObject({
        code: EXIT.unreachable,
        err: expect.stringMatching(
          /^error: (?:legacy|candidate) at \S+ did not answer GET \/: it took too long\. /,
        ),
      });
  });
});

describe('files that are none', () => {
  const KINDS: Record<string, (path: string) => void> = {
    missing: () => {},
    empty: (path) => writeFileSync(path, ''),
    'a folder': (path) => mkdirSync(path),
    bytes: (path) => writeFileSync(path, Buffer.from([0, 159, 146, 150, 255, 10, 0])),
    'cut JSON': (path) => writeFileSync(path, '{"log":{"entries":[{"requ'),
    'cut YAML': (path) => writeFileSync(path, 'openapi: 3.1.0\npaths:\n  /a: {get: ['),
  };
  const VERBS: Record<string, (file: string) => string[]> = {
    'init --from': (file) => ['init', '--from', file, '--plan', `${file}-plan`],
    replay: (file) => ['replay', file],
    'parity --add': (file) => ['parity', 'articles', '--add', file],
    'parity --contract': (file) => ['parity', '--contract', file],
    'parity --generate': (file) => ['parity', '--generate', '3', '--contract', file],
    lint: (file) => ['lint', '--plan', file],
    status: (file) => ['next', '--plan', file],
    new: (file) => ['new', 'widgets', '--plan', file],
  };
  for (const [verb, argv] of Object.entries(VERBS))
    test(`${verb} says what it expected`, async () => {
      const plan = planWith();
      for (const [kind, make] of Object.entries(KINDS)) {
        const file = join(dirname(plan), kind.replace(' ', '-'));
        make(file);
        const args = argv(file);
        const { code, out, err } = await fig(args, args.includes('--plan') ? { admin: hanging } : { plan });
        expect([kind, code]).toEqual([kind, EXIT.refused]);
        expect(out + err).toMatch(/expected|no plan/);
        expect(out + err).not.toMatch(STACK);
      }
    });

  test.each(['plan.yaml', 'routes/articles.yaml', 'data/articles.yaml', 'parity/articles.parity.yaml'])(
    '%s as a folder is a problem with a name, not a crash',
    async (name) => {
      const plan = planWith();
      rmSync(join(plan, name));
      mkdirSync(join(plan, name));
      for (const verb of ['lint', 'parity', 'replay']) {
        const { code, out, err } = await fig(verb === 'replay' ? [verb, '/dev/null'] : [verb], { plan });
        expect([verb, code]).toEqual([verb, EXIT.refused]);
        if (verb !== 'replay') expect(out + err).toContain(`${name}`);
        expect(out + err).not.toMatch(STACK);
      }
    },
  );

  test('what cannot be written is named', async () => {
    const plan = planWith();
    const file = join(dirname(plan), 'one.ndjson');
    writeFileSync(file, ONE);
    rmSync(join(plan, 'parity'), { recursive: true });
    writeFileSync(join(plan, 'parity'), 'a file');
    const { code, err } = await fig(['parity', 'articles', '--add', file], { plan });
    expect([code, err]).toEqual([
      EXIT.refused,
      expect.stringMatching(/^error: expected .*parity.*got E\w+\./),
    ]);
  });
});

const ONE = `${JSON.stringify({
  fig: 'exchange/1',
  at: '2026-11-23T10:00:00.000Z',
  route: 'articles',
  match: 'GET /api/articles',
  method: 'GET',
  target: '/api/articles',
  headers: {},
  body: { text: null, bytes: 0, digest: null, tooLarge: false },
  session: null,
  redacted: false,
  upstream: 'legacy',
  status: 200,
  answerHeaders: {},
  answer: { text: '{}', bytes: 2, digest: null, tooLarge: false },
  ms: 1,
})}\n${JSON.stringify({ fig: 'end/1', recorded: 1, dropped: 0 })}\n`;
