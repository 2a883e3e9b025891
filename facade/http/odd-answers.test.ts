import { once } from 'node:events';
import { request as httpRequest, type InformationEvent } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHpmForwarder } from '../adapters/forwarder.hpm.ts';
import { createUndiciForwarder } from '../adapters/forwarder.undici.ts';
import { type CannedUpstream, cannedUpstream } from '../test-kit/canned-upstream.ts';
import { facadeOf, type TestFacade } from '../test-kit/facade-of.ts';
import { planOf, routeOf } from '../test-kit/plan-of.ts';
import { ask, rawAsk } from '../test-kit/raw-client.ts';
import { until } from '../test-kit/until.ts';

const OK = 'HTTP/1.1 200 OK\r\n';
const headers = (count: number) => Array.from({ length: count }, (_, i) => `X-H${i}: ${i}\r\n`).join('');
const ANSWERS = {
  '/surplus': { bytes: `${OK}Content-Length: 2\r\n\r\nokEXTRA-GARBAGE` },
  '/head': { bytes: `${OK}Content-Length: 5\r\nX-Kept: yes\r\n\r\nhello` },
  '/bad-chunk': { bytes: `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n` },
  '/short': { bytes: `${OK}Content-Length: 100\r\nX-Kept: yes\r\n\r\nhello`, last: true },
  '/switch': { bytes: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\nraw' },
  '/bare-lf': { bytes: 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok' },
  '/control': { bytes: `${OK}X-A: a\x01b\r\nContent-Length: 2\r\n\r\nok` },
  '/hints': {
    bytes: `HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload, </b.js>; rel=preload\r\nX-Fig-Upstream: forged\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`,
  },
  '/processing': { bytes: `HTTP/1.1 102 Processing\r\n\r\n${OK}Content-Length: 2\r\n\r\nok` },
  '/trailers': {
    bytes: `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\nX-Fig-Upstream: forged\r\n\r\n`,
  },
  '/long-head': { bytes: `${OK}X-Long: ${'a'.repeat(100_000)}\r\nContent-Length: 2\r\n\r\nok` },
  '/too-long-head': { bytes: `${OK}X-Long: ${'a'.repeat(300_000)}\r\nContent-Length: 2\r\n\r\nok` },
  '/many-headers': { bytes: `${OK}${headers(900)}Content-Length: 2\r\n\r\nok` },
  '/too-many-headers': { bytes: `${OK}${headers(1100)}Content-Length: 2\r\n\r\nok` },
};

const FORWARDERS = {
  'http-proxy-middleware': createHpmForwarder,
  undici: () => createUndiciForwarder(createHpmForwarder()),
};

describe.each(Object.entries(FORWARDERS))('an upstream that answers oddly, behind %s', (_name, create) => {
  let upstream: CannedUpstream;
  let facade: TestFacade;
  beforeAll(async () => {
    upstream = await cannedUpstream(ANSWERS);
    const candidates = new Map([['catalog', { url: upstream.url, build: null }]]);
    const routes = [routeOf('falling', ['GET /bad-chunk'], { fallbackToLegacy: true })];
    facade = await facadeOf(planOf({ legacy: { url: upstream.url, build: null }, candidates, routes }), {
      forwarder: create(),
    });
  });
  afterAll(async () => {
    await facade.close();
    await upstream.close();
  });
  const get = (path: string, method = 'GET') => ask(facade.url, { path, method });
  const raw = (path: string, version = '1.1') =>
    rawAsk(facade.port, `GET ${path} HTTP/${version}\r\nHost: x\r\nConnection: close\r\n\r\n`);
  const detail = async (path: string) => {
    const answer = await get(path);
    expect(answer.status).toBe(502);
    const { code, detail } = JSON.parse(answer.body.toString());
    expect(code).toBe('UPSTREAM_PROTOCOL_LEGACY');
    return detail;
  };

  test.each([
    ['GET', '/surplus', 'ok'],
    ['HEAD', '/head', ''],
  ])('with more than the answer to %s %s says loses nothing of the answer', async (method, path, body) => {
    const answer = await get(path, method);
    expect([answer.status, answer.body.toString()]).toEqual([200, body]);
    expect((await get('/next')).body.toString()).toBe('ok');
  });

  test('and breaks within what came with the head is a failed one', async () => {
    expect(await detail('/bad-chunk')).toMatch(/is not HTTP: Invalid character in chunk size/);
    const logged = facade.logged.join();
    expect(logged).toContain('"stage":"PROTOCOL"');
    // The connection of the client is not cut for it.
    const text = await rawAsk(
      facade.port,
      'GET /bad-chunk HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 502', 'HTTP/1.1 200']);
  });

  test('and breaks off behind its head is cut off with its head, logged and counted', async () => {
    const text = await raw('/short');
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*X-Kept: yes[\s\S]*hello$/);
    await until('the log line', () => facade.logged.join().includes('upstream broke off'));
    const { body } = await ask(facade.adminUrl, { path: '/metrics' });
    expect(body.toString()).toMatch(/upstream="legacy",reason="UNMATCHED",status="0"\} 1/);
  });

  test('and switches protocols unasked gets nobody to wait', async () => {
    expect(await detail('/switch')).toContain('it switched protocols unasked');
  });

  test.each([
    ['/bare-lf', /is not HTTP: .*(CR|LF)/],
    ['/control', /is not HTTP: Invalid header value char/],
    ['/too-long-head', /is not HTTP: its headers exceed 256 KiB/],
    ['/too-many-headers', /is not HTTP: it has 1000 headers or more/],
  ])('in %s is refused in words that say why', async (path, words) => {
    expect(await detail(path)).toMatch(words);
  });

  test('passes with long and with many headers', async () => {
    expect((await httpGet('/long-head')).headers['x-long']).toHaveLength(100_000);
    const many = await raw('/many-headers');
    expect(many).toContain('X-H899: 899\r\n');
  });

  test.each([
    ['/hints', 103],
    ['/processing', 102],
  ])('passes %s on while the answer is awaited', async (path, status) => {
    const request = httpRequest(facade.url, { path, agent: false });
    const informed = once(request, 'information');
    const answered = once(request, 'response');
    request.end();
    const [info] = (await informed) as [InformationEvent];
    expect(info.statusCode).toBe(status);
    if (status === 103)
      expect(info.rawHeaders).toEqual(['Link', '</a.css>; rel=preload, </b.js>; rel=preload']);
    const [answer] = await answered;
    expect(answer.statusCode).toBe(200);
    answer.resume();
    expect(await raw(path, '1.0')).toMatch(/^HTTP\/1\.1 200/);
  });

  test('passes trailers on that no Trailer header announced, but never those that are not fit', async () => {
    expect((await get('/trailers')).trailers).toEqual({ 'x-sum': '7' });
  });

  test('falls back to legacy where it breaks before its first byte reached the client', async () => {
    await facade.put('falling', 'candidate');
    const before = facade.logged.filter((line) => line.includes('upstream failed')).length;
    const answer = await get('/bad-chunk');
    expect(answer.headers['x-fig-reason']).toBe('FALLBACK');
    expect(facade.logged.filter((line) => line.includes('upstream failed'))).toHaveLength(before + 2);
  });

  function httpGet(path: string): Promise<{ headers: Record<string, unknown> }> {
    return new Promise((resolve, reject) => {
      httpRequest(facade.url, { path, agent: false, maxHeaderSize: 300_000 }, (answer) => {
        answer.resume();
        resolve(answer);
      })
        .on('error', reject)
        .end();
    });
  }
});
