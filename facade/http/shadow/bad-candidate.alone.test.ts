import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { MemorySample } from '../../soak/flatness.ts';
import { Memory } from '../../soak/memory.ts';
import { type FacadeProcess, FacadeProcesses } from '../../test-kit/facade-process.ts';
import { type Observed, ObservedRoute, sumOf } from '../../test-kit/observed.ts';
import { ask } from '../../test-kit/raw-client.ts';
import {
  json,
  type Script,
  type ScriptedUpstream,
  scriptedUpstream,
} from '../../test-kit/scripted-upstream.ts';
import { until } from '../../test-kit/until.ts';

const [CONCURRENCY, QUEUE, CLIENTS] = [8, 32, 24];
const MIB = 1024 * 1024;
const ROUTE = `route: articles
match: ["GET /api/articles/:id", "POST /api/articles/search safe"]
candidate: catalog
data: none
stages: [shadow, candidate]
shadow: { sample: 100%, timeout: 1s, maxBody: 64KiB, concurrency: ${CONCURRENCY}, queue: ${QUEUE}, noise: 0% }
`;
const ARTICLE = JSON.stringify({ id: 1, title: 'a'.repeat(900) });
const SEARCH = JSON.stringify({ q: 'b'.repeat(20_000) });

/** What became of the requests of one phase. */
type Account = {
  sent: number;
  dropped: number;
  failed: number;
  discarded: Record<string, number>;
  compared: Record<string, number>;
};

const MOST_ROUNDS = 4;

