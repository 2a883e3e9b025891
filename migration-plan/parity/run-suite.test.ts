import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { loadPlan } from '#plan/model/load-plan.ts';
import type { Plan } from '#plan/model/plan.ts';
import { PlanFolders, ROUTE } from '#plan/model/test-kit/plan-folder.ts';
import { explain } from './report.ts';
import { htmlReport } from './reporters/html.ts';
import { junitReport } from './reporters/junit.ts';
import { type RunOptions, runSuite } from './run-suite.ts';
import { loadSuites, type Suite } from './suite.ts';

type Handler = (request: IncomingMessage & { text: string }, response: ServerResponse) => void;

const folders = new PlanFolders();
const servers: Server[] = [];
afterEach(async () => {
  folders.removeAll();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(handler: Handler): Promise<string> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    // What is only asked whether it is there.
    if (request.url === '/') return void response.end();
    handler(Object.assign(request, { text: Buffer.concat(chunks).toString('utf8') }), response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const json = (response: ServerResponse, value: unknown, status = 200, headers = {}) =>
  response
    .writeHead(status, { 'content-type': 'application/json', ...headers })
    .end(typeof value === 'string' ? value : JSON.stringify(value));

function suiteOf(cases: string, route = ROUTE): { plan: Plan; suite: Suite } {
  const text = cases.startsWith('users') ? cases : `cases:\n${cases}`;
  const dir = folders.write({
    'routes/articles.yaml': route,
    'parity/articles.parity.yaml': `parity: articles\n${text}`,
  });
  const plan = loadPlan(dir, {}).plan as Plan;
  const { suites, problems } = loadSuites(plan, dir, {});
  expect(problems).toEqual([]);
  return { plan, suite: suites[0] as Suite };
}

async function runOn(
  cases: string,
  legacy: Handler,
  candidate: Handler,
  more: Partial<RunOptions> & { route?: string } = {},
) {
  const { plan, suite } = suiteOf(cases, more.route);
  return runSuite(suite, {
    plan,
    legacyUrl: await listen(legacy),
    candidateUrl: await listen(candidate),
    writes: true,
    timeoutMs: 5_000,
    ...more,
  });
}
const outcomes = ({ cases }: Awaited<ReturnType<typeof runOn>>) =>
  cases.map((one) => [one.name, one.outcome, ...explain(one)]);

const SEQUENCE = `  - name: sequence
    steps:
      - { request: POST /articles, json: { title: "A {{run}}" }, status: 201, capture: { id: $.id } }
      - { request: "PUT /articles/{{id}}", json: { same: "{{id}}", text: "is {{id}}" } }
      - { request: "GET /articles?after={{id}}" }
`;

/** Numbers its rows from `first`, and hands everything back. */
function store(first: number, seen: string[]): Handler {
  return (request, response) => {
    seen.push(`${request.method} ${request.url} ${request.text}`);
    if (request.method === 'POST')
      json(response, { id: first, url: `/articles/${first}` }, 201, { location: `/articles/${first}` });
    else if (request.method === 'PUT') json(response, `{"id":${first},"of":[${first},${first + 1 - first}]}`);
    else json(response, [{ id: first, next: `/articles/${first}/next` }]);
  };
}

describe('a parity suite', () => {
  test('goes on with the ids that each side gave, which count as equal', async () => {
    const seen = { legacy: [] as string[], candidate: [] as string[] };
    const report = await runOn(SEQUENCE, store(17, seen.legacy), store(1_000_000, seen.candidate));
    expect(outcomes(report)).toEqual([['sequence', 'passed']]);
    expect(seen.legacy.slice(1)).toEqual([
      'PUT /articles/17 {"same":17,"text":"is 17"}',
      'GET /articles?after=17 ',
    ]);
    expect(seen.candidate.slice(1)).toEqual([
      'PUT /articles/1000000 {"same":1000000,"text":"is 1000000"}',
      'GET /articles?after=1000000 ',
    ]);
    const run = /A ([0-9a-f]{8})/.exec(seen.legacy[0]!)?.[1];
    expect(seen.candidate[0]).toBe(`POST /articles {"title":"A ${run}"}`);
  });

  test('tells another type or another value from an id of its own', async () => {
    const candidate: Handler = (request, response) => {
      if (request.method === 'POST')
        json(response, { id: '1000000', url: '/articles/999' }, 201, { location: '/articles/1000000' });
      else if (request.method === 'PUT') json(response, { id: 1_000_000, of: [1_000_000, 2] });
      else json(response, [{ id: '1000000', next: '/articles/1000000/last' }]);
    };
    const report = await runOn(SEQUENCE, store(17, []), candidate);
    expect(outcomes(report)).toEqual([
      [
        'sequence',
        'failed',
        'POST /articles',
        '  $.id type (number-as-text): legacy 17, candidate "1000000"',
        '  $.url value: legacy "/articles/17", candidate "/articles/999"',
        'PUT /articles/17',
        '  $.id value: legacy 17, candidate 1000000',
        '  $.of[*] value, 2 times: legacy 17, candidate 1000000',
        'GET /articles?after=17',
        '  $[*].id type (number-as-text): legacy 17, candidate "1000000"',
        '  $[*].next value: legacy "/articles/17/next", candidate "/articles/17/last"',
      ],
    ]);
  });

  test('keeps every digit of what it captures', async () => {
    const seen: string[] = [];
    const big: Handler = (request, response) => {
      seen.push(String(request.url));
      json(response, '{"id":9007199254740993}');
    };
    await runOn(
      '  - { name: a, steps: [{ request: GET /a, capture: { id: $.id } }, { request: "GET /a/{{id}}" }] }\n',
      big,
      big,
    );
    expect(seen.slice(-1)).toEqual(['/a/9007199254740993']);
  });

  test('says why a case could not be told', async () => {
    const cases = `  - { name: skipped, request: GET /a, skip: legacy has it wrong }
  - { name: another status, request: GET /a, status: 404 }
  - { name: nothing to capture, request: GET /a, capture: { id: $.id } }
  - { name: hangs up, request: GET /hang }
  - { name: good, request: GET /a }
`;
    const answer: Handler = (request, response) =>
      request.url === '/hang' ? request.socket.destroy() : json(response, { a: 1 });
    const report = await runOn(cases, answer, answer);
    expect(report.counts).toEqual({ passed: 1, failed: 0, skipped: 1, error: 3 });
    expect(outcomes(report).map(([name, outcome, reason]) => [name, outcome, reason])).toEqual([
      ['skipped', 'skipped', 'legacy has it wrong'],
      [
        'another status',
        'error',
        'expected legacy to answer 404, got 200: the case does not test what it means to',
      ],
      [
        'nothing to capture',
        'error',
        'id ($.id) is not in the answer of legacy; id ($.id) is not in the answer of candidate',
      ],
      ['hangs up', 'error', expect.stringMatching(/^legacy at http:\S+ did not answer GET \/hang: /)],
      ['good', 'passed', undefined],
    ]);
  });

  test('fails, and is no error, where a value is missing because the sides differ', async () => {
    const report = await runOn(
      '  - { name: a, steps: [{ request: GET /a, capture: { id: $.id } }, { request: "GET /a/{{id}}" }] }\n',
      (_, response) => json(response, { id: 1 }),
      (_, response) => json(response, { error: 'no' }, 500),
    );
    expect(report.counts).toMatchObject({ failed: 1, error: 0 });
  });

  test('sends no case that writes unless it is told to, and asks nobody for a body', async () => {
    const seen: string[] = [];
    const answer: Handler = (request, response) => {
      seen.push(`${request.method} ${request.url}`);
      json(response, {});
    };
    const cases = '  - { name: a, request: POST /a }\n  - { name: b, request: POST /search, safe: true }\n';
    const report = await runOn(cases, answer, answer, { writes: false });
    expect(seen).toEqual(['POST /search', 'POST /search']);
    expect(report.counts).toMatchObject({ passed: 1, skipped: 1 });
  });

  test('logs users in at legacy or at each side, and sends their cookies', async () => {
    const suite = `users:
  one: { request: POST /login, form: { user: ann } }
  each: { request: POST /login, json: { user: bob }, at: each }
cases:
  - { name: a, as: one, request: GET /who }
  - { name: b, as: each, request: GET /who }
  - { name: c, request: GET /who }
`;
    const side =
      (name: string, seen: string[]): Handler =>
      (request, response) => {
        seen.push(`${request.method} ${request.url} ${request.headers.cookie ?? request.text}`);
        json(response, {}, 200, { 'set-cookie': [`sid=${name}; Path=/; HttpOnly`, `b=2`] });
      };
    const [legacy, candidate]: string[][] = [[], []];
    await runOn(suite, side('l', legacy!), side('c', candidate!));
    expect(legacy).toEqual([
      'POST /login user=ann',
      'POST /login {"user":"bob"}',
      'GET /who sid=l; b=2',
      'GET /who sid=l; b=2',
      'GET /who ',
    ]);
    expect(candidate).toEqual([
      'POST /login {"user":"bob"}',
      'GET /who sid=l; b=2',
      'GET /who sid=c; b=2',
      'GET /who ',
    ]);
  });

  test('adds no header of its own to conditional requests, and reads packed answers', async () => {
    const seen: string[][] = [];
    const answer: Handler = (request, response) => {
      seen.push(Object.keys(request.headers).sort());
      response
        .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
        .end(gzipSync('{"a":1}'));
    };
    const report = await runOn(
      '  - { name: a, request: GET /a, headers: { if-none-match: x, accept-encoding: gzip } }\n',
      answer,
      (_, response) => json(response, { a: 2 }),
    );
    expect(seen).toEqual([['accept-encoding', 'connection', 'host', 'if-none-match']]);
    expect(outcomes(report)).toEqual([['a', 'failed', 'GET /a', '  $.a value: legacy 1, candidate 2']]);
  });

  test('asks the candidate by the path and with the headers that the route says', async () => {
    const seen: string[] = [];
    const side: Handler = (request, response) => {
      seen.push(`${request.url} ${request.headers['x-own']} ${request.headers['x-gone']}`);
      json(response, {});
    };
    await runOn('  - { name: a, request: GET /api/articles?x=1, headers: { x-gone: g } }\n', side, side, {
      route: `${ROUTE}rewrite: { from: /api, to: /v2 }\ncredentials: { legacy: { set: { x-own: l } }, candidate: { set: { x-own: c }, remove: [x-gone] } }\n`,
    });
    expect(seen.sort()).toEqual(['/api/articles?x=1 l g', '/v2/articles?x=1 c undefined']);
  });

  test('stops with a word when a side is not there or a user cannot log in', async () => {
    const good: Handler = (_, response) => json(response, {});
    const cases = '  - { name: a, request: GET /a }\n';
    await expect(runOn(cases, good, good, { candidateUrl: 'http://127.0.0.1:1' })).rejects.toMatchObject({
      message: 'candidate at http://127.0.0.1:1 did not answer GET /: ECONNREFUSED',
      unreachable: true,
    });
    const users = `users: { ann: { request: POST /login } }\ncases:\n${cases}`;
    await expect(runOn(users, (_, response) => json(response, {}, 401), good)).rejects.toMatchObject({
      message:
        'parity/articles.parity.yaml: user ann cannot log in at legacy: POST /login was answered 401 without a cookie',
      unreachable: false,
    });
  });

  test('waits for an answer as long as it is told to', async () => {
    const report = await runOn(
      '  - { name: a, request: GET /a }\n',
      (_, response) => json(response, {}),
      () => {},
      { timeoutMs: 300 },
    );
    expect(outcomes(report)).toEqual([
      ['a', 'error', expect.stringMatching(/^candidate at \S+ did not answer GET \/a: it took too long$/)],
    ]);
  });
});

describe('200 requests with one planted difference', () => {
  const secret =
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U';
  const report = async () => {
    const cases = Array.from(
      { length: 200 },
      (_, n) => `  - { name: "no. ${n} <&>", request: GET /a/${n} }\n`,
    ).join('');
    const side =
      (price: number): Handler =>
      (request, response) =>
        json(response, {
          price: request.url === '/a/77' ? price : 10,
          token: secret,
          note: `<b>${secret}</b>\u0007`,
        });
    return runOn(cases, side(10), side(11));
  };

  test('are 200 cases and one failure to a CI system, and a page that shows it', async () => {
    const suite = await report();
    const xml = junitReport([suite]);
    expect(xml.match(/<testcase /g)).toHaveLength(200);
    expect(xml.match(/<failure /g)).toHaveLength(1);
    expect(xml).toContain('tests="200" failures="1" errors="0" skipped="0"');
    expect(xml).toContain('name="no. 77 &lt;&amp;&gt;"');
    expect(xml).toContain('<failure message="$.price value: legacy 10, candidate 11">');
    const html = htmlReport([suite]);
    expect(html).toContain('<li>$.price value: legacy 10, candidate 11</li>');
    expect(html.indexOf('no. 77')).toBeLessThan(html.indexOf('no. 0 '));
    expect(html).not.toMatch(/<script|<b>eyJ|src=|href=/);
  });

  test('and a document whatever a case is called', async () => {
    const answer: Handler = (_, response) => json(response, {});
    const suite = await runOn('  - { name: "bell \\a and \\"quotes\\"", request: GET /a }\n', answer, answer);
    expect(junitReport([suite])).toContain('name="bell \ufffd and &quot;quotes&quot;"');
  });

  test('and no secret where the sides have different ones', async () => {
    const side =
      (token: string): Handler =>
      (_, response) =>
        json(response, { password: token, params: [{ name: 'password', value: token.slice(0, 7) }] });
    const suite = await runOn(
      '  - { name: a, request: GET /a }\n',
      side('hunter2hunter2'),
      side('swordfish99'),
    );
    expect(suite.counts).toMatchObject({ failed: 1 });
    expect(JSON.stringify(suite)).not.toMatch(/hunter2|swordfish/);
  });

  test('and nothing secret in any of it', async () => {
    const suite = await report();
    for (const text of [junitReport([suite]), htmlReport([suite]), JSON.stringify(suite)]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(secret.split('.')[2]);
    }
  });
});
