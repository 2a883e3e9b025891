import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { loadPlan } from '#plan/model/load-plan.ts';
import { stateFolder } from '#plan/model/state-folder.ts';
import { ROUTE } from '#plan/model/test-kit/plan-folder.ts';
import { EXIT } from '../exit-code.ts';
import { folders } from '../test-kit/control-plane.ts';
import { fig } from '../test-kit/terminal.ts';

const isThere = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const LEGACY = ['--legacy', 'http://127.0.0.1:3000'];

describe('fig init', () => {
  const source = (text: string, name = 'source') => {
    const file = join(dirname(folders.write({})), name);
    writeFileSync(file, text);
    return { file, plan: join(dirname(file), 'own') };
  };
  const init = async (text: string, ...more: string[]) => {
    const { file, plan } = source(text);
    const shown = await fig(['init', '--from', file, ...LEGACY, ...more], { plan });
    return { plan, ...shown };
  };
  const matchesOf = (plan: string) =>
    Object.fromEntries(
      (loadPlan(plan, {}).plan?.routes ?? []).map(({ name, match }) => [
        name,
        match.map(({ method, pattern }) => `${method ?? '*'} ${pattern}`),
      ]),
    );

  test('makes a plan of an OpenAPI document that lint takes as it is', async () => {
    const { code, out, plan } = await init(
      'openapi: 3.1.0\nservers: [{ url: "https://shop.example/api/v1" }]\npaths:\n  /articles: { get: {}, post: {} }\n  "/articles/{slug}/comments/{id}": { parameters: [], delete: {} }\n  /: { get: {} }\n  /über uns: { get: {} }\n',
    );
    expect(code).toBe(EXIT.ok);
    expect(out).toContain('5 endpoints of the OpenAPI, in 2 routes:\n');
    expect(loadPlan(plan, {}).problems).toEqual([]);
    expect(matchesOf(plan)).toEqual({
      articles: [
        'GET /api/v1/articles',
        'POST /api/v1/articles',
        'DELETE /api/v1/articles/:slug/comments/:id',
      ],
      'uber-uns': ['GET /api/v1/%C3%BCber%20uns'],
    });
    expect(readFileSync(join(plan, 'plan.yaml'), 'utf8')).toContain('LEGACY_URL:-http://127.0.0.1:3000');
  });

  test('folds what an access log holds into endpoints, the busiest first, and counts what it cannot read', async () => {
    const line = (path: string, method = 'GET', status = 200) =>
      `10.0.0.1 - ann [28/Nov/2026:10:00:00 +0000] "${method} ${path} HTTP/1.1" ${status} 512 "-" "curl"`;
    const lines = [
      ...Array.from({ length: 50 }, (_, n) => line(`/api/orders/${n}?x=1`)),
      line('/api/orders', 'POST', 201),
      line('/API/authors'),
      line('/wp-login.php', 'GET', 404),
      'what is this',
      '',
    ];
    const { out, err, plan } = await init(lines.join('\n'));
    expect(out).toMatch(
      /3 endpoints of the access log, in 2 routes:\n {2}orders +1 read, 1 write, 51 requests\n {2}authors /,
    );
    expect(err).toContain('1 lines could not be read.');
    expect(matchesOf(plan)).toEqual({
      authors: ['GET /api/authors'],
      orders: ['POST /api/orders', 'GET /api/orders/:id'],
    });
  });

  test('reads a log in JSON as it reads any other', async () => {
    const line = (target: string, status = 200) =>
      JSON.stringify({ time: 't', request: `GET ${target} HTTP/1.1`, status: String(status) });
    const lines = [
      line('/api/orders/1'),
      line('/api/orders/2'),
      line('/wp-login.php', 404),
      '{"msg":"reopened"}',
    ];
    const { out, err, plan } = await init(lines.join('\n'));
    expect(out).toMatch(
      /1 endpoint of the access log, in 1 route:\n {2}orders +1 read, 0 write, 2 requests\n/,
    );
    expect(err).toContain('1 lines could not be read.');
    expect(matchesOf(plan)).toEqual({ orders: ['GET /api/orders/:id'] });
  });

  test('reads what is merged into a path, and no extension as one', async () => {
    const { plan } = await init(
      'openapi: 3.0.3\nx-reads: &reads { get: {} }\npaths: { /tags: { <<: *reads, post: {} }, x-notes: { get: {} } }\n',
    );
    expect(matchesOf(plan)).toEqual({ tags: ['GET /tags', 'POST /tags'] });
  });

  test('finds paths of an OpenAPI document that stand elsewhere in it, and names those that do not', async () => {
    const { code, err, plan } = await init(
      'openapi: 3.1.0\npaths:\n  "/tags/{id}": { $ref: "#/components/pathItems/Tag" }\n  /far: { $ref: "./far.yaml" }\n  /lost: { $ref: "#/nowhere" }\ncomponents: { pathItems: { Tag: { get: {}, delete: {} } } }\n',
    );
    expect([code, matchesOf(plan)]).toEqual([EXIT.ok, { tags: ['DELETE /tags/:id', 'GET /tags/:id'] }]);
    expect(err).toContain(
      '2 endpoints cannot be matched by a plan and stay with the monolith: /far ($ref: ./far.yaml), /lost ($ref: #/nowhere)',
    );
  });

  test.each([
    [
      'servers: [{ url: "https://{env}.shop.example/{base}", variables: { env: { default: api }, base: { default: v2 } } }]\nopenapi: 3.1.0',
      'https://api.shop.example',
      '/v2/tags',
    ],
    ['openapi: 3.1.0\nservers: [{ url: //shop.example/api/ }]', 'http://shop.example', '/api/tags'],
    [
      'swagger: "2.0"\nhost: shop.example:3000\nschemes: [https]\nbasePath: /api',
      'https://shop.example:3000',
      '/api/tags',
    ],
    ['"openapi": 3.0.3', 'http://127.0.0.1:3000', '/tags'],
  ])('knows from %s where the system is', async (head, url, path) => {
    const { file, plan } = source(`${head}\npaths: { /tags: { get: {} } }\n`);
    expect((await fig(['init', '--from', file], { plan })).code).toBe(EXIT.ok);
    expect(readFileSync(join(plan, 'plan.yaml'), 'utf8')).toContain(`LEGACY_URL:-${url}}`);
    expect(matchesOf(plan)).toEqual({ tags: [`GET ${path}`] });
  });

  test('takes a HAR file and a list of routes, too', async () => {
    const entry = (method: string, url: string) => ({
      startedDateTime: '2026-11-28T10:00:00Z',
      request: { method, url },
      response: { status: 200 },
    });
    const har = await init(
      JSON.stringify({
        log: { entries: [entry('GET', 'http://shop/api/tags'), entry('POST', 'http://shop/api/tags?a=1')] },
      }),
    );
    expect(matchesOf(har.plan)).toEqual({ tags: ['GET /api/tags', 'POST /api/tags'] });
    const list = await init('# mine\nGET /api/tags/:id(\\d+)\n* /files/*\nnothing\n');
    expect(matchesOf(list.plan)).toEqual({ files: ['* /files/*rest'], tags: ['GET /api/tags/:id'] });
    expect(list.err).toContain('1 lines could not be read.');
  });

  test('tells many endpoints of one resource by what they have in common', async () => {
    const lines = Array.from({ length: 60 }, (_, n) => `GET /api/things/part${n}`);
    expect(matchesOf((await init(lines.join('\n'))).plan)).toEqual({
      things: ['* /api/things', '* /api/things/*rest'],
    });
  });

  test('puts a plan that is there aside, and only when it is told to', async () => {
    const { file } = source('GET /api/tags\n');
    const plan = folders.write({ 'routes/articles.yaml': ROUTE, 'parity/own.ts': 'stays' });
    const refused = await fig(['init', '--from', file, ...LEGACY], { plan });
    expect([refused.code, refused.err]).toEqual([
      EXIT.refused,
      expect.stringContaining('put that one aside with --replace'),
    ]);
    const { code, err } = await fig(['init', '--from', file, ...LEGACY, '--replace'], { plan });
    expect([code, err]).toEqual([EXIT.ok, `The plan that stood there is in ${plan}/replaced-1.\n`]);
    expect(Object.keys(matchesOf(plan))).toEqual(['tags']);
    expect(readFileSync(join(plan, 'replaced-1/routes/articles.yaml'), 'utf8')).toBe(ROUTE);
    expect(existsSync(join(plan, 'parity/own.ts'))).toBe(true);
  });

  test('says where the ledger of a plan is that it puts aside', async () => {
    const { file } = source('GET /api/tags\n');
    const plan = folders.write({ 'routes/articles.yaml': ROUTE });
    const state = stateFolder(plan);
    mkdirSync(state, { recursive: true });
    writeFileSync(join(state, 'ledger.jsonl'), '');
    const { code, err } = await fig(['init', '--from', file, ...LEGACY, '--replace'], { plan });
    rmSync(state, { recursive: true });
    expect(code).toBe(EXIT.ok);
    expect(err).toContain(`Its ledger is still in ${state}/ledger.jsonl: a route of a name that it knows`);
  });

  test.each([
    ['', 'got an empty file'],
    ['hello\nthere\n', 'got no request in any line'],
    ['{"a":1}', 'expected an OpenAPI document with `paths`'],
    ['openapi: 3.1.0\npaths: {}\n', 'got none in this OpenAPI'],
    ['{"log":{"entries":[', 'expected a HAR file'],
  ])('refuses %j, and writes nothing', async (text, words) => {
    const { code, err, plan } = await init(text);
    expect([code, err]).toEqual([EXIT.refused, expect.stringContaining(words)]);
    expect(existsSync(plan)).toBe(false);
  });

  test('refuses wrong flags and a command that is no Express application', async () => {
    const { plan } = source('');
    for (const wrong of [[], ['--from', 'a', '--express', 'b'], ['--from', 'a', '--legacy', 'shop']])
      expect((await fig(['init', ...wrong], { plan })).code).toBe(EXIT.usage);
    expect(await fig(['init', '--from', '/nowhere', ...LEGACY], { plan })).toMatchObject({
      code: EXIT.refused,
      err: expect.stringContaining('got ENOENT'),
    });
    expect(await fig(['init', '--express', 'echo broken >&2; exit 1', ...LEGACY], { plan })).toMatchObject({
      code: EXIT.refused,
      err: expect.stringContaining('got the end of `echo broken >&2; exit 1`: broken'),
    });
  }, 30_000);

  test.each([
    [
      'parameters of other names on one place, letters of either case, slashes',
      'openapi: 3.1.0\npaths:\n  /users/{id}: { get: {} }\n  /users/{name}: { get: {}, put: {} }\n  /Users: { get: {} }\n  /users: { get: {} }\n  /users/: { get: {} }\n  /dup/{a}/{a}: { get: {} }\n  /n/{1x}: { get: {} }\n',
      {
        dup: ['GET /dup/:a/:a2'],
        n: ['GET /n/:p1x'],
        users: ['GET /Users', 'GET /users/:id', 'PUT /users/:name'],
      },
      '',
    ],
    [
      'words that YAML has for other things',
      'GET /null\nGET /true/x\nGET /on\nGET /123\n',
      { null: ['GET /null'], on: ['GET /on'], 'route-123': ['GET /123'], true: ['GET /true/x'] },
      '',
    ],
    [
      'paths that no plan matches',
      'openapi: 3.1.0\npaths:\n  //x/y: { get: {} }\n  /../z: { get: {} }\n  /a%20b/c: { get: {} }\n  /%zz/q: { get: {} }\n  /{tenant}/x: { get: {} }\n  noslash: { get: {} }\n',
      { 'a-b': ['GET /a%20b/c'], noslash: ['GET /noslash'], x: ['GET /x/y'] },
      'endpoints cannot be matched by a plan and stay with the monolith: GET /../z, GET /%zz/q',
    ],
    [
      'a base path before all of them',
      'openapi: 3.1.0\nservers: [{ url: "https://x.example/shop/v2/" }]\npaths: { /orders: { get: {} }, /carts: { get: {} } }\n',
      { carts: ['GET /shop/v2/carts'], orders: ['GET /shop/v2/orders'] },
      '',
    ],
    [
      'a log with people, tokens and nonsense in its paths',
      [
        '/users/alice@example.com/posts',
        '/reset/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N',
        '/sem;jsessionid=ABCDEF/x',
        '/a//b',
        '/items/%zz',
        '/par(en)/{a}/[b]',
      ]
        .map((path) => `::1 - - [28/Nov/2026:10:00:00 +0000] "GET ${path} HTTP/1.1" 200 1`)
        .join('\n'),
      {
        a: ['GET /a/b'],
        'par-en': ['GET /:part1/:a/%5Bb%5D'],
        reset: ['GET /reset/:id'],
        sem: ['GET /sem'],
        users: ['GET /users/:id/posts'],
      },
      'GET /items/%zz',
    ],
  ])('takes what is odd: %s', async (_what, text, expected, words) => {
    const { code, err, plan } = await init(text);
    expect([code, err]).toEqual([EXIT.ok, expect.stringContaining(words)]);
    expect(loadPlan(plan, {}).problems).toEqual([]);
    const found = matchesOf(plan);
    for (const [name, match] of Object.entries(expected))
      if (name !== 'par-en') expect(found[name]).toEqual(match);
  });

  test('lets a route that writes end in shadow: a canary would split its writes between two stores', async () => {
    const { plan } = await init('GET /api/tags\nGET /api/carts\nPOST /api/carts\n');
    const routes = loadPlan(plan, {}).plan?.routes ?? [];
    expect(routes.map(({ name, stages }) => [name, stages.map(({ stage }) => stage)])).toEqual([
      ['carts', ['shadow']],
      ['tags', ['shadow', 'canary', 'canary', 'canary', 'candidate']],
    ]);
    expect(readFileSync(join(plan, 'routes/carts.yaml'), 'utf8')).toContain(
      'stages: [shadow] # , canary 1%, canary 10%, canary 50%, candidate\n',
    );
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends the application that it started, and writes nothing',
    async (signal) => {
      const { file, plan } = source('');
      const pidFile = `${file}.pid`;
      const command = `echo $$ > ${pidFile}; exec sleep 60`;
      const done = fig(['init', '--express', command, ...LEGACY], { plan });
      const pid = async (): Promise<number> => {
        const written = existsSync(pidFile) ? readFileSync(pidFile, 'utf8') : '';
        return written.endsWith('\n') ? Number(written) : wait(20).then(pid);
      };
      const application = await pid();
      process.emit(signal);
      expect(await done).toMatchObject({
        code: EXIT.interrupted,
        err: expect.stringContaining('nothing was written'),
      });
      expect(process.listenerCount(signal)).toBe(0);
      for (let tries = 0; isThere(application) && tries < 100; tries++) await wait(20);
      expect([isThere(application), existsSync(plan)]).toEqual([false, false]);
    },
  );

  test('says so when a plan cannot be written', async () => {
    const { file } = source('GET /api/tags\n');
    expect(await fig(['init', '--from', file, ...LEGACY], { plan: file })).toMatchObject({
      code: EXIT.refused,
      err: expect.stringMatching(/^error: expected to write a plan into .*, got E(?:NOTDIR|EXIST)/),
    });
    const long = await init(`GET /api/${'long'.repeat(80)}/x\n`);
    expect([long.code, Object.keys(matchesOf(long.plan))[0]?.length]).toEqual([EXIT.ok, 63]);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what is tested
    for (const url of ['http://user:pw@host', 'http://h/${X}', 'http://h/"y'])
      expect((await fig(['init', '--from', file, '--legacy', url], { plan: `${file}-own` })).code).toBe(
        EXIT.usage,
      );
  });

  test('reads all applications of one program, and nothing that nobody can say where it is', async () => {
    const { file, plan } = source(
      "const express = require('express');\nconst [a, b, inner] = [express(), express(), express.Router()];\na.get('/one/:id', () => {});\nb.get('/two', () => {});\ninner.get('/deep', () => {});\na.use(/^\\/rx/, inner);\na.get(/^\\/v\\d+$/, () => {});\na.listen(0); setTimeout(() => b.listen(0), 300);\n",
      'server.js',
    );
    mkdirSync(join(dirname(file), 'node_modules'));
    symlinkSync(join(process.cwd(), 'node_modules/express'), join(dirname(file), 'node_modules/express'));
    const { code, err } = await fig(
      ['init', '--express', `cd ${dirname(file)} && node server.js`, ...LEGACY],
      {
        plan,
      },
    );
    expect(err).toContain(
      '2 endpoints cannot be matched by a plan and stay with the monolith: GET /RegExp(^/v\\d+$), GET /RegExp(^/rx)/deep',
    );
    expect([code, matchesOf(plan)]).toEqual([EXIT.ok, { one: ['GET /one/:id'], two: ['GET /two'] }]);
  }, 30_000);

  test('is one document with --json', async () => {
    const { out } = await init('GET /api/tags\n', '--json');
    expect(JSON.parse(out)).toMatchObject({
      source: 'list of routes',
      endpoints: 1,
      routes: [{ name: 'tags' }],
      replaced: null,
    });
  });
});
