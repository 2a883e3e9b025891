import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { timesheetId } from './domain/timesheet-id.ts';
import { startTestService, type TestService } from './test-service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startTestService('timesheets_sync');
});
afterAll(() => service.stop());

const base = '/v2/timesheets';
const pathOf = (number: number) => `${base}/${timesheetId(number)}`;
function value(number: number, change: object = {}) {
  return {
    id: timesheetId(number),
    number,
    freelancerNumber: 3,
    projectNumber: 4,
    day: '2019-02-28',
    hours: '80.00',
    status: 'paid',
    hourlyRate: { amount: '95.00', currency: 'EUR' },
    billable: true,
    note: ' as it came ',
    rejectionReason: null,
    approvedBy: 9,
    approvedAt: '2019-03-01T03:04:05.000Z',
    paymentNumber: null,
    createdAt: '2011-01-02T03:04:05.000Z',
    updatedAt: '2012-01-02T03:04:05.678Z',
    ...change,
  };
}
const alive = (number: number, change: object = {}) => ({
  key: String(number),
  deleted: false,
  value: value(number, change),
});
const dead = (number: number) => ({ key: String(number), deleted: true });

const takeTicket = async (): Promise<string> =>
  (await service.send('post', '/.fig/sync/tickets')).body.ticket;
const batch = async (rows: object[], ticket?: string) => {
  const body = { ticket: ticket ?? (await takeTicket()), rows };
  const answer = await service.send('post', '/.fig/sync/timesheets/batches', { body });
  expect([answer.status, answer.status === 200 ? '' : answer.text]).toEqual([200, '']);
  return answer.body;
};
const exported = async (): Promise<{ key: string; deleted: boolean; value: unknown; version: string }[]> => {
  const rows = [];
  let after = '';
  for (;;) {
    const page = (await service.send('get', `/.fig/sync/timesheets/export?limit=7${after}`)).body;
    rows.push(...page.rows);
    if (page.next === null) return rows;
    after = `&after=${page.next}`;
  }
};
const row = async (number: number) => (await exported()).find((one) => one.key === String(number));

describe('a synced timesheet', () => {
  test('is what was sent, in API and export: eighty hours, paid by nothing, in its own times', async () => {
    expect(await batch([alive(1)])).toEqual({ applied: 1, stale: 0, unchanged: 0, rejected: [] });
    expect((await service.send('get', pathOf(1))).body).toEqual({ ...value(1), version: 1 });
    expect((await row(1))?.value).toEqual(value(1));
  });

  test('keeps its version when sent again unchanged, and gets the next when changed', async () => {
    await batch([alive(2)]);
    expect(await batch([alive(2)])).toMatchObject({ applied: 1, unchanged: 1 });
    expect(await batch([alive(2, { status: 'approved' })])).toMatchObject({ applied: 1, unchanged: 0 });
    expect((await service.send('get', pathOf(2))).body).toMatchObject({ status: 'approved', version: 2 });
  });

  test('may fill a day beyond 24 hours, which the API then leaves as it is', async () => {
    await batch([alive(3, { status: 'draft' }), alive(4, { status: 'draft' })]);
    const edit = { body: { note: 'x' }, headers: { 'if-match': '"1"' } };
    expect((await service.send('patch', pathOf(3), edit)).body.code).toBe('TIMESHEET_DAY_FULL');
    expect((await service.send('get', pathOf(3))).body.version).toBe(1);
  });

  test('is searched for by its note, whatever was there before', async () => {
    await batch([alive(5, { note: 'Straße' })]);
    await batch([alive(5, { note: null, status: 'rejected', rejectionReason: 'Größe' })]);
    const found = async (q: string) =>
      (await service.send('get', `${base}?q=${encodeURIComponent(q)}`)).body.items.length;
    expect([await found('GRÖßE'), await found('straße')]).toEqual([1, 0]);
  });

  test('is gone after a tombstone, which no older ticket undoes', async () => {
    await batch([alive(6)]);
    const older = await takeTicket();
    expect(await batch([dead(6)])).toEqual({ applied: 1, stale: 0, unchanged: 0, rejected: [] });
    expect(await batch([alive(6)], older)).toEqual({ applied: 0, stale: 1, unchanged: 0, rejected: [] });
    expect((await service.send('get', pathOf(6))).status).toBe(404);
    expect(await row(6)).toMatchObject({ deleted: true, value: null });
    expect(await batch([alive(6)])).toMatchObject({ applied: 1 });
  });

  test('overwrites what the API did in between', async () => {
    await batch([alive(7, { status: 'draft', hours: '1.00', day: '2020-01-01' })]);
    await service.send('post', `${pathOf(7)}/submit`);
    await batch([alive(7, { status: 'draft', hours: '1.00', day: '2020-01-01' })]);
    expect((await service.send('get', pathOf(7))).body).toMatchObject({ status: 'draft', version: 3 });
  });
});

test.each([
  ['a number that is not its key', value(99), /number: expected 20/],
  ["an id that is not its number's", value(20, { id: timesheetId(6) }), /id: expected/],
  [
    'a rate that is no canonical decimal',
    value(20, { hourlyRate: { amount: '95', currency: 'EUR' } }),
    /hourlyRate.amount/,
  ],
  ['hours that are no canonical decimal', value(20, { hours: '08.00' }), /hours/],
  ['hours that the column does not hold', value(20, { hours: '10000.00' }), /hours/],
  ['a day that does not exist', value(20, { day: '2026-02-30' }), /day/],
  ['a status of the other store', value(20, { status: 'subm' }), /status/],
  ['a key it should not have', value(20, { version: 1 }), /version: unknown/],
])('a row with %s is rejected with the reason, alone', async (_what, bad, reason) => {
  const answer = await batch([{ key: '20', deleted: false, value: bad }, alive(21)]);
  expect(answer).toMatchObject({
    applied: 1,
    rejected: [{ key: '20', reason: expect.stringMatching(reason) }],
  });
  expect(await row(20)).toBeUndefined();
});

test('numbers of those born here stay above every synced one, and the export has them as version 0', async () => {
  const born = async (): Promise<number> => {
    const body = {
      freelancerNumber: 77,
      projectNumber: 4,
      day: '2026-01-05',
      hours: '0.25',
      hourlyRate: { amount: '1.00', currency: 'EUR' },
    };
    return (await service.send('post', base, { body })).body.number;
  };
  const far = (await born()) + 5000;
  await batch([alive(far)]);
  const number = await born();
  expect(number).toBeGreaterThan(far);
  expect((await row(number))?.version).toBe('0');
  const keys = (await exported()).map((one) => Number(one.key));
  expect(keys).toEqual([...new Set(keys)].sort((a, b) => a - b));
});
