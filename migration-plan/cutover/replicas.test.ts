import { hostname } from 'node:os';
import { afterEach, expect, test } from '@jest/globals';
import { type CutoverWorld, type Json, startCutoverWorld } from '#acl/testing/cutover-world.ts';
import { legacyDatabases, type Writer } from '#acl/testing/legacy-database.ts';
import { runToEnd } from '#acl/testing/process.ts';
import { waitUntil } from '#acl/testing/wait-until.ts';
import { candidateAudit } from './soak/candidate-audit.ts';
import { startClients } from './soak/clients.ts';
import { diceOf } from './soak/dice.ts';
import { legacyAudit } from './soak/legacy-audit.ts';
import { watchOwners } from './soak/owner-watch.ts';
import { judge, readStore } from './soak/verdict.ts';
import { WriteBook } from './soak/write-book.ts';

/** MySQL where there is one: what is tried here does not differ by the kind. */
const [KIND, create] = [...legacyDatabases].at(-1)!;
const CUTOVER = '/v1/data/freelancers/cutover';

const closes: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closes.splice(0).reverse()) await close();
}, 60_000);

/** A world whose stores note what they take, with clients of its own rows at every replica. */
async function start(facades: number, workers: number) {
  const database = await create();
  const world = await startCutoverWorld(database, 60, {
    ...{ facades, workers },
    prepare: async () => {
      const setup = await database.writer();
      await setup.execute('CREATE TABLE soak_batch (batch_id INTEGER PRIMARY KEY)');
      await setup.close();
    },
  });
  closes.push(() => world.stop());
  const job: Writer = await database.writer();
  closes.push(() => job.close());
  await world.askRelay('PUT', '/ownership');
  const sql = async (text: string) => {
    if (/^SELECT/.test(text)) return job.read(text);
    await job.execute(text);
    return [];
  };
  const here = legacyAudit(KIND === 'MySQL' ? 'mysql' : 'sqlite', sql, async () => {});
  const there = candidateAudit(world.serviceDatabaseUrl);
  closes.push(() => there.close());
  for (const audit of [here, there]) await audit.install();
  const book = new WriteBook();
  const cookie = await world.login('admin');
  let seed = 0;
  const load = (at = world.facades) => {
    seed += 1;
    return startClients({
      ...{ book, dice: diceOf(seed), clients: 6, hotKeys: [], pauseMs: 20, cookie },
      urls: () => at.map((name) => world.member(name).url),
    });
  };
  const watch = watchOwners(here, there);
  closes.push(() => watch.stop());
  const written = async (more: number) => {
    const before = book.writes.length;
    await waitUntil(async () => book.writes.length >= before + more, 'clients write');
  };
  /** Both stores hold what was acknowledged, and took nothing that was not theirs to take. */
  const expectSound = async () => {
    await waitUntil(async () => (await here.waiting()) + (await there.waiting()) === 0, 'nothing waits');
    expect(judge(await readStore('legacy', here), await readStore('candidate', there), book)).toEqual([]);
    expect(await watch.stop()).toEqual([]);
    expect(watch.looks()).toBeGreaterThan(10);
  };
  return { world, book, load, written, expectSound, there };
}

async function thereAndBack(world: CutoverWorld, written: (more: number) => Promise<void>) {
  for (const to of ['candidate', 'legacy'] as const) {
    await written(30);
    const { owner, held, run } = await world.cutOver(to);
    expect([owner, held, run.detail]).toEqual([to, false, `${to} owns freelancers now`]);
  }
  await written(30);
}

test('one facade of two workers changes the owner there and back: no request fails, no write is taken by the other side', async () => {
  const { world, book, load, written, expectSound, there } = await start(1, 2);
  const clients = load();
  await thereAndBack(world, written);
  await clients.stop();
  expect([...book.answers.keys()]).toEqual(['done']);
  expect(await there.ownWrites()).toBeGreaterThan(10);
  await expectSound();
}, 180_000);

test('so do three replicas that share a ledger, unless one of them is silent: it is named, and nobody waits for it when it is evicted', async () => {
  const { world, book, load, written, expectSound, there } = await start(3, 1);
  const clients = load();
  await thereAndBack(world, written);
  await clients.stop();
  expect([...book.answers.keys()]).toEqual(['done']);
  expect(await there.ownWrites()).toBeGreaterThan(10);

  const silent = world.member('facade-3');
  const id = `${hostname()}:${new URL(silent.url).port}`;
  silent.child.kill('SIGSTOP');
  closes.push(async () => silent.child.kill('SIGCONT'));
  const others = load(['facade', 'facade-2']);
  // Nothing is known of it yet: it is waited for, and named, and writes go on where they went.
  const state = await world.cutOver('candidate');
  expect(state).toMatchObject({ owner: 'legacy', held: false, run: { outcome: 'back' } });
  expect(state.run.detail).toContain(id);
  const refused = await waitUntil(async () => {
    const { status, json } = await world.admin('POST', CUTOVER, { reason: 'a test', dryRun: true });
    const check = json.checks?.find(({ name }: Json) => name === 'replicas');
    return status === 202 && !check.ok && check;
  }, 'it is known to be silent');
  expect(refused.detail).toContain(id);
  expect(await world.admin('POST', CUTOVER, { reason: 'a test', to: 'candidate' })).toMatchObject({
    status: 422,
    json: { code: 'FENCE_CUTOVER_REFUSED', detail: expect.stringContaining(id) },
  });
  const { adminUrl } = world.facade();
  const evicted = await runToEnd(
    'migration-plan/cli/run.ts',
    ['instances', '--evict', id, '--reason', 'it hangs', '--admin', adminUrl as string],
    { FIG_ADMIN_TOKEN: world.adminToken },
  );
  expect(evicted).toMatchObject({ code: 0, stdout: expect.stringContaining('evicted') });
  expect(await world.cutOver('candidate')).toMatchObject({ owner: 'candidate', run: { outcome: 'done' } });
  await others.stop();
  expect([...book.answers.keys()]).toEqual(['done']);

  // It wakes up and goes on by what it knew: whatever it sends, the side that does not own takes nothing.
  silent.child.kill('SIGCONT');
  const late = load(['facade-3']);
  await written(30);
  await late.stop();

  // Asleep during the way back, with writes at its door that it decides by what it knew: the service declines them, and
  // they go to the owner after all.
  const before = book.writes.length;
  silent.child.kill('SIGSTOP');
  const waiting = load(['facade-3']);
  expect(await world.cutOver('legacy')).toMatchObject({ owner: 'legacy', run: { outcome: 'done' } });
  silent.child.kill('SIGCONT');
  await waiting.stop();
  expect(book.writes.length).toBeGreaterThan(before);
  expect([...book.answers.keys()]).toEqual(['done']);
  const metrics = await (await fetch(`${silent.adminUrl}/metrics`)).text();
  expect(metrics).toMatch(/fig_writes_declined_total\{set="freelancers",outcome="decided-anew"\} [1-9]/);
  await expectSound();
}, 240_000);
