import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { signatureOf } from '../service-kit/testing/signed.ts';
import { startTestService, type TestService } from './test-service.ts';

const secret = 'a-secret-of-dry-runs';
const ada = { name: { first: 'Ada', last: 'Lovelace' }, hourlyRate: { amount: '95.00', currency: 'EUR' } };

describe('a dry run of freelancers', () => {
  let service: TestService;
  let id: string;
  beforeAll(async () => {
    service = await startTestService('dry_run', secret);
    const added = await service.send('post', '/v2/freelancers', {
      body: { ...ada, email: 'ada@example.org' },
    });
    expect(added.status).toBe(201);
    id = added.body.id;
  });
  afterAll(() => service.stop());

  const rehearse = (
    method: 'post' | 'patch' | 'delete',
    target: string,
    body?: object,
    headers: Record<string, string> = {},
  ) => {
    const text = body === undefined ? '' : JSON.stringify(body);
    const signature = signatureOf(secret, { method: method.toUpperCase(), target, body: text });
    return service.send(method, `/.fig/dry-run${target}`, {
      ...(body === undefined ? {} : { body: text }),
      headers: { 'content-type': 'application/json', 'x-fig-signature': signature, ...headers },
    });
  };
  /** Every row of every table, and where the sequence stands. */
  const everything = async () => {
    const tables: { name: string }[] = await service.database.query(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1`,
    );
    const rows = await Promise.all(
      tables.map(async ({ name }) => [
        name,
        await service.database.query(`SELECT row_to_json(t)::text AS row FROM "${name}" t ORDER BY 1`),
      ]),
    );
    return [rows, await service.database.query('SELECT last_value, is_called FROM freelancer_number')];
  };

  test('answers as the write would, and leaves every table and the sequence as they were', async () => {
    const before = await everything();
    const added = await rehearse('post', '/v2/freelancers', ada, { 'idempotency-key': 'k1' });
    expect([added.status, added.headers['x-fig-dry-run']]).toEqual([201, 'done']);
    expect(added.body).toMatchObject({ ...ada, status: 'active', version: 1 });
    expect(added.headers.location).toBe(`/v2/freelancers/${added.body.id}`);
    expect((await service.send('get', `/v2/freelancers/${added.body.id}`)).status).toBe(404);

    const edited = await rehearse(
      'patch',
      `/v2/freelancers/${id}`,
      { city: 'Köln' },
      { 'content-type': 'application/merge-patch+json', 'if-match': '"1"' },
    );
    expect([edited.status, edited.body.city, edited.body.version]).toEqual([200, 'Köln', 2]);
    const blocked = await rehearse('post', `/v2/freelancers/${id}/block`, { reason: 'late' });
    expect([blocked.status, blocked.body.status]).toEqual([200, 'blocked']);
    expect((await rehearse('delete', `/v2/freelancers/${id}`)).status).toBe(204);

    const taken = await rehearse('post', '/v2/freelancers', { ...ada, email: 'ADA@example.org' });
    expect([taken.status, taken.body.code]).toEqual([409, 'FREELANCER_EMAIL_TAKEN']);
    const stale = await rehearse('delete', `/v2/freelancers/${id}`, undefined, { 'if-match': '"7"' });
    expect(stale.status).toBe(412);
    for (const answer of [edited, blocked, taken, stale])
      expect(answer.headers['x-fig-dry-run']).toBe('done');
    expect(await everything()).toEqual(before);
  });

  test('in between real writes disturbs none of them', async () => {
    const [{ count: before }] = await service.database.query('SELECT count(*)::int FROM freelancer');
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        n % 2 === 0
          ? service.send('post', '/v2/freelancers', { body: { ...ada, email: `r${n}@example.org` } })
          : rehearse('post', '/v2/freelancers', { ...ada, email: `r${n - 1}@example.org` }),
      ),
    );
    const real = answers.filter((_, n) => n % 2 === 0);
    expect(real.map(({ status }) => status)).toEqual(Array(30).fill(201));
    // The other half met the same address before or after it was taken.
    for (const { status, headers } of answers.filter((_, n) => n % 2 === 1))
      expect([[201, 409].includes(status), headers['x-fig-dry-run']]).toEqual([true, 'done']);
    const [{ count: after }] = await service.database.query('SELECT count(*)::int FROM freelancer');
    expect(after - before).toBe(30);
  });
});
