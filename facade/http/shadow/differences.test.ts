import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type FacadeProcess, FacadeProcesses, freePort } from '../../test-kit/facade-process.ts';
import { type Observed, ObservedRoute } from '../../test-kit/observed.ts';
import { ask } from '../../test-kit/raw-client.ts';
import {
  json,
  type Script,
  type ScriptedUpstream,
  scriptedUpstream,
} from '../../test-kit/scripted-upstream.ts';

const CLIENTS = 20;
const routeFile = (compare = '') => `route: articles
match: ["GET /api/articles/:id", "GET /api/things/*rest", "POST /api/articles/search safe"]
candidate: catalog
data: none
stages: [shadow, candidate]
shadow: { sample: 100%, concurrency: 64, queue: 4000 }
${compare}
`;

type Row = {
  path: string;
  kind: string;
  severity: string;
  reasons: string[];
  count: number;
  samples: Sample[];
};
type Sample = { curl: string; at: string; legacy: string | null; candidate: string | null };

describe('what differs, from a request of a client to the observations', () => {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  let legacy: ScriptedUpstream;
  let candidate: ScriptedUpstream;
  let facades: FacadeProcesses;
  let facade: FacadeProcess;
  let observed: ObservedRoute;
  let home: string;

  beforeAll(async () => {
    [legacy, candidate] = [await scriptedUpstream(), await scriptedUpstream()];
    facades = new FacadeProcesses({ legacy: legacy.url, candidate: candidate.url });
    home = facades.home();
    const port = await freePort();
    writeFileSync(
      join(home, 'plan', 'plan.yaml'),
      `version: 1\npublicUrl: http://127.0.0.1:${port}\nlegacy: { url: "${legacy.url}" }\ncandidates: { catalog: { url: "${candidate.url}" } }\n`,
    );
    writeFileSync(join(home, 'plan', 'routes', 'articles.yaml'), routeFile());
    facade = await facades.start(
      home,
      ['--port', `${port}`, '--ledger', 'memory:'],
      {},
      { decisions: false },
    );
    observed = new ObservedRoute(facade.adminUrl, 'secret');
    const step = { stage: 'shadow', reason: 'test', expectedVersion: 0 };
    expect(await facade.post('/v1/routes/articles/transitions', step)).toMatchObject({ status: 200 });
  });
  /** Another form of the route begins with no observations. */
  const compareBy = async (rules: string) => {
    writeFileSync(join(home, 'plan', 'routes', 'articles.yaml'), routeFile(`compare: { ${rules} }`));
    expect(await facade.post('/v1/reload', { reason: 'test' })).toMatchObject({ status: 200 });
    expect(await observed.now()).toMatchObject({ eligible: 0, fields: [] });
  };
  let tests = 0;
  beforeEach(() => compareBy(`ignore: ["$.test${tests++}"]`));
  afterAll(async () => {
    agent.destroy();
    await facades?.endAll();
    facades?.remove();
    await Promise.all([legacy?.vanish(), candidate?.vanish()]);
  });

  /** One request for each path, by clients that never rest. */
  const read = async (paths: readonly string[]) => {
    let next = 0;
    const client = async () => {
      for (let path = paths[next++]; path !== undefined; path = paths[next++])
        expect((await ask(facade.url, { agent, path })).status).toBe(200);
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
  };
  const idOf = (url = '') => Number(/\d+/.exec(url)?.[0]);
  const sh = async (command: string) => (await promisify(execFile)('sh', ['-c', command])).stdout;

  test('20 wrong prices in 2,000 answers are one row, and its curl shows each of them again', async () => {
    const article = (id: number, price: number) => json({ id, title: `Article ${id}`, price });
    legacy.answer = (q, r) => article(idOf(q.url), 19.9)(q, r);
    candidate.answer = (q, r) => article(idOf(q.url), idOf(q.url) % 100 === 0 ? 19.99 : 19.9)(q, r);
    await read(Array.from({ length: 2000 }, (_, n) => `/api/articles/${n + 1}?lang=it's`));
    const seen = await observed.settled(2000);
    expect(seen.compared).toEqual({ match: 1980, mismatch: 20, ignored: 0 });
    const [row, ...more] = seen.fields as Row[];
    expect(more).toEqual([]);
    expect(row).toMatchObject({ path: '$.price', kind: 'value', severity: 'major', count: 20 });
    expect(row?.samples).toHaveLength(5);
    for (const { curl, legacy: theirs, candidate: ours } of (row as Row).samples) {
      expect([theirs, ours]).toEqual(['19.9', '19.99']);
      const answered = JSON.parse(await sh(`${curl} -sS`));
      expect(answered.price).toBe(19.9);
      const asked = await sh(`${curl.replace(facade.url, candidate.url)} -sS`);
      expect(JSON.parse(asked)).toEqual({ ...answered, price: 19.99 });
    }
    // Each of them went through the facade, which has found the same once more.
    const after = await observed.settled(2005);
    expect(after.fields).toMatchObject([{ path: '$.price', count: 25 }]);
  });

  test('a curl line carries what the request had: its body, its headers, and no secret', async () => {
    const echo =
      (price: number): Script =>
      (request, response) =>
        json({ price, tenant: request.headers['x-tenant'] ?? null })(request, response);
    legacy.answer = echo(1);
    candidate.answer = echo(2);
    const body = JSON.stringify({ q: `it's "quoted"`, lines: 'a\nb', password: 'hunter2hunter2' });
    await ask(facade.url, {
      path: '/api/articles/search?page=2',
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-tenant': 'north', cookie: 'sid=secret-of-a-client' },
      body,
    });
    const [{ samples }] = (await observed.settled(1)).fields as [Row];
    const [{ curl }] = samples as [Sample];
    expect(curl).not.toMatch(/hunter2|secret-of-a-client/);
    expect(JSON.parse(await sh(`${curl} -sS`))).toMatchObject({ price: 1, tenant: 'north' });
    expect(legacy.seen.at(-1)?.line).toBe('POST /api/articles/search?page=2');
    expect(JSON.parse(legacy.seen.at(-1)?.body as string)).toMatchObject({
      q: `it's "quoted"`,
      lines: 'a\nb',
    });
  });

  test('a value that differs is no less a secret where the member beside it says so', async () => {
    const params = (value: string, pin: number) =>
      json({
        params: [
          { name: 'password', value },
          { name: 'colour', value: `${value.length} reds` },
          { val: pin, Key: 'pin' },
        ],
      });
    legacy.answer = params('hunter2', 4711);
    candidate.answer = params('swordfish', 1174);
    await read(['/api/articles/1']);
    const [value, pin] = samplesOf(await observed.settled(1));
    expect(value).toMatchObject({
      at: '$.params[0].value',
      legacy: expect.stringMatching(/^"REDACTED-password-\d+-8"$/),
      candidate: expect.stringMatching(/^"REDACTED-password-\d+-16"$/),
    });
    expect(pin).toMatchObject({
      at: '$.params[2].val',
      legacy: expect.stringMatching(/^900\d$/),
      candidate: expect.stringMatching(/^900\d$/),
    });
    expect(JSON.stringify([value, pin])).not.toMatch(/hunter2|swordfish|4711|1174/);
  });

  test('nor does the place of a difference repeat what was a secret of the request', async () => {
    const headers = { authorization: 'Bearer bearer-of-a-client', cookie: 'sid=sid-of-a-client' };
    // Both are one row, whose path names neither.
    for (const member of ['bearer-of-a-client', 'sid-of-a-client']) {
      legacy.answer = json({ [member]: { seen: 1 } });
      candidate.answer = json({ [member]: { seen: 2 } });
      await ask(facade.url, { path: '/api/articles/1', headers });
    }
    const [row] = (await observed.settled(2)).fields as Row[];
    expect(row?.samples.map(({ at }) => at).sort()).toEqual([
      expect.stringMatching(/^\$\.REDACTED-bearer-\d+-32\.seen$/),
      expect.stringMatching(/^\$\.REDACTED-cookie-\d+-16\.seen$/),
    ]);
  });

  test('a shuffled list is another order and nothing else, and nothing at all once it is declared', async () => {
    const tags = ['java', 'sql', 'go', 'rust', 'ada'];
    const articles = tags.map((name, at) => ({ slug: name, price: at }));
    legacy.answer = json({ tags, articles });
    candidate.answer = json({
      tags: [...tags].reverse(),
      articles: [...articles.slice(2), ...articles.slice(0, 2)],
    });
    const paths = Array.from({ length: 30 }, (_, n) => `/api/articles/${n}`);
    await read(paths);
    const seen = await observed.settled(30);
    expect(seen.compared).toEqual({ match: 0, mismatch: 30, ignored: 0 });
    expect(rows(seen)).toEqual(['$.articles order trivial 30', '$.tags order trivial 30']);
    await compareBy('unordered: ["$.tags", { path: "$.articles", key: slug }]');
    await read(paths);
    const declared = await observed.settled(30);
    expect(declared.compared).toEqual({ match: 30, mismatch: 0, ignored: 0 });
    expect(declared.fields).toEqual([]);
    // It is the order that was declared, not the entries.
    candidate.answer = json({ tags: [...tags.slice(1), 'cobol'], articles: [...articles].reverse() });
    await read(paths.slice(0, 1));
    const wrong = await observed.settled(31);
    expect(wrong.compared.mismatch).toBe(1);
    expect(rows(wrong).every((row) => row.startsWith('$.tags[*]'))).toBe(true);
  });

  test('1,000 numbers and 1,000 UUIDs are one endpoint each', async () => {
    legacy.answer = candidate.answer = json({ ok: true });
    const uuid = (n: number) => `${String(n).padStart(8, '0')}-0000-4000-8000-000000000000`;
    const numbers = Array.from({ length: 1000 }, (_, n) => n);
    await read(
      numbers.flatMap((n) => [`/api/things/${n}`, `/api/things/${uuid(n)}/parts`, `/api/articles/${n}`]),
    );
    const { endpoints } = await observed.settled(3000);
    const templates = endpoints.map(
      ({ template, match }: { template: string; match: number }) => `${template} ${match}`,
    );
    expect(templates.sort()).toEqual([
      'GET /api/articles/:id 1000',
      'GET /api/things/:id 1000',
      'GET /api/things/:id/parts 1000',
    ]);
  });

  test('and names are one in the end, with what was seen while they were few', async () => {
    [legacy.answer, candidate.answer] = [json({ ok: true }), json({ ok: false })];
    const before = observed.now();
    const known = (await before).eligible as number;
    await read(Array.from({ length: 60 }, (_, n) => `/api/things/name-${n}x/pages`));
    const { endpoints, fields } = await observed.settled(known + 60);
    const own = endpoints.filter(({ template }: { template: string }) => template.endsWith('/pages'));
    expect(own).toEqual([{ template: 'GET /api/things/:slug/pages', match: 0, mismatch: 60, ignored: 0 }]);
    expect(fields.filter(({ endpoint }: { endpoint: string }) => endpoint.endsWith('/pages'))).toMatchObject([
      { path: '$.ok', count: 60 },
    ]);
  });

  test('each difference is told as what it is, digit by digit and code point by code point', async () => {
    const pairs: Record<string, [legacy: string, candidate: string, told: string]> = {
      integer: ['9007199254740993', '9007199254740992', 'value major precision'],
      decimal: ['0.1', '0.10000000000000000001', 'value major precision'],
      price: ['"12.50"', '12.5', 'type critical number-as-text'],
      letter: ['"caf\u00e9"', '"cafe\u0301"', 'value minor unicode-form'],
      lines: ['"a\\r\\nb"', '"a\\nb"', 'value minor line-ending'],
      nothing: ['null', '""', 'type critical null'],
      flag: ['true', '"true"', 'type critical boolean-as-text'],
      moment: ['"2026-03-01T10:00:00Z"', '"2026-03-01T11:00:00Z"', 'value major time-zone'],
      one: ['1', '1.0', ''],
      escape: ['"\\u00e9"', '"\u00e9"', ''],
    };
    const holding = (side: 0 | 1) =>
      json(`{${Object.entries(pairs).map(([name, pair]) => `"${name}":${pair[side]}`)}}`);
    legacy.answer = holding(0);
    candidate.answer = holding(1);
    await read(['/api/articles/1', '/api/articles/2']);
    const { fields } = await observed.settled(2);
    const told = (fields as Row[]).map(({ path, kind, severity, reasons, count, samples }) => {
      expect([count, samples.length]).toEqual([2, 2]);
      const [kept] = samples as [Sample];
      return [path, kept.legacy, kept.candidate, `${kind} ${severity} ${reasons}`];
    });
    const expected = Object.entries(pairs).filter(([, [, , what]]) => what !== '');
    expect(told.sort()).toEqual(expected.map(([name, pair]) => [`$.${name}`, ...pair]).sort());
  });

  test('the same in plain text, where the whole body has one reason', async () => {
    const plain =
      (text: string): Script =>
      (_request, response) =>
        void response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
    for (const [theirs, ours] of [
      ['a\r\nb\r\n', 'a\nb\n'],
      ['caf\u00e9', 'cafe\u0301'],
    ] as const) {
      legacy.answer = plain(theirs);
      candidate.answer = plain(ours);
      await read(['/api/articles/1']);
    }
    const { fields } = await observed.settled(2);
    expect((fields as Row[]).map(({ path, kind, count }) => [path, kind, count])).toEqual([
      ['text', 'value', 2],
    ]);
    expect([...((fields as Row[])[0]?.reasons ?? [])].sort()).toEqual(['line-ending', 'unicode-form']);
  });
});

const rows = ({ fields }: Observed) =>
  (fields as Row[]).map(({ path, kind, severity, count }) => `${path} ${kind} ${severity} ${count}`).sort();

const samplesOf = ({ fields }: Observed) => (fields as Row[]).map(({ samples }) => samples[0] as Sample);
