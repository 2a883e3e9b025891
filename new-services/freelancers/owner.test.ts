import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ownerGateSuite } from '../service-kit/sync/owner-gate.suite.ts';
import { reverseSourceSuite } from '../service-kit/sync/reverse-source.suite.ts';
import {
  type OwnWrite,
  type SyncClient,
  sendTo,
  syncClient,
  type TestedService,
} from '../service-kit/testing/sync-client.ts';
import { freelancerId } from './domain/freelancer-id.ts';
import { startTestService } from './test-service.ts';

const dryRunSecret = 'a-secret-of-dry-runs';
const emailOf = (n: number) => `f${n}@example.org`;
const idOf = (n: number) => freelancerId(n + 1);

async function open(): Promise<TestedService> {
  const service = await startTestService('owner', dryRunSecret);
  // Past the comparison with the description, which knows nothing of a database that breaks.
  const server = service.app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const patch = (n: number, body: object): OwnWrite => ({
    method: 'patch',
    path: `/v2/freelancers/${idOf(n)}`,
    body,
    headers: { 'if-match': '*' },
  });
  return {
    stream: 'freelancers',
    send: sendTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'a-test-token'),
    databaseUrl: service.url,
    dryRunSecret,
    table: 'freelancer',
    keyOf: (n) => String(n + 1),
    valueOf: (n) => ({
      id: idOf(n),
      number: n + 1,
      name: { first: 'Jo', last: `Doe ${n}` },
      matchcode: 'AS IT CAME',
      status: 'active',
      blockReason: null,
      hourlyRate: { amount: '95.00', currency: 'EUR' },
      skills: ['java'],
      email: emailOf(n),
      phone: null,
      city: null,
      country: null,
      notes: null,
      availableFrom: null,
      archived: false,
      createdAt: '2011-01-02T03:04:05.000Z',
      updatedAt: '2012-01-02T03:04:05.678Z',
    }),
    textOf: ({ city }: { city: string }) => city,
    write: (n, text) => patch(n, { city: text }),
    failing: (n) => patch(n, { city: 'lost', email: emailOf(n + 1) }),
    // Its own removals archive.
    remove: null,
    async stop() {
      server.closeAllConnections();
      server.close();
      await service.stop();
    },
  };
}

reverseSourceSuite('freelancers', open);
ownerGateSuite('freelancers', open);

describe('each way to write freelancers', () => {
  let service: TestedService;
  let sync: SyncClient;
  beforeAll(async () => {
    service = await open();
    sync = syncClient(service);
    await sync.seed(6);
    await sync.give('candidate');
  });
  afterAll(() => service.stop());

  const queued = async () => {
    const keys = (await sync.changes()).map(({ key }) => key);
    await sync.drain();
    return keys;
  };
  const register = (email: string, key: string) =>
    service.send('post', '/v2/freelancers', {
      body: { name: { first: 'Ada', last: 'Lovelace' }, email },
      headers: { 'idempotency-key': key },
    });
  const post = (n: number, action: string, body?: object) =>
    service.send('post', `/v2/freelancers/${idOf(n)}/${action}`, body === undefined ? {} : { body });

  test('queues the number of the freelancer, once, and nothing when nothing changed', async () => {
    const added = await register('ada@example.org', 'once');
    expect([added.status, await queued()]).toEqual([201, [String(added.body.number)]]);
    const repeated = await register('ada@example.org', 'once');
    expect([repeated.body.id, await queued()]).toEqual([added.body.id, []]);
    expect([(await register('ADA@example.org', 'other')).status, await queued()]).toEqual([409, []]);

    expect([(await sync.write(0, 'Ulm')).status, await queued()]).toEqual([200, ['1']]);
    expect([(await sync.write(0, 'Ulm')).status, await queued()]).toEqual([200, []]);
    expect([(await post(1, 'block', { reason: 'late' })).status, await queued()]).toEqual([200, ['2']]);
    expect([(await post(1, 'block', { reason: 'late' })).status, await queued()]).toEqual([409, []]);
    expect([(await post(1, 'activate')).status, await queued()]).toEqual([200, ['2']]);
    const archive = () => service.send('delete', `/v2/freelancers/${idOf(2)}`);
    expect([(await archive()).status, await queued()]).toEqual([204, ['3']]);
    expect([(await archive()).status, await queued()]).toEqual([204, []]);
    const [row] = await sync.rows(['3']);
    expect(row).toMatchObject({ key: '3', deleted: false, value: { number: 3, archived: true } });
  });
});
