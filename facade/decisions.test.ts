import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { bucketOf, cohortSeed, isInShare } from './core/cohort.ts';
import { sealPin } from './core/pin.ts';
import { type AwkwardUpstream, awkwardUpstream } from './test-kit/awkward-upstream.ts';
import { type FacadeProcess, FacadeProcesses } from './test-kit/facade-process.ts';
import { type Answer, ask } from './test-kit/raw-client.ts';
import { until } from './test-kit/until.ts';

let legacy: AwkwardUpstream;
let candidate: AwkwardUpstream;
let facades: FacadeProcesses;
const agent = new Agent({ keepAlive: true, maxSockets: 10 });
beforeAll(async () => {
  legacy = await awkwardUpstream('legacy');
  candidate = await awkwardUpstream('candidate');
  facades = new FacadeProcesses({ legacy: legacy.url, candidate: candidate.url });
});
afterEach(async () => {
  await facades.endAll();
  legacy.seen.length = 0;
  candidate.seen.length = 0;
});
afterAll(async () => {
  agent.destroy();
  facades.remove();
  await legacy.close();
  await candidate.close();
});

const SECRET = Buffer.from('x'.repeat(16));
const TRANSITIONS = '/v1/routes/articles/transitions';
const PATH = '/api/articles';
const sid = (i: number) => `client-${i}`;
const cookie = (i: number) => ({ cookie: `sid=${sid(i)}` });
const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const sideOf = (answer: Answer) => answer.headers['x-fig-upstream'];
const inShare = (i: number, percent: number) =>
  isInShare(bucketOf(cohortSeed('articles'), sid(i)), percent * 100);

async function put(facade: FacadeProcess, stage: string, percent: number, expectedVersion: number) {
  const body = { stage, percent, reason: 'test', force: true, expectedVersion };
  expect(await facade.post(TRANSITIONS, body)).toMatchObject({ status: 200 });
}
/** A home whose route is not copied to the other side: here the upstreams' logs hold what clients were answered by. */
function home(): string {
  const path = facades.home();
  appendFileSync(`${path}/plan/routes/articles.yaml`, 'shadow: { sample: 0% }\n');
  return path;
}
const start = (args: string[] = []) => facades.start(home(), ['--ledger', 'memory:', ...args]);
/** All of them at once, over the ten connections of the agent. */
const askAll = (facade: FacadeProcess, count: number, headers: (i: number) => Record<string, string>) =>
  Promise.all(range(count).map((i) => ask(facade.url, { path: PATH, agent, headers: headers(i) })));

type Line = Record<string, string | number | null>;
const requestLines = ({ output }: FacadeProcess): Line[] =>
  output.text
    .split('\n')
    .filter((line) => line.includes('"msg":"request"'))
    .map((line) => JSON.parse(line));
/** Request ids that an upstream itself wrote down. */
const idsSeenBy = ({ seen }: AwkwardUpstream) =>
  seen.map(({ rawHeaders }) => rawHeaders[rawHeaders.indexOf('x-request-id') + 1] as string);

describe('traffic in a canary', () => {
  test('of 500 requests from 10 connections lands within 5 points of 70/30, client by client where nginx would put them', async () => {
    const facade = await start();
    await put(facade, 'canary', 30, 0);
    const answers = await askAll(facade, 500, cookie);
    expect(answers.map(sideOf)).toEqual(range(500).map((i) => (inShare(i, 30) ? 'candidate' : 'legacy')));
    const share = answers.filter((answer) => sideOf(answer) === 'candidate').length / 500;
    expect(Math.abs(share - 0.3)).toBeLessThan(0.05);
    expect([legacy.seen.length, candidate.seen.length]).toEqual([500 - share * 500, share * 500]);
  }, 120_000);

  test('of 0 % is exactly none', async () => {
    const facade = await start();
    await put(facade, 'canary', 0, 0);
    await askAll(facade, 500, cookie);
    expect([legacy.seen.length, candidate.seen.length]).toEqual([500, 0]);
  }, 120_000);

  test('follows a pin only when it is signed', async () => {
    const facade = await start();
    await put(facade, 'canary', 0, 0);
    const expiresAt = Math.floor(Date.now() / 1000) + 600;
    const token = sealPin({ route: 'articles', to: 'candidate', expiresAt }, SECRET);
    const forged = [
      sealPin({ route: 'articles', to: 'candidate', expiresAt }, Buffer.from('y'.repeat(16))),
      `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`.slice(0, -2),
      token.replace('.candidate.', '.legacy.'),
      token.replace(String(expiresAt), String(expiresAt + 1)),
      'candidate',
    ];
    for (const pin of forged)
      expect(sideOf(await ask(facade.url, { path: PATH, headers: { 'x-fig-pin': pin } }))).toBe('legacy');
    const pinned = await ask(facade.url, { path: PATH, headers: { 'x-fig-pin': token } });
    expect([sideOf(pinned), pinned.headers['x-fig-reason']]).toEqual(['candidate', 'PINNED']);
  });

  test('flips nobody who logs in: of 200 clients none', async () => {
    const facade = await start();
    await put(facade, 'canary', 50, 0);
    const before = await askAll(facade, 200, cookie);
    const held = before.map((answer) => answer.headers['set-cookie']?.[0]?.split(';')[0]);
    const after = await askAll(facade, 200, (i) => ({ cookie: `sid=session-of-${i}; ${held[i]}` }));
    expect(after.map(sideOf)).toEqual(before.map(sideOf));
    // Without the cookie many would have changed sides: the test would notice one that does nothing.
    const without = await askAll(facade, 200, (i) => ({ cookie: `sid=session-of-${i}` }));
    expect(
      without.filter((answer, i) => sideOf(answer) !== sideOf(before[i] as Answer)).length,
    ).toBeGreaterThan(50);
  }, 120_000);

  test('heeds no x-user-id from a peer that is not trusted', async () => {
    const folder = home();
    const file = `${folder}/plan/plan.yaml`;
    const cohort = (extra: string) =>
      writeFileSync(
        file,
        readFileSync(file, 'utf8').replace(/cohort: .*/, 'cohort: [ { header: x-user-id }, address ]') +
          extra,
      );
    cohort('');
    const strict = await facades.start(folder, ['--ledger', 'memory:']);
    await put(strict, 'canary', 50, 0);
    const spoofed = await askAll(strict, 50, (i) => ({ 'x-user-id': `u${i}` }));
    expect(new Set(spoofed.map(sideOf)).size).toBe(1);
    cohort('trustedProxies: [127.0.0.1/32]\n');
    const trusting = await facades.start(folder, ['--ledger', 'memory:']);
    await put(trusting, 'canary', 50, 0);
    const believed = await askAll(trusting, 50, (i) => ({ 'x-user-id': `u${i}` }));
    expect(new Set(believed.map(sideOf)).size).toBe(2);
  }, 120_000);
});

