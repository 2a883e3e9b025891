import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { UpstreamProcess } from './soak/upstream-process.ts';
import { BREATH_MS, FacadeProcesses, freePort } from './test-kit/facade-process.ts';
import { ask } from './test-kit/raw-client.ts';
import { until } from './test-kit/until.ts';

let legacy: UpstreamProcess;
let candidate: UpstreamProcess;
let facades: FacadeProcesses;
beforeAll(async () => {
  legacy = new UpstreamProcess('legacy', await freePort());
  candidate = new UpstreamProcess('candidate', await freePort());
  facades = new FacadeProcesses({ legacy: legacy.url, candidate: candidate.url });
  await Promise.all([legacy.start(), candidate.start()]);
});
afterEach(() => facades.endAll());
afterAll(async () => {
  facades.remove();
  candidate.signal('SIGCONT');
  await Promise.all([legacy.stop(), candidate.stop()]);
});

const PLAN = `timeouts: { connect: 500ms, headers: 500ms, idle: 2s }
health: { path: /livez, interval: 200ms, ejectAt: 30%, minimum: 5, window: 2s }`;
const ROUTE = `route: articles
match: ["GET /api/articles", "POST /api/articles"]
candidate: catalog
data: none
stages: [canary 30%, candidate]
fallback: legacy
`;

/** How often each outcome was seen: who answered by which reason, with which status. */
type Seen = Map<string, number>;
const note = (seen: Seen, outcome: string) => void seen.set(outcome, (seen.get(outcome) ?? 0) + 1);

/** The log says that nobody was asked; the answer, which side was meant. */
const shown = (line: string) => line.replace('none UPSTREAM_EJECTED_CANDIDATE', 'candidate EJECTED');

test.each<[string, () => unknown, () => unknown]>([
  ['killed', () => candidate.stop('SIGKILL'), () => candidate.start()],
  ['stopped', () => candidate.signal('SIGSTOP'), () => candidate.signal('SIGCONT')],
])(
  'a candidate that is %s under load: legacy answers each read, nobody else a write, and each answer is accounted for',
  async (_what, take, giveBack) => {
    const home = facades.home(PLAN);
    writeFileSync(join(home, 'plan', 'routes', 'articles.yaml'), ROUTE);
    const facade = await facades.start(home);
    const step = { stage: 'candidate', reason: 'test', expectedVersion: 0, force: true };
    await facade.post('/v1/routes/articles/transitions', step);

    const seen: Record<'GET' | 'POST', Seen> = { GET: new Map(), POST: new Map() };
    const codes = new Set<string>();
    let stopped = false;
    const client = async (method: 'GET' | 'POST') => {
      for (; !stopped; await wait(BREATH_MS)) {
        const body = method === 'POST' ? { body: 'x' } : {};
        const {
          status,
          headers,
          body: text,
        } = await ask(facade.url, { path: '/api/articles', method, ...body });
        note(seen[method], `${headers['x-fig-upstream']} ${headers['x-fig-reason']} ${status}`);
        const answer = JSON.parse(text.toString());
        // Who says so, and who really answered, are one.
        if (status === 200) expect(answer.by).toBe(headers['x-fig-upstream']);
        else codes.add(answer.code);
      }
    };
    const clients = [...Array(4).fill('GET'), 'POST', 'POST'].map(client);
    const count = (method: 'GET' | 'POST', outcome: string) => seen[method].get(outcome) ?? 0;
    await until(
      'answers',
      () => count('GET', 'candidate STAGE 200') > 50 && count('POST', 'candidate STAGE 200') > 5,
    );
    await take();
    await until('reads past it', () => count('GET', 'legacy EJECTED 200') > 50);
    await until('a refused write', () => count('POST', 'candidate EJECTED 502') > 5);
    await giveBack();
    const before = count('POST', 'candidate STAGE 200');
    await until('writes again', () => count('POST', 'candidate STAGE 200') > before + 5);
    stopped = true;
    await Promise.all(clients);

    for (const outcome of seen.GET.keys())
      expect(outcome).toMatch(/^(?:candidate STAGE|legacy FALLBACK|legacy EJECTED) 200$/);
    for (const outcome of seen.POST.keys())
      expect(outcome).toMatch(/^candidate (?:STAGE (?:200|502|504)|EJECTED 502)$/);
    for (const code of codes)
      expect(code).toMatch(
        /^UPSTREAM_(?:CONNECT|CONNECT_TIMEOUT|HEADERS|HEADERS_TIMEOUT|EJECTED)_CANDIDATE$/,
      );
    const total = [seen.GET, seen.POST].flatMap((one) => [...one.values()]).reduce((sum, n) => sum + n, 0);
    const logged = () =>
      facade.output.text
        .split('\n')
        .filter((line) => line.includes('"msg":"request"'))
        .map((line) => JSON.parse(line));
    await until('all lines', () => logged().length >= total);
    const told: typeof seen = { GET: new Map(), POST: new Map() };
    for (const { method, upstream, reason, status } of logged())
      note(told[method as 'GET' | 'POST'], shown(`${upstream} ${reason} ${status}`));
    expect(told).toEqual(seen);
  },
  120_000,
);
