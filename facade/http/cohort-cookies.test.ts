import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type AwkwardUpstream, awkwardUpstream } from '../test-kit/awkward-upstream.ts';
import { facadeOf, type TestFacade } from '../test-kit/facade-of.ts';
import { planOf, routeOf } from '../test-kit/plan-of.ts';
import { ask, rawAsk } from '../test-kit/raw-client.ts';

let legacy: AwkwardUpstream;
let candidate: AwkwardUpstream;
let facade: TestFacade;
/** Cookies of two clients that the first bucket puts on different sides, and the `sid` of each. */
let sides: Record<'legacy' | 'candidate', { sid: string; cookie: string }>;
beforeAll(async () => {
  legacy = await awkwardUpstream('legacy');
  candidate = await awkwardUpstream('candidate');
  facade = await facadeOf(
    planOf({
      legacy: { url: legacy.url, build: null },
      candidates: new Map([['catalog', { url: candidate.url, build: null }]]),
      routes: [routeOf('articles', ['/*all'])],
      cohort: [{ kind: 'cookie', name: 'sid' }, { kind: 'address' }],
    }),
  );
  await facade.put('articles', 'canary', 50);
  const found = new Map<string, { sid: string; cookie: string }>();
  for (let n = 0; found.size < 2; n++) {
    const answer = await ask(facade.url, { path: '/a', headers: { cookie: `sid=${n}` } });
    const cookie = answer.headers['set-cookie']?.[0]?.split(';', 1)[0] as string;
    found.set(JSON.parse(answer.body.toString()).name, { sid: `${n}`, cookie });
  }
  sides = Object.fromEntries(found) as typeof sides;
});
afterAll(async () => {
  await facade.close();
  await legacy.close();
  await candidate.close();
});

const sideOf = async (...cookies: string[]): Promise<string> => {
  const lines = cookies.map((cookie) => `Cookie: ${cookie}\r\n`).join('');
  const text = await rawAsk(facade.port, `GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines}\r\n`);
  return /"name":"(\w+)"/.exec(text)?.[1] ?? text;
};

test('two cohort cookies lead to one side, in whatever order, line or company they come', async () => {
  const [one, two] = [sides.legacy.cookie, sides.candidate.cookie];
  for (const sid of [sides.legacy.sid, sides.candidate.sid])
    for (const cookies of [
      [`sid=${sid}; ${one}; ${two}`],
      [`${two}; sid=${sid}; ${one}`],
      [one, two, `sid=${sid}`],
      [two, `sid=${sid}`, one],
      [`${two};${one};${two}; sid=${sid}`],
      [`x-fig-cohort=1.abc.def; ${one}; sid=${sid}; ${two}`],
      [`x-fig-cohort=; ${two}; ${one}; sid=${sid}`],
      [`x-fig-cohort="${two.slice(13)}"; ${one}; ${two}`],
    ])
      expect([cookies, await sideOf(...cookies)]).toEqual([cookies, 'candidate']);
});

test.each<[string, (value: string) => string]>([
  ['in quotes', (value) => `x-fig-cohort="${value}"`],
  ['with escapes', (value) => `x-fig-cohort=${value.replaceAll('.', '%2E')}`],
  ['padded', (value) => `x-fig-cohort=${value}=`],
  ['in another case', (value) => `X-Fig-Cohort=${value}`],
  ['cut', (value) => `x-fig-cohort=${value.slice(0, -1)}`],
  ['five times', (value) => Array(5).fill(`x-fig-cohort=${value}`).join('; ')],
])('a cohort cookie %s is none: the key of the client decides', async (_how, write) => {
  for (const [held, own] of [
    ['legacy', 'candidate'],
    ['candidate', 'legacy'],
  ] as const) {
    const cookie = write(sides[held].cookie.slice('x-fig-cohort='.length));
    expect(await sideOf(`${cookie}; sid=${sides[own].sid}`)).toBe(own);
  }
});

test('no cohort cookie reaches an upstream, however many there are', async () => {
  await sideOf(`a=1; ${sides.legacy.cookie}; b=2; ${sides.candidate.cookie}`, `${sides.legacy.cookie}`);
  const { rawHeaders } = candidate.seen.at(-1) as AwkwardUpstream['seen'][number];
  const at = rawHeaders.findIndex((name) => name.toLowerCase() === 'cookie');
  expect(rawHeaders[at + 1]).toBe('a=1; b=2');
});