describe('the decision log', () => {
  test('of 1,000 requests agrees with what the upstreams wrote down themselves', async () => {
    const facade = await start();
    const expiresAt = Math.floor(Date.now() / 1000) + 600;
    const pin = sealPin({ route: 'articles', to: 'candidate', expiresAt }, SECRET);
    type Expected = { upstream: string; reason: string; version: number | null; route: string | null };
    const expected = new Map<string, Expected>();
    const send = async (id: string, who: Expected, options: Partial<Parameters<typeof ask>[1]> = {}) => {
      expected.set(id, who);
      const headers = { ...options.headers, 'x-request-id': id };
      await ask(facade.url, { path: PATH, agent, ...options, headers });
    };
    const phase = async (name: string, version: number, percent: number | null, reason: string) => {
      const decided = (i: number) => (percent !== null && inShare(i, percent) ? 'candidate' : 'legacy');
      await Promise.all(
        range(200).map((i) => {
          const id = `${name}-${i}`;
          if (i % 10 === 9)
            return send(
              id,
              { upstream: 'legacy', reason: 'UNMATCHED', version: null, route: null },
              { path: `/elsewhere/${i}?token=secret` },
            );
          const who = { upstream: decided(i), reason, version, route: 'articles' };
          if (i % 10 === 8 && reason !== 'KILLED')
            return send(
              id,
              { ...who, upstream: 'candidate', reason: 'PINNED' },
              { headers: { 'x-fig-pin': pin } },
            );
          const write = i % 3 === 0 ? { method: 'POST', body: `{"i":${i}}` } : {};
          return send(id, who, { ...write, headers: cookie(i) });
        }),
      );
    };
    await phase('legacy', 0, null, 'STAGE');
    await put(facade, 'canary', 30, 0);
    await phase('thirty', 1, 30, 'COHORT');
    await put(facade, 'canary', 70, 1);
    await phase('seventy', 2, 70, 'COHORT');
    await put(facade, 'candidate', 100, 2);
    await phase('candidate', 3, 100, 'STAGE');
    await facade.post('/v1/kill', { route: 'articles', reason: 'test' });
    await phase('killed', 4, null, 'KILLED');

    await until('all lines', () => requestLines(facade).length === 1000);
    const lines = requestLines(facade);
    const [ofLegacy, ofCandidate] = [new Set(idsSeenBy(legacy)), new Set(idsSeenBy(candidate))];
    expect(ofLegacy.size + ofCandidate.size).toBe(1000);
    let agreed = 0;
    for (const { requestId, upstream, reason, version, route, status } of lines) {
      const seenBy = ofLegacy.has(String(requestId))
        ? 'legacy'
        : ofCandidate.has(String(requestId))
          ? 'candidate'
          : '';
      expect({ requestId, upstream, reason, version, route, seenBy, status }).toEqual({
        requestId,
        ...expected.get(String(requestId)),
        seenBy: upstream,
        status: 200,
      });
      agreed++;
    }
    expect(agreed).toBe(1000);
    expect(facade.output.text).not.toContain('token=secret');
  }, 120_000);

  test('says of a request that nobody was asked for why, and can be switched off', async () => {
    const facade = await start();
    await ask(facade.url, { path: '/%zz?token=secret' });
    await until('the line', () => requestLines(facade).length === 1);
    expect(requestLines(facade)[0]).toMatchObject({
      method: 'GET',
      path: '/%zz',
      upstream: 'none',
      reason: 'ROUTE_TARGET_INVALID',
      status: 400,
    });
    const silent = await start(['--access-log', 'off']);
    await ask(silent.url, { path: PATH });
    await silent.end('SIGTERM');
    expect(silent.output.text).toContain('"msg":"stopping"');
    expect(requestLines(silent)).toEqual([]);
  }, 120_000);

  test('loses no line of a facade that stops', async () => {
    const facade = await start();
    await askAll(facade, 50, cookie);
    await facade.end('SIGTERM');
    await until('the output to arrive', () => facade.output.text.includes('"msg":"stopping"'));
    expect(requestLines(facade)).toHaveLength(50);
  });
});
