import { createServer, type IncomingMessage, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Route } from '#plan/model/plan.ts';
import { sealPin } from '../core/pin.ts';
import { facadeOf, listenOn, type TestFacade } from '../test-kit/facade-of.ts';
import { planOf, routeOf } from '../test-kit/plan-of.ts';
import { type Answer, ask } from '../test-kit/raw-client.ts';

/** A document with a version, kept as RFC 9110 §13 asks; both sides count from 1, so their tags are the same. */
type Side = {
  name: string;
  version: number;
  asked: IncomingMessage['headers'][];
  server: Server;
  url: string;
};
let legacy: Side;
let candidate: Side;
const open: TestFacade[] = [];

const DATE = 'Mon, 05 Jan 2026 10:00:00 GMT';
async function side(name: string): Promise<Side> {
  const self = { name, version: 1, asked: [] as IncomingMessage['headers'][] } as Side;
  self.server = createServer((request, response) => {
    if (request.headers['user-agent'] === 'fig-probe') return void response.end();
    self.asked.push(request.headers);
    request.resume();
    const { 'if-match': match, 'if-none-match': noneMatch, 'if-range': range } = request.headers;
    const tag = `${request.url === '/weak' ? 'W/' : ''}"${self.version}"`;
    const matches = (list: string) =>
      list.trim() === '*' ||
      list.split(',').some((one) => one.trim().replace(/^W\//, '') === tag.replace('W/', ''));
    response.setHeader('etag', tag);
    response.setHeader('last-modified', DATE);
    if (match !== undefined && !matches(match)) return void response.writeHead(412).end();
    if (request.method === 'PUT') {
      self.version++;
      response.setHeader('etag', `"${self.version}"`);
      return void response.end(`${name} ${self.version}`);
    }
    const fresh =
      noneMatch !== undefined ? matches(noneMatch) : request.headers['if-modified-since'] === DATE;
    if (fresh) return void response.writeHead(304).end();
    const ranged =
      request.headers.range !== undefined && (range === undefined || range === tag || range === DATE);
    response.writeHead(ranged ? 206 : 200).end(ranged ? name.slice(0, 3) : `${name} ${self.version}`);
  });
  self.url = `http://127.0.0.1:${await listenOn(self.server)}`;
  return self;
}
beforeEach(async () => {
  legacy = await side('legacy');
  candidate = await side('candidate');
});
afterEach(async () => {
  for (const facade of open.splice(0)) await facade.close();
  for (const { server } of [legacy, candidate]) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

const secret = Buffer.from('a secret of tests');
async function start(part: Partial<Route> = {}) {
  const facade = await facadeOf(
    planOf({
      legacy: { url: legacy.url, build: null },
      candidates: new Map([['catalog', { url: candidate.url, build: null }]]),
      routes: [routeOf('documents', ['/doc', '/weak'], part)],
    }),
    { secret },
  );
  open.push(facade);
  return facade;
}
type Headers = Record<string, string>;
const get = (facade: TestFacade, headers: Headers = {}, path = '/doc') => ask(facade.url, { path, headers });
const put = (facade: TestFacade, headers: Headers) =>
  ask(facade.url, { path: '/doc', method: 'PUT', headers, body: 'x' });
const tagOf = (answer: Answer) => answer.headers.etag as string;
const pin = (to: 'legacy' | 'candidate'): Headers => ({
  'x-fig-pin': sealPin({ route: 'documents', to, expiresAt: Math.floor(Date.now() / 1000) + 600 }, secret),
});
const lastAsked = ({ asked }: Side) => asked.at(-1) as IncomingMessage['headers'];
const MARKED = /^"fig-[0-9a-f]{6}-1"$/;

describe('on a split route', () => {
  let facade: TestFacade;
  let [ofLegacy, ofCandidate]: string[] = [];
  beforeEach(async () => {
    facade = await start();
    await facade.put('documents', 'canary', 50);
    ofLegacy = tagOf(await get(facade, pin('legacy')));
    ofCandidate = tagOf(await get(facade, pin('candidate')));
  });
  const at = (to: 'legacy' | 'candidate', headers: Headers) => get(facade, { ...pin(to), ...headers });

  test('the same tag of both sides is two tags for clients', () => {
    expect(ofLegacy).toMatch(MARKED);
    expect(ofCandidate).toMatch(MARKED);
    expect(ofLegacy).not.toBe(ofCandidate);
  });

  test('a tag comes back to its upstream as that made it, and the 304 names it as the client knows it', async () => {
    for (const [to, tag, upstream] of [
      ['legacy', ofLegacy, legacy],
      ['candidate', ofCandidate, candidate],
    ] as const) {
      const answer = await at(to, { 'if-none-match': tag as string });
      expect([answer.status, tagOf(answer)]).toEqual([304, tag]);
      expect(lastAsked(upstream)['if-none-match']).toBe('"1"');
    }
  });

  test('a foreign tag of If-None-Match is dropped, with the date that stands behind it', async () => {
    const headers = { 'if-none-match': ofLegacy as string, 'if-modified-since': DATE };
    const answer = await at('candidate', headers);
    expect([answer.status, answer.body.toString()]).toEqual([200, 'candidate 1']);
    expect(lastAsked(candidate)).not.toHaveProperty('if-none-match');
    expect(lastAsked(candidate)).not.toHaveProperty('if-modified-since');
  });

  test('of several tags the own ones stay', async () => {
    const list = `"fig-000000-9", ${ofLegacy},W/${ofCandidate} , "7"`;
    expect((await at('candidate', { 'if-none-match': list })).status).toBe(304);
    expect(lastAsked(candidate)['if-none-match']).toBe('W/"1"');
    await at('legacy', { 'if-none-match': list });
    // Legacy's tags had no marks before the route was split.
    expect(lastAsked(legacy)['if-none-match']).toBe('"1", "7"');
  });

  test('a write on the state that the other side showed is refused with 412, and one on the own state goes through', async () => {
    for (const [to, foreign, own, upstream] of [
      ['candidate', ofLegacy, ofCandidate, candidate],
      ['legacy', ofCandidate, ofLegacy, legacy],
    ] as ['legacy' | 'candidate', string, string, Side][]) {
      expect((await put(facade, { ...pin(to), 'if-match': foreign })).status).toBe(412);
      expect(upstream.version).toBe(1);
      const written = await put(facade, { ...pin(to), 'if-match': `${foreign}, ${own}` });
      expect([written.status, upstream.version]).toEqual([200, 2]);
      expect(tagOf(written)).toMatch(/^"fig-[0-9a-f]{6}-2"$/);
    }
  });

  test('a write on a tag without a mark is one on the state of legacy', async () => {
    expect((await put(facade, { ...pin('candidate'), 'if-match': '"1"' })).status).toBe(412);
    expect(candidate.version).toBe(1);
    expect((await put(facade, { ...pin('legacy'), 'if-match': '"1"' })).status).toBe(200);
  });

  test.each(['if-match', 'if-none-match'])('* of %s passes', async (name) => {
    await at('candidate', { [name]: ' *' });
    expect(lastAsked(candidate)[name]).toBe('*');
  });

  test('a range is cut out of the representation that it was begun on, or not at all', async () => {
    const range = { range: 'bytes=0-2' };
    const own = await at('candidate', { ...range, 'if-range': ofCandidate as string });
    expect([own.status, own.body.toString(), tagOf(own)]).toEqual([206, 'can', ofCandidate]);
    const foreign = await at('candidate', { ...range, 'if-range': ofLegacy as string });
    expect([foreign.status, foreign.body.toString()]).toEqual([200, 'candidate 1']);
    expect((await at('candidate', { ...range, 'if-range': DATE })).status).toBe(206);
    expect((await at('candidate', range)).status).toBe(206);
  });

  test('weak tags stay weak, and what a cache appends stays', async () => {
    const weak = tagOf(await get(facade, pin('candidate'), '/weak'));
    expect(weak).toMatch(/^W\/"fig-[0-9a-f]{6}-1"$/);
    expect((await get(facade, { ...pin('candidate'), 'if-none-match': weak }, '/weak')).status).toBe(304);
    await at('candidate', { 'if-none-match': ofCandidate?.replace(/"$/, '-gzip"') as string });
    expect(lastAsked(candidate)['if-none-match']).toBe('"1-gzip"');
  });

  test('a tag that a client had before stays its tag: 304 without a mark', async () => {
    const answer = await at('legacy', { 'if-none-match': '"1"' });
    expect([answer.status, tagOf(answer)]).toEqual([304, '"1"']);
  });
});

describe('what becomes of tags when a route moves', () => {
  test('at legacy nothing is marked, and a tag of the candidate is none of its own', async () => {
    const facade = await start();
    expect(tagOf(await get(facade))).toBe('"1"');
    expect((await get(facade, { 'if-none-match': '"1"' })).status).toBe(304);
    await facade.put('documents', 'candidate');
    const ofCandidate = tagOf(await get(facade));
    expect(ofCandidate).toMatch(MARKED);
    await facade.put('documents', 'legacy');
    const back = await get(facade, { 'if-none-match': ofCandidate });
    expect([back.status, back.body.toString(), tagOf(back)]).toEqual([200, 'legacy 1', '"1"']);
    expect((await put(facade, { 'if-match': ofCandidate })).status).toBe(412);
    expect(legacy.version).toBe(1);
  });

  test('a marked tag of legacy is good after the way back', async () => {
    const facade = await start();
    await facade.put('documents', 'canary', 0);
    const marked = tagOf(await get(facade));
    await facade.put('documents', 'legacy');
    const answer = await get(facade, { 'if-none-match': marked });
    expect([answer.status, tagOf(answer)]).toEqual([304, marked]);
    expect((await put(facade, { 'if-match': marked })).status).toBe(200);
  });

  test('at candidate a fallback answers with a mark of legacy, and takes no tag of the candidate', async () => {
    const facade = await start({ fallbackToLegacy: true });
    await facade.put('documents', 'candidate');
    const ofCandidate = tagOf(await get(facade));
    candidate.server.closeAllConnections();
    await new Promise((resolve) => candidate.server.close(resolve));
    const answer = await get(facade, { 'if-none-match': ofCandidate });
    expect([answer.status, answer.headers['x-fig-reason'], answer.body.toString()]).toEqual([
      200,
      'FALLBACK',
      'legacy 1',
    ]);
    expect(tagOf(answer)).toMatch(MARKED);
    expect(tagOf(answer)).not.toBe(ofCandidate);
  });

  test('a retired route marks nothing more; marked tags that are still about are good', async () => {
    const facade = await start();
    await facade.put('documents', 'candidate');
    const marked = tagOf(await get(facade));
    await facade.put('documents', 'retired');
    expect(tagOf(await get(facade))).toBe('"1"');
    const answer = await get(facade, { 'if-none-match': marked });
    expect([answer.status, tagOf(answer)]).toEqual([304, marked]);
    expect((await put(facade, { 'if-match': '"1"' })).status).toBe(200);
  });

  test('a tester who is pinned ahead of everybody gets marked tags, and others none', async () => {
    const facade = await start();
    expect(tagOf(await get(facade, pin('candidate')))).toMatch(MARKED);
    expect(tagOf(await get(facade))).toBe('"1"');
  });
});

test('with `etags: plain` tags pass as they are', async () => {
  const facade = await start({ etags: 'plain' });
  await facade.put('documents', 'canary', 50);
  for (const to of ['legacy', 'candidate'] as const) {
    expect(tagOf(await get(facade, pin(to)))).toBe('"1"');
    expect((await get(facade, { ...pin(to), 'if-none-match': '"1"' })).status).toBe(304);
  }
});
