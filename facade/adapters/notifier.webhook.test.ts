import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import nock from 'nock';
import pino from 'pino';
import type { Notice } from '../core/notifier.ts';
import { until } from '../test-kit/until.ts';
import { type WebhookNotifier, type WebhookOptions, webhookNotifier } from './notifier.webhook.ts';

const HOOK = 'https://hooks.example';
const PATH = '/services/t0ken';
const NOW = new Date('2026-01-02T03:04:05.678Z');
const notice = (n: number): Notice => ({
  id: `id-${n}`,
  type: 'transition',
  at: NOW.toISOString(),
  data: { entries: [{ seq: n, reason: 'ü' }] },
});

beforeAll(() => nock.disableNetConnect());
const open: WebhookNotifier[] = [];
afterEach(async () => {
  for (const notifier of open.splice(0)) await notifier.close();
  nock.abortPendingRequests();
  nock.cleanAll();
});
afterAll(() => {
  nock.enableNetConnect();
  nock.restore();
});

function start(options: Partial<WebhookOptions> = {}) {
  const logged: string[] = [];
  const notifier = webhookNotifier({
    url: () => `${HOOK}${PATH}`,
    secret: () => Buffer.from('a secret of sixteen'),
    log: pino({}, { write: (line: string) => void logged.push(line) }),
    now: () => NOW,
    timing: { firstWaitMs: 1, longestWaitMs: 4, answerMs: 10_000, closeMs: 200 },
    ...options,
  });
  open.push(notifier);
  return { notifier, logged };
}

type Came = { body: string; headers: Record<string, string> };

/** A receiver that answers each request as the next of `answers`, then as the last one for ever. It keeps what came. */
function receiver(...answers: (number | [number, Record<string, string>])[]): Came[] {
  const came: Came[] = [];
  nock(HOOK)
    .persist()
    .post(PATH)
    .reply(async (request: Request) => {
      came.push({ body: await request.text(), headers: Object.fromEntries(request.headers) });
      const next = (answers.length > 1 ? answers.shift() : answers[0]) ?? 200;
      return Array.isArray(next) ? [next[0], 'whatever', next[1]] : [next, 'whatever'];
    });
  return came;
}

describe('a webhook', () => {
  test('gets each notice once, in order, signed so that the receiver can check it', async () => {
    const came = receiver(200);
    const { notifier, logged } = start();
    for (let n = 1; n <= 5; n++) notifier.tell(notice(n));
    await until('all five', () => came.length === 5);
    for (const [index, { body, headers }] of came.entries()) {
      expect(JSON.parse(body)).toEqual({
        type: 'transition',
        timestamp: '2026-01-02T03:04:05.678Z',
        data: { entries: [{ seq: index + 1, reason: 'ü' }] },
      });
      const id = `id-${index + 1}`;
      const mac = createHmac('sha256', 'a secret of sixteen').update(`${id}.1767323045.${body}`);
      expect(headers).toMatchObject({
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': '1767323045',
        'webhook-signature': `v1,${mac.digest('base64')}`,
      });
    }
    expect(logged).toEqual([]);
  });

  test.each<[string, Parameters<typeof receiver>[0]]>([
    ['503', 503],
    ['429 with a time', [429, { 'retry-after': '0' }]],
    ['408', 408],
  ])('is asked again after %s, and the others wait their turn', async (_what, first) => {
    const came = receiver(first, first, 204);
    const { notifier, logged } = start();
    notifier.tell(notice(1));
    notifier.tell(notice(2));
    await until('both', () => came.length === 4);
    expect(came.map(({ headers }) => headers['webhook-id'])).toEqual(['id-1', 'id-1', 'id-1', 'id-2']);
    expect(logged.join()).toMatch(/"attempt":2,.*not delivered yet/);
  });

  test.each([400, 401, 404, 410, 301])('is not asked again after %i, which the log says', async (status) => {
    const came = receiver(status, 200);
    const { notifier, logged } = start();
    notifier.tell(notice(1));
    notifier.tell(notice(2));
    await until('the second', () => came.length === 2);
    expect(logged.join()).toMatch(new RegExp(`"notice":"id-1",.*"status":${status},"msg":"notice given up"`));
  });

  test('is given up after ten attempts, and the next notice has ten of its own', async () => {
    const came = receiver(500);
    const { notifier, logged } = start();
    notifier.tell(notice(1));
    notifier.tell(notice(2));
    await until('the end', () => logged.filter((line) => line.includes('given up')).length === 2);
    expect(came).toHaveLength(20);
  });

  test('that cannot be reached is told so in the log, which shows nothing of its address', async () => {
    nock(HOOK)
      .post(PATH)
      .times(10)
      .replyWithError(Object.assign(new Error(`no way to ${HOOK}${PATH}`), { code: 'ECONNREFUSED' }));
    const { notifier, logged } = start();
    notifier.tell(notice(1));
    await until('the end', () => logged.some((line) => line.includes('given up')));
    expect(logged.join()).not.toContain('t0ken');
  });

  test('that does not answer has at most a thousand notices wait for it: the oldest go', async () => {
    nock(HOOK).post(PATH).delay(60_000).reply(200);
    const { notifier, logged } = start();
    for (let n = 1; n <= 1_500; n++) notifier.tell(notice(n));
    const dropped = logged.filter((line) => line.includes('too many wait'));
    expect(dropped).toHaveLength(500);
    expect(dropped[0]).toContain('"id-1"');
    await notifier.close();
    expect(logged.at(-1)).toMatch(/"notices":1000,.*the facade stops/);
  });

  test('that no plan names gets nothing; one that a reload names gets what comes then', async () => {
    const came = receiver(200);
    let url: string | null = null;
    const { notifier } = start({ url: () => url });
    notifier.tell(notice(1));
    url = `${HOOK}${PATH}`;
    notifier.tell(notice(2));
    await until('the second', () => came.length === 1);
    expect(came[0]?.headers['webhook-id']).toBe('id-2');
  });

  test('gets what is still to be told when the facade stops, once each', async () => {
    const came = receiver(503, 503, 200);
    const { notifier, logged } = start({ timing: { firstWaitMs: 60_000, closeMs: 10_000 } });
    for (let n = 1; n <= 3; n++) notifier.tell(notice(n));
    await until('the first attempt', () => came.length === 1);
    await notifier.close();
    expect(came.map(({ headers }) => headers['webhook-id'])).toEqual(['id-1', 'id-1', 'id-2', 'id-3']);
    expect(logged.filter((line) => line.includes('given up'))).toHaveLength(1);
    notifier.tell(notice(4));
    expect(came).toHaveLength(4);
  });

  test('is counted: what it took, what was given up, what was tried again, what waits', async () => {
    const came = receiver(200, 503, 200, 400, 200);
    const { notifier } = start();
    expect(notifier.counts()).toEqual({ delivered: 0, failed: 0, retries: 0, dropped: 0, waiting: 0 });
    for (let n = 1; n <= 3; n++) notifier.tell(notice(n));
    expect(notifier.counts().waiting).toBe(3);
    await until('the end', () => notifier.counts().waiting === 0);
    expect(came).toHaveLength(4);
    expect(notifier.counts()).toEqual({ delivered: 2, failed: 1, retries: 1, dropped: 0, waiting: 0 });
  });

  test('that does not answer is counted: what had to go for later ones', async () => {
    nock(HOOK).post(PATH).delay(60_000).reply(200);
    const { notifier } = start();
    for (let n = 1; n <= 1_003; n++) notifier.tell(notice(n));
    expect(notifier.counts()).toMatchObject({ dropped: 3, waiting: 1_000 });
  });
});
