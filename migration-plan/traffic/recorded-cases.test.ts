import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { loadPlan } from '#plan/model/load-plan.ts';
import type { RecordedExchange } from '#plan/model/recorded-exchange.ts';
import { PlanFolders } from '#plan/model/test-kit/plan-folder.ts';
import { loadSuites } from '#plan/parity/suite.ts';
import { addRecordedCases } from './recorded-cases.ts';

const NOTHING = { text: null, bytes: 0, digest: null, tooLarge: false };
const exchange = (part: Partial<RecordedExchange>): RecordedExchange => ({
  fig: 'exchange/1',
  at: '2026-11-28T10:00:00.000Z',
  route: 'articles',
  match: 'POST /api/articles',
  method: 'POST',
  target: '/api/articles',
  headers: { 'content-type': 'application/json', 'user-agent': 'x' },
  body: NOTHING,
  session: null,
  redacted: false,
  upstream: 'legacy',
  status: 201,
  answerHeaders: {},
  answer: NOTHING,
  ms: 1,
  ...part,
});
const body = (text: string) => ({ ...NOTHING, text, bytes: text.length });

describe('cases of a recording', () => {
  const folders = new PlanFolders();
  const dir = folders.write({
    'routes/articles.yaml':
      'route: articles\nmatch: [POST /api/articles, "GET /api/articles/*rest"]\ncandidate: catalog\n',
  });
  const { plan } = loadPlan(dir, {});
  const route = plan?.routes[0];
  const made = async (...exchanges: Partial<RecordedExchange>[]) => {
    if (!plan || !route) throw new Error('no plan');
    async function* all() {
      yield* exchanges.map(exchange);
    }
    return addRecordedCases(all(), { plan, route, suite: null, user: 'ann' });
  };

  test('hold what was sent, to the letter: nothing of it is a variable of whoever runs the suite', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what is tested
    const sent = { note: '${FIG_TOKEN} costs $5, $$ and ${X:-y}', '${KEY}': 1 };
    const { text, added } = await made({ body: body(JSON.stringify(sent)) });
    expect(added).toEqual(['recorded: POST /api/articles 201']);
    const own = folders.write({
      'routes/articles.yaml': 'route: articles\nmatch: [POST /api/articles]\ncandidate: catalog\n',
      'parity/articles.parity.yaml': text,
    });
    const loaded = loadPlan(own, {}).plan;
    const { suites, problems } = loadSuites(loaded as never, own, {
      FIG_TOKEN: 'secret',
      KEY: 'secret',
      X: 'secret',
    });
    expect(problems).toEqual([]);
    expect(suites[0]?.cases[0]?.steps[0]?.json).toEqual(sent);
  });

  test('leave out what a suite would take for a captured value, and what holds a secret', async () => {
    const { added, left } = await made(
      { body: body('{"a":"{{run}}"}') },
      { body: body('{"password":"hunter2hunter2"}') },
      { target: '/api/articles?token=abcdefabcdef0123456789', body: body('{}') },
      // Of a HAR file nothing was taken out.
      { method: 'GET', target: '/api/articles/S3ss10nValue', headers: { cookie: 'sid=S3ss10nValue' } },
      { body: body('{"a":"S3ss10nValue"}'), headers: { authorization: 'Bearer S3ss10nValue' } },
      { redacted: true },
      { method: 'GET', target: '/api/other' },
      { method: 'GET', target: '/api/articles/1', status: 304 },
      { body: { ...NOTHING, digest: 'd' } },
    );
    expect(added).toEqual([]);
    expect(Object.fromEntries(left)).toEqual({
      'it holds `{{`, which a suite takes for a captured value': 1,
      'it holds what looks like a secret': 4,
      'a secret was taken out of the request': 1,
      'another route': 1,
      'answered 206 or 304: about what the client had already': 1,
      'its body is no text, or was not kept whole': 1,
    });
  });

  test('are one for each endpoint, keys of the query and outcome', async () => {
    const get = (target: string, status = 200) => ({ method: 'GET', target, status });
    const { added, repeated, text } = await made(
      get('/api/articles/1'),
      get('/api/articles/2'),
      get('/api/articles/2?lang=de'),
      get('/api/articles/3?lang=en'),
      get('/api/articles/4', 404),
      { ...get('/api/articles/5', 401), session: 'abc' },
    );
    expect(repeated).toBe(2);
    expect(added).toEqual([
      'recorded: GET /api/articles/:id 200',
      'recorded: GET /api/articles/:id ?lang 200',
      'recorded: GET /api/articles/:id 404',
      'recorded: GET /api/articles/:id 401',
    ]);
    expect(parse(text).cases[3]).toMatchObject({ as: 'ann', status: 401 });
  });

  test('keep numbers that JavaScript would round', async () => {
    const { text } = await made({ body: body('{"id":9007199254740993}') });
    expect(text).toContain('9007199254740993');
  });
});
