import { writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type FacadeProcess, FacadeProcesses } from '../test-kit/facade-process.ts';
import { ask } from '../test-kit/raw-client.ts';
import { json, type ScriptedUpstream, scriptedUpstream } from '../test-kit/scripted-upstream.ts';

const KB = 1024;
const [WINDOWS, REQUESTS, CLIENTS] = [9, 1_000, 24];
/** Until V8 has compiled what is asked often, and has seen which objects live long. */
const WARM_UP = 8_000;

let upstream: ScriptedUpstream;
let facades: FacadeProcesses;
let facade: FacadeProcess;
const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });

beforeAll(async () => {
  upstream = await scriptedUpstream();
  upstream.answer = json({ title: 'a'.repeat(900) });
  facades = new FacadeProcesses({ legacy: upstream.url, candidate: upstream.url });
  const home = facades.home();
  const route = `route: articles
match: ["GET /api/articles/:id"]
candidate: catalog
data: none
stages: [shadow, candidate]
shadow: { sample: 100% }
`;
  writeFileSync(join(home, 'plan', 'routes', 'articles.yaml'), route);
  facade = await facades.start(home, [], {}, { decisions: false });
  const step = { stage: 'shadow', reason: 'test', expectedVersion: 0 };
  expect(await facade.post('/v1/routes/articles/transitions', step)).toMatchObject({ status: 200 });
});
afterAll(async () => {
  agent.destroy();
  await facades?.endAll();
  facades?.remove();
  await upstream?.vanish();
});

async function load(requests: number) {
  let asked = 0;
  const client = async () => {
    while (asked++ < requests)
      expect((await ask(facade.url, { agent, path: '/api/articles/1' })).status).toBe(200);
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
}

/** What has outlived the young generation, dead or alive. */
async function oldBytes(): Promise<number> {
  const { body } = await ask(facade.adminUrl, { path: '/metrics' });
  return Number(/^nodejs_heap_space_size_used_bytes\{space="old"\} (\d+)$/m.exec(body.toString())?.[1]);
}

test('requests that are copied die young: they leave nothing that only a major collection takes back', async () => {
  await load(WARM_UP);
  const growth: number[] = [];
  for (let window = 0; window < WINDOWS; window++) {
    const before = await oldBytes();
    await load(REQUESTS);
    growth.push(((await oldBytes()) - before) / REQUESTS);
  }
  expect(growth.every(Number.isFinite)).toBe(true);
  // A major collection makes one of them negative.
  const median = growth.toSorted((one, other) => one - other)[Math.floor(WINDOWS / 2)];
  expect(median).toBeLessThan(1.5 * KB);
}, 120_000);
