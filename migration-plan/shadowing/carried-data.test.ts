import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { type CutoverWorld, type Json, startCutoverWorld } from '#acl/testing/cutover-world.ts';
import { legacyDatabases } from '#acl/testing/legacy-database.ts';
import { rawRequest } from '#acl/testing/raw-http.ts';
import { waitUntil } from '#acl/testing/wait-until.ts';
import { DRY_RUN_SECRET } from '#acl/testing/world.ts';

/** MySQL where there is one: what is tried here does not differ by the kind. */
const [, create] = [...legacyDatabases].at(-1)!;
const PAIRS = 40;
const WRITERS = 3;

const WRONG = 30;

let world: CutoverWorld;
let reader: string;

beforeAll(async () => {
  world = await startCutoverWorld(await create(), 200);
  // With rehearsals of writes, which need a secret at all three.
  for (const name of ['facade', 'gateway', 'service'] as const) await world.member(name).stop();
  for (const name of ['service', 'gateway', 'facade'] as const) await world.start(name, { DRY_RUN_SECRET });
  reader = await world.login('admin');
}, 120_000);
afterAll(async () => world?.stop(), 60_000);

const observed = async (): Promise<Json> =>
  (await world.admin('GET', '/v1/routes/freelancers/observations')).json;
const move = async (stage: string) => {
  const { json } = await world.admin('GET', '/v1/routes/freelancers');
  const step = { stage, expectedVersion: json.version, force: true, reason: 'a test' };
  expect((await world.admin('POST', '/v1/routes/freelancers/transitions', step)).status).toBe(200);
  await waitUntil(async () => {
    const before = await observed();
    await world.client('GET', '/api/freelancers/1');
    return (await observed()).sent > before.sent;
  }, 'reads are copied');
};
const settled = () =>
  waitUntil(async () => {
    const seen = await observed();
    return seen.inFlight === 0 && seen;
  }, 'every copy is accounted for');

/** Somebody else than who writes, whose reads nothing holds at the owner. */
async function look(path: string) {
  const { status } = await rawRequest(world.facade().url, {
    method: 'GET',
    path,
    headers: { cookie: reader },
  });
  expect(status).toBe(200);
}

/** Clients that change rows of their own; they and others look at each at once, while the relay carries it over. */
async function writeAndRead(marker: string) {
  const writer = async (n: number) => {
    for (let pair = 0; pair < PAIRS; pair++) {
      const row = 10 + n * PAIRS + pair;
      const notes = `${marker} ${pair}`;
      const written = await world.client('PUT', `/api/freelancers/${row}`, { notes, rate_ct: 5_000 + pair });
      expect(written.status).toBe(200);
      const [own] = await Promise.all([
        world.client('GET', `/api/freelancers/${row}`),
        look(`/api/freelancers/${row}`),
        look('/api/freelancers?size=50'),
      ]);
      expect([own.status, own.json.notes]).toEqual([200, notes]);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, n) => writer(n)));
}

/** Makes the candidate wrong by so much, in a row that nobody writes. */
async function spoil(amount: number) {
  const client = new Client(world.serviceDatabaseUrl);
  await client.connect();
  await client.query('UPDATE freelancer SET rate_amount = rate_amount + $1 WHERE number = 5', [amount]);
  await client.end();
}

test.each<['shadow' | 'candidate', 'legacy' | 'candidate']>([
  ['shadow', 'legacy'],
  ['candidate', 'legacy'],
  ['candidate', 'candidate'],
])(
  'at stage %s, with data of %s, nothing is told apart by what is on its way, and what is wrong is found',
  async (stage, owner) => {
    if (owner === 'candidate') expect((await world.cutOver('candidate')).owner).toBe('candidate');
    else await move(stage);
    const before = await settled();
    await spoil(1);
    const writing = writeAndRead(`${stage} of ${owner}`);
    for (let n = 0; n < WRONG; n++) await look('/api/freelancers/5');
    await writing;
    const after = await settled();
    await spoil(-1);
    // None more: what was written is looked at sooner than the relay can have carried it over.
    expect(after.compared.mismatch).toBe(before.compared.mismatch + WRONG);
    expect(after.discarded.raced ?? 0).toBeGreaterThan(before.discarded.raced ?? 0);
  },
  120_000,
);