describe('a candidate that does its worst, under a steady load of clients', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fig-test-'));
  const memory = new Memory(folder);
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  let legacy: ScriptedUpstream;
  let candidate: ScriptedUpstream;
  let facades: FacadeProcesses;
  let facade: FacadeProcess;
  let observed: ObservedRoute;
  let asked = 0;
  let mostInFlight = 0;

  beforeAll(async () => {
    [legacy, candidate] = [await scriptedUpstream(), await scriptedUpstream()];
    legacy.answer = json(ARTICLE);
    facades = new FacadeProcesses({ legacy: legacy.url, candidate: candidate.url });
    const home = facades.home();
    writeFileSync(join(home, 'plan', 'routes', 'articles.yaml'), ROUTE);
    facade = await facades.start(home, [], memory.environment(0), { decisions: false });
    observed = new ObservedRoute(facade.adminUrl, 'secret');
    const step = { stage: 'shadow', reason: 'test', expectedVersion: 0 };
    expect(await facade.post('/v1/routes/articles/transitions', step)).toMatchObject({ status: 200 });
  });
  afterAll(async () => {
    agent.destroy();
    await facades?.endAll();
    facades?.remove();
    await Promise.all([legacy?.vanish(), candidate?.vanish()]);
    rmSync(folder, { recursive: true, force: true });
  });

  /** So many requests by clients that never rest; each must get legacy's answer. Says what became of them. */
  const load = async (requests: number): Promise<Account> => {
    const before = await observed.now();
    const first = asked;
    const client = async () => {
      while (asked < first + requests) {
        const isSearch = asked++ % 4 === 0;
        const answer = isSearch
          ? await ask(facade.url, { agent, path: '/api/articles/search', method: 'POST', body: SEARCH })
          : await ask(facade.url, { agent, path: `/api/articles/${asked}` });
        expect([answer.status, answer.headers['x-fig-upstream']]).toEqual([200, 'legacy']);
        expect(answer.body.toString()).toBe(ARTICLE);
      }
    };
    let isOver = false;
    const watch = async () => {
      for (; !isOver; await wait(20)) mostInFlight = Math.max(mostInFlight, (await observed.now()).inFlight);
    };
    const watching = watch();
    await Promise.all(Array.from({ length: CLIENTS }, client)).finally(() => {
      isOver = true;
    });
    await watching;
    const after = await observed.settled(asked);
    const account = difference(after, before);
    expect(account.sent + account.dropped).toBe(requests);
    expect(account.sent).toBe(account.failed + sumOf(account.discarded) + sumOf(account.compared));
    return account;
  };

  const sleeps: Script = (_request, response) => {
    const timer = setTimeout(() => response.end(ARTICLE), 5000);
    response.once('close', () => clearTimeout(timer));
  };
  /** What a server may say that is no answer, or none worth comparing; each in its turn. */
  const GARBAGE: readonly Script[] = [
    (request) => void request.socket.end('nonsense\r\n\r\n'),
    (request) => void request.socket.end(Buffer.from(Array.from({ length: 4000 }, (_, n) => (n * 37) % 256))),
    (request) => void request.socket.destroy(),
    (request) => void request.socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\nshort'),
    (request) =>
      void request.socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\nno\r\n'),
    (request) => void request.socket.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(400_000)}\r\n\r\n`),
    (_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip'),
    json('{"id": 1, "title'),
  ];
  const forEver: readonly Script[] = [
    (_request, response) => {
      const more = () => {
        while (response.write('z'.repeat(16_384))) if (response.destroyed) return;
      };
      response.writeHead(200).on('drain', more);
      more();
    },
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    },
    (_request, response) => {
      const timer = setInterval(() => response.write('.'), 20);
      response.writeHead(200).once('close', () => clearInterval(timer));
    },
  ];
  const inTurn = (scripts: readonly Script[], counts: number[]): Script => {
    let n = 0;
    return (request, response) => {
      const which = n++ % scripts.length;
      counts[which] = (counts[which] ?? 0) + 1;
      (scripts[which] as Script)(request, response);
    };
  };

  /** Of one that was bad for long few copies are sent until it answers again. */
  const trust = async () => {
    candidate.answer = json(ARTICLE);
    await until('an answer that can be used', async () => (await load(CLIENTS)).compared.match! > 0);
  };

  /** Through all of it once. */
  const round = async (requests: number) => {
    await trust();
    candidate.answer = sleeps;
    const asleep = await load(requests);
    expect(asleep.dropped).toBeGreaterThan(0);
    expect(asleep.failed).toBeGreaterThan(0);
    expect(sumOf(asleep.compared)).toBe(0);
    expect(Object.keys(asleep.discarded)).toEqual(asleep.discarded.late ? ['late'] : []);

    await trust();
    await candidate.vanish();
    const refused = await load(requests);
    expect(refused.failed + (refused.discarded.late ?? 0)).toBe(refused.sent);
    expect(refused.sent).toBeGreaterThan(0);
    await candidate.comeBack();
    // For a moment after a refused connection none is tried.
    await wait(300);

    await trust();
    const said: number[] = [];
    candidate.answer = inTurn(GARBAGE, said);
    const garbage = await load(requests);
    // What the candidate never came to say, for a time limit, has failed or was late.
    expect(garbage.compared.mismatch).toBeLessThanOrEqual((said[6] as number) + (said[7] as number));
    expect(garbage.compared.mismatch).toBeGreaterThan(0);
    expect(garbage.compared.match).toBe(0);
    expect(garbage.failed).toBeGreaterThan(0);
    expect(Object.keys(garbage.discarded).filter((reason) => reason !== 'late')).toEqual([]);

    await trust();
    const streams: number[] = [];
    candidate.answer = inTurn(forEver, streams);
    const endless = await load(requests);
    // Legacy ends its answer and is small: a client of either of these would not get it.
    expect(endless.compared.mismatch).toBeGreaterThan(0);
    expect(endless.compared.match).toBe(0);
    expect(endless.failed).toBeGreaterThan(0);

    await trust();
    const well = await load(requests);
    expect(well.compared.match).toBeGreaterThan(0);
    expect([well.compared.mismatch, well.compared.ignored]).toEqual([0, 0]);
  };
  const sample = async () => {
    const before = memory.samples.length;
    memory.ask([facade.child.pid as number]);
    await until('a sample of memory', () => memory.samples.length > before);
    return memory.samples.at(-1) as MemorySample;
  };
  /** What stays: buffers of what is over are given back in several steps. */
  const kept = async () => {
    for (let last = await sample(); ; await wait(200)) {
      const next = await sample();
      const falls = (key: 'heapBytes' | 'bufferBytes') => next[key] < last[key] - MIB / 8;
      if (!falls('heapBytes') && !falls('bufferBytes')) return next;
      last = next;
    }
  };

  test('fails no client, loses no request from the account, and keeps nothing', async () => {
    await round(200);
    // Code and caches still settle, in one of these rounds or the other; what is left behind grows in each.
    const growth: { heap: number; buffers: number }[] = [];
    for (let before = await kept(); growth.length < MOST_ROUNDS; ) {
      await round(400);
      const after = await kept();
      growth.push({
        heap: after.heapBytes - before.heapBytes,
        buffers: after.bufferBytes - before.bufferBytes,
      });
      before = after;
      // A round is 2,000 requests: one kilobyte left of each would be more.
      const { heap, buffers } = growth.at(-1)!;
      if (heap < 2 * MIB && buffers < 2 * MIB) break;
    }
    expect(growth.at(-1)?.heap).toBeLessThan(2 * MIB);
    expect(growth.at(-1)?.buffers).toBeLessThan(2 * MIB);
    expect(mostInFlight).toBeLessThanOrEqual(CONCURRENCY + QUEUE + CLIENTS);
    const { upstreams } = await facade.get('/v1/upstreams');
    for (const { inFlight, queued } of upstreams) expect([inFlight, queued]).toEqual([0, 0]);
  }, 240_000);
});

/** What one account has more than another. */
function difference(after: Observed, before: Observed): Account {
  const each = (key: 'discarded' | 'compared') =>
    Object.fromEntries(
      Object.entries<number>(after[key])
        .map(([name, count]): [string, number] => [name, count - (before[key][name] ?? 0)])
        .filter(([, count]) => key === 'compared' || count > 0),
    );
  const { sent, dropped, failed } = after;
  return {
    sent: sent - before.sent,
    dropped: dropped - before.dropped,
    failed: failed - before.failed,
    discarded: each('discarded'),
    compared: each('compared'),
  };
}
