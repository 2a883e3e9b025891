import { connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { adminClient } from '../../test-kit/admin-client.ts';
import { type EventClient, eventClient } from '../../test-kit/event-client.ts';
import { facadeOf, type TestFacade, type TestFacadeOptions, TOKEN } from '../../test-kit/facade-of.ts';
import { planOf, routeOf } from '../../test-kit/plan-of.ts';
import { rawAsk } from '../../test-kit/raw-client.ts';
import { until } from '../../test-kit/until.ts';

const open: TestFacade[] = [];
const streams: EventClient[] = [];
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.close();
  for (const facade of open.splice(0)) await facade.close();
});

const PLAN = planOf({ routes: [routeOf('articles', ['GET /a']), routeOf('authors', ['GET /b'])] });
async function start(options: TestFacadeOptions = {}) {
  const facade = await facadeOf(PLAN, options);
  open.push(facade);
  return { facade, call: adminClient(facade) };
}
const TRANSITIONS = '/v1/routes/articles/transitions';
const body = (part: string) => `{"stage":"canary","percent":10,"expectedVersion":0,"reason":"x",${part}}`;

describe('the admin API, asked by somebody hostile,', () => {
  test.each([
    ['NaN', body('"percent":NaN')],
    ['infinity', body('"percent":1e999')],
    ['minus nothing and less', body('"percent":-0.01')],
    ['a percent as text', body('"percent":"10"')],
    ['a list of percents', body('"percent":[10]')],
    ['a version beyond all integers', body('"expectedVersion":9007199254740993')],
    ['half a version', body('"expectedVersion":0.5')],
    ['a version as text', body('"expectedVersion":"0"')],
    ['force as text', body('"force":"true"')],
    ['force as a number', body('"force":1')],
    ['a prototype', body('"__proto__":{"force":true}')],
    ['a constructor', body('"constructor":{"prototype":{"force":true}}')],
    ['a reason that is an object', body('"reason":{"length":1}')],
    ['a reason that drives a terminal', body('"reason":"\\u001b[2J"')],
    ['a reason with NUL', body('"reason":"a\\u0000b"')],
    ['a reason of blanks', body('"reason":"\\u00a0\\u2003"')],
    ['a reason that is too long', body(`"reason":"${'x'.repeat(1001)}"`)],
    ['null', 'null'],
    ['a list', '[]'],
    ['a number', '7'],
    ['depth', '['.repeat(30_000)],
    ['many keys', `{${Array.from({ length: 4000 }, (_, i) => `"k${i}":1`).join()}}`],
    ['half a character', Buffer.from([0x7b, 0x22, 0xc3]).toString('latin1')],
  ])('takes no body with %s', async (_what, text) => {
    const { facade, call } = await start();
    const answer = await call('POST', TRANSITIONS, text);
    expect(answer).toMatchObject({ status: 400, code: 'ROUTE_REQUEST_INVALID' });
    expect(JSON.stringify(answer).length).toBeLessThan(10_000);
    expect(({} as { force?: boolean }).force).toBeUndefined();
    expect(facade.control.seenSeq).toBe(0);
  });

  test('knows no route by names that mean something elsewhere', async () => {
    const { call } = await start();
    const names = [
      '__proto__',
      'constructor',
      'toString',
      'ARTICLES',
      'articles%00',
      'art%69cles%2f',
      '%F0%9F%92%A9',
    ];
    for (const name of [...names, 'a'.repeat(5000), '..%2farticles', 'articles%20', '%C3%A4'])
      expect(await call('POST', `/v1/routes/${name}/rollback`, { reason: 'x' })).toMatchObject({
        status: 404,
      });
    for (const route of ['__proto__', 'constructor', 'articles\u200b'])
      expect(await call('POST', '/v1/kill', { reason: 'x', route })).toMatchObject({ status: 404 });
    expect((await call('GET', '/v1/ledger?route=__proto__')).entries).toEqual([]);
  });

  test.each([
    'evil.example',
    'localhost.evil.example',
    'localhost@evil.example',
    'evil.example#localhost',
    '127.0.0.1.evil.example',
    '127.0.0.1:8081:80',
    'localhost:',
    'localhost.',
    '0.0.0.0',
    '2130706433',
    '[::ffff:127.0.0.1]',
    ' ',
  ])('answers nothing to the host %j', async (host) => {
    const { facade } = await start();
    const request = (line: string) =>
      rawAsk(
        facade.adminPort,
        `${line} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${TOKEN}\r\nConnection: close\r\n\r\n`,
      );
    for (const line of ['GET /v1/routes', 'GET http://localhost/v1/routes', 'GET /livez', 'GET /metrics']) {
      const answer = await request(line);
      expect(answer).toMatch(/^HTTP\/1\.1 (400|403) /);
      expect(answer).not.toContain('articles');
    }
  });

  test('takes neither two hosts nor none', async () => {
    const { facade } = await start();
    for (const hosts of [
      'Host: localhost\r\nHost: evil.example\r\n',
      'Host: evil.example\r\nHost: localhost\r\n',
      '',
    ]) {
      const answer = await rawAsk(
        facade.adminPort,
        `GET /v1/routes HTTP/1.1\r\n${hosts}Authorization: Bearer ${TOKEN}\r\nConnection: close\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 (400|403) /);
    }
  });

  test('lets no slow client hold a connection for long', async () => {
    const { facade } = await start();
    const closed = [
      'GET /v1/routes HTTP/1.1\r\nHo',
      `POST /v1/kill HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 100\r\n\r\n{`,
    ].map(
      (text) =>
        new Promise<void>((resolve) => {
          const socket = connect(facade.adminPort, '127.0.0.1', () => socket.write(text));
          const drip = setInterval(() => socket.write('x'), 500);
          socket.on('error', () => {}).resume();
          socket.on('close', () => {
            clearInterval(drip);
            resolve();
          });
        }),
    );
    await Promise.all(closed);
    expect(facade.control.seenSeq).toBe(0);
  }, 60_000);

  test('serves a thousand streams at once, and every one hears everything', async () => {
    const { facade, call } = await start();
    for (let i = 0; i < 1000; i++) streams.push(await eventClient(facade.adminUrl));
    for (let i = 0; i < 5; i++)
      await call('POST', `/v1/routes/articles/${i % 2 ? 'resume' : 'pause'}`, { reason: `${i}` });
    await until(
      'all to hear all',
      () => streams.every(({ events }) => events.filter(({ event }) => event === 'entry').length === 5),
      120_000,
    );
    expect(await call('GET', '/v1/routes')).toMatchObject({ status: 200 });
  }, 240_000);

  test('keeps one chain and one truth under kills, resumes, moves and reloads at once', async () => {
    const { facade, call } = await start();
    const reason = 'x';
    const work = Array.from({ length: 120 }, (_, i) => {
      const jobs: [string, object][] = [
        ['/v1/kill', { reason }],
        ['/v1/resume', { reason }],
        ['/v1/reload', { reason }],
        ['/v1/routes/articles/rollback', { reason }],
        ['/v1/routes/authors/pause', { reason }],
        [TRANSITIONS, { stage: 'canary', percent: 1 + (i % 90), expectedVersion: i, reason, force: true }],
      ];
      const [path, payload] = jobs[i % jobs.length] as [string, object];
      return call('POST', path, payload);
    });
    const answers = await Promise.all(work);
    expect(answers.filter(({ status }) => ![200, 409].includes(status))).toEqual([]);
    const { entries } = await call('GET', '/v1/ledger?limit=1000');
    for (const name of ['articles', 'authors']) {
      const own = entries.filter(({ route }: { route: string }) => route === name);
      expect(own.map(({ version }: { version: number }) => version)).toEqual(
        own.map((_: unknown, i: number) => i + 1),
      );
      const last = own.at(-1);
      const { stage, percent, paused, killed, version } = last;
      expect(await call('GET', `/v1/routes/${name}`)).toMatchObject({
        stage,
        percent,
        paused,
        killed,
        version,
      });
    }
    expect(facade.control.seenSeq).toBe(entries.length);
  });
});
