import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startProcess } from '../service-kit/testing/service-process.ts';
import { signatureOf } from '../service-kit/testing/signed.ts';
import { createTestDatabase, type TestDatabase } from '../service-kit/testing/test-database.ts';

const entry = new URL('./main.ts', import.meta.url);
const SECRET = 'a-secret-of-dry-runs';
const authorization = { authorization: 'Bearer a-test-token', 'content-type': 'application/json' };
const work = {
  freelancerNumber: 3,
  projectNumber: 4,
  day: '2026-01-05',
  hours: '8.00',
  hourlyRate: { amount: '1.00', currency: 'EUR' },
};

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase('timesheets_main');
});
afterAll(() => database.drop());

test('the process comes up on an empty database, rehearses a write that leaves nothing, takes one, and ends', async () => {
  const { child, url, ended } = startProcess(entry, {
    DATABASE_URL: database.url,
    SERVICE_TOKEN: 'a-test-token',
    DRY_RUN_SECRET: SECRET,
    PORT: '0',
  });
  try {
    const at = await url;
    expect((await fetch(`${at}/readyz`)).status).toBe(200);
    const body = JSON.stringify(work);
    const total = async () => {
      const answer = await fetch(`${at}/v2/timesheets?count=exact`, { headers: authorization });
      return ((await answer.json()) as { total: number }).total;
    };
    const signature = signatureOf(SECRET, { method: 'POST', target: '/v2/timesheets', body });
    const rehearsed = await fetch(`${at}/.fig/dry-run/v2/timesheets`, {
      method: 'POST',
      headers: { ...authorization, 'x-fig-signature': signature },
      body,
    });
    expect([rehearsed.status, rehearsed.headers.get('x-fig-dry-run'), await total()]).toEqual([
      201,
      'done',
      0,
    ]);
    const taken = await fetch(`${at}/v2/timesheets`, { method: 'POST', headers: authorization, body });
    expect([taken.status, await total()]).toEqual([201, 1]);
  } finally {
    child.kill('SIGTERM');
  }
  expect((await ended).code).toBe(0);
}, 60_000);
