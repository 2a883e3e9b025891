import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, request as tlsRequest } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import type { Plan, UpstreamTls } from '#plan/model/plan.ts';
import { Authority, type Certificate, hasOpenssl } from '../test-kit/certificates.ts';
import { facadeOf, listenOn, type TestFacade } from '../test-kit/facade-of.ts';
import { FORWARDERS } from '../test-kit/forwarders.ts';
import { planOf, routeOf } from '../test-kit/plan-of.ts';
import { type Answer, ask } from '../test-kit/raw-client.ts';
import { until } from '../test-kit/until.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
let authority: Authority;
let stranger: Authority;
const suite = hasOpenssl() ? describe : describe.skip;
const reason = hasOpenssl() ? '' : ' (skipped: no openssl to make certificates with)';

/** An https upstream; `asked` holds the SNI names and Host headers that it saw. */
async function upstreamWith({ cert, key }: Certificate) {
  const asked: { sni: string; host: string; alpn: string | false | null }[] = [];
  let connections = 0;
  const server = createTlsServer({ cert, key }, (request: IncomingMessage, response) => {
    const socket = request.socket as TLSSocket & { servername?: string };
    if (request.headers['user-agent'] !== 'fig-probe')
      asked.push({
        sni: socket.servername || '',
        host: request.headers.host ?? '',
        alpn: socket.alpnProtocol,
      });
    request.pipe(response);
    if (request.method === 'GET') response.end('over tls');
  });
  server.on('secureConnection', () => {
    connections++;
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (end) => end.on('message', (data) => end.send(String(data))));
  const port = await listenOn(server);
  closing.push(async () => {
    for (const end of sockets.clients) end.terminate();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { server, port, asked, connections: () => connections };
}
async function start(part: Partial<Plan>, create?: () => ReturnType<(typeof FORWARDERS)[number][1]>) {
  const facade = await facadeOf(planOf(part), create ? { forwarder: create() } : {});
  closing.push(facade.close);
  return facade;
}
const codeOf = (answer: Answer) => JSON.parse(answer.body.toString()).code as string;

suite.each(FORWARDERS)(`https upstreams, over %s${reason}`, (_name, create) => {
  beforeAll(() => {
    authority = new Authority();
    stranger = new Authority();
  });
  afterAll(() => {
    authority.remove();
    stranger.remove();
  });
  const legacyAt = (url: string, tls: Partial<UpstreamTls> = { ca: authority.ca }) =>
    start({ legacy: { url, build: null, tls: { ca: null, serverName: null, ...tls } } }, create);

  test('are trusted by an authority of their own, for every kind of request', async () => {
    const upstream = await upstreamWith(authority.issue(['DNS:localhost']));
    const facade = await legacyAt(`https://localhost:${upstream.port}`);
    expect((await ask(facade.url, { path: '/' })).body.toString()).toBe('over tls');
    expect((await ask(facade.url, { path: '/', method: 'HEAD' })).status).toBe(200);
    expect((await ask(facade.url, { path: '/', method: 'POST', body: 'echo' })).body.toString()).toBe('echo');
    const client = new WebSocket(`ws://127.0.0.1:${facade.port}/ws`);
    closing.push(() => client.terminate());
    await once(client, 'open');
    client.send('hello');
    expect(String((await once(client, 'message'))[0])).toBe('hello');
  });

  test('are asked for by their own name, whatever Host the client sent', async () => {
    const upstream = await upstreamWith(authority.issue(['DNS:localhost']));
    const facade = await legacyAt(`https://localhost:${upstream.port}`);
    await ask(facade.url, { path: '/', headers: { host: 'www.example' } });
    expect(upstream.asked).toEqual([{ sni: 'localhost', host: 'www.example', alpn: expect.anything() }]);
  });

  test('are asked for by `serverName` where the url holds an address, and by none without it', async () => {
    const upstream = await upstreamWith(authority.issue(['DNS:catalog.internal', 'IP:127.0.0.1']));
    const url = `https://127.0.0.1:${upstream.port}`;
    await ask((await legacyAt(url, { ca: authority.ca, serverName: 'catalog.internal' })).url, { path: '/' });
    await ask((await legacyAt(url)).url, { path: '/' });
    expect(upstream.asked.map(({ sni }) => sni)).toEqual(['catalog.internal', '']);
  });

  test('are not trusted without reason: expired, for another name, by a stranger, or no TLS at all', async () => {
    const expired = await upstreamWith(authority.issue(['DNS:localhost'], -1));
    const other = await upstreamWith(authority.issue(['DNS:elsewhere.example']));
    const strange = await upstreamWith(stranger.issue(['DNS:localhost']));
    const good = await upstreamWith(authority.issue(['DNS:localhost']));
    const plain = createServer((_request, response) => response.end());
    const plainPort = await listenOn(plain);
    closing.push(() => plain.close());
    const at = (port: number, tls?: Partial<UpstreamTls>) => legacyAt(`https://localhost:${port}`, tls);
    const cases: [TestFacade, RegExp][] = [
      [await at(expired.port), /CERT_HAS_EXPIRED/],
      [await at(other.port), /ERR_TLS_CERT_ALTNAME_INVALID/],
      [
        await at(good.port, { ca: authority.ca, serverName: 'other.internal' }),
        /ERR_TLS_CERT_ALTNAME_INVALID/,
      ],
      [await at(strange.port), /UNABLE_TO_VERIFY|SELF_SIGNED/],
      [await at(good.port, {}), /UNABLE_TO_VERIFY|SELF_SIGNED/],
      [await at(plainPort), /EPROTO|ERR_SSL/],
    ];
    for (const [facade, cause] of cases)
      for (const options of [{ path: '/' }, { path: '/', method: 'POST', body: 'x' }]) {
        const answer = await ask(facade.url, options);
        expect([answer.status, codeOf(answer)]).toEqual([502, 'UPSTREAM_TLS_LEGACY']);
        expect(facade.logged.join()).toMatch(cause);
        // What is wrong with it is the operator's affair.
        expect(answer.body.toString()).not.toMatch(cause);
      }
    expect([expired, other, strange, good].flatMap(({ asked }) => asked)).toEqual([]);
  });

  test('keep their connections', async () => {
    const upstream = await upstreamWith(authority.issue(['DNS:localhost']));
    const facade = await legacyAt(`https://localhost:${upstream.port}`);
    for (let i = 0; i < 5; i++) await ask(facade.url, { path: '/' });
    expect(upstream.connections()).toBe(1);
  });

  test('are probed by the same trust', async () => {
    const upstream = await upstreamWith(authority.issue(['DNS:localhost']));
    // Whoever does not trust the certificate never comes so far as to ask.
    const probed = once(upstream.server, 'request');
    const url = `https://localhost:${upstream.port}`;
    await start(
      {
        candidates: new Map([['catalog', { url, build: null, tls: { ca: authority.ca, serverName: null } }]]),
        routes: [routeOf('all', ['/all'])],
        health: { path: '/livez', intervalMs: 1000, ejectAtRatio: 0.5, minimum: 4, windowMs: 60_000 },
      },
      create,
    );
    const [request] = await probed;
    expect(request.headers['user-agent']).toBe('fig-probe');
  });
});

suite(`the public port over TLS${reason}`, () => {
  let certificate: Certificate;
  let upstream: ReturnType<typeof createServer>;
  let facade: TestFacade;
  /** Answers that wait for a test. */
  let slow: ServerResponse[];
  beforeAll(() => {
    authority = new Authority();
  });
  afterAll(() => authority.remove());
  const open = async () => {
    certificate = authority.issue(['DNS:localhost']);
    slow = [];
    upstream = createServer((request, response) => {
      if (request.url === '/slow') slow.push(response);
      else response.end(JSON.stringify(request.headers));
    });
    const sockets = new WebSocketServer({ server: upstream });
    sockets.on('connection', (end) => end.on('message', (data) => end.send(String(data))));
    const url = `http://127.0.0.1:${await listenOn(upstream)}`;
    closing.push(async () => {
      for (const end of sockets.clients) end.terminate();
      upstream.closeAllConnections();
      await new Promise((resolve) => upstream.close(resolve));
    });
    const { certFile, keyFile } = certificate;
    const plan = planOf({
      publicUrl: 'https://localhost',
      legacy: { url, build: null },
      tls: { certFile, keyFile },
    });
    let next = plan;
    facade = await facadeOf(plan, { loadPlan: () => ({ plan: next, problems: [] }) });
    closing.push(facade.close);
    return {
      reloadWith: (part: Partial<Plan>) => {
        next = { ...plan, ...part, hash: `${plan.hash}'` };
        return facade.control.reload({ actor: 'test', reason: 'test' });
      },
    };
  };
  const get = (options: object = {}) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      tlsRequest(
        { port: facade.port, host: 'localhost', ca: authority.ca, agent: false, ...options },
        (answer) => {
          let text = '';
          answer.on('data', (chunk) => {
            text += chunk;
          });
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
        },
      )
        .on('error', reject)
        .end();
    });
  const handshake = async (options: ConnectionOptions) => {
    const socket = connect({
      port: facade.port,
      host: 'localhost',
      servername: 'localhost',
      ca: authority.ca,
      ...options,
    });
    closing.push(() => socket.destroy());
    await once(socket, 'secureConnect');
    return socket;
  };

  test('serves what is asked, and tells the upstream that it was https', async () => {
    await open();
    const { status, text } = await get();
    expect([status, JSON.parse(text)['x-forwarded-proto']]).toEqual([200, 'https']);
  });

  test('speaks HTTP/1.1 by ALPN, also to those who offer HTTP/2 first, and nothing else', async () => {
    await open();
    expect((await handshake({ ALPNProtocols: ['h2', 'http/1.1'] })).alpnProtocol).toBe('http/1.1');
    expect((await handshake({})).alpnProtocol).toBe(false);
    await expect(handshake({ ALPNProtocols: ['h2'] })).rejects.toThrow(/no application protocol|ECONNRESET/i);
  });

  test('takes no protocol older than TLS 1.2', async () => {
    await open();
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
      expect((await handshake({ minVersion: version, maxVersion: version })).getProtocol()).toBe(version);
    await expect(
      handshake({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }),
    ).rejects.toThrow();
  });

  test('carries WebSockets', async () => {
    await open();
    const client = new WebSocket(`wss://localhost:${facade.port}/ws`, { ca: authority.ca });
    closing.push(() => client.terminate());
    await once(client, 'open');
    client.send('hello');
    expect(String((await once(client, 'message'))[0])).toBe('hello');
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'answers a client that ends its side behind its request, and lets go of one that left (%s)',
    async (version) => {
      await open();
      const options = { minVersion: version, maxVersion: version, allowHalfOpen: true } as const;
      const waiting = await handshake(options);
      let heard = '';
      waiting.on('data', (chunk) => {
        heard += chunk;
      });
      waiting.end('GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await until('to be asked whether it is there', () => heard.startsWith('HTTP/1.1 100 '));
      slow.shift()?.end('late');
      await once(waiting, 'close');
      expect(heard).toMatch(/HTTP\/1\.1 200 [\s\S]*late/);
      const leaving = await handshake(options);
      leaving.write('GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n');
      const answer = await until('the request upstream', () => slow.shift());
      leaving.destroy();
      await until('the upstream to be let go', () => answer.closed);
    },
  );

  test('survives what is no TLS', async () => {
    await open();
    for (const bytes of ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', '\x16\x03\x01\xff\xff', '']) {
      const socket = connectTcp(facade.port, '127.0.0.1', () => socket.end(bytes, 'latin1'));
      socket.on('error', () => {}).resume();
      await once(socket, 'close');
    }
    expect((await get()).status).toBe(200);
  });

  test('shows a renewed certificate from the next reload on, and keeps the old one when the new one is broken', async () => {
    const { reloadWith } = await open();
    const serial = async () => (await handshake({})).getPeerCertificate().serialNumber;
    const first = await serial();
    const standing = await handshake({});
    const renewed = authority.issue(['DNS:localhost']);
    authority.renew(certificate, renewed);
    expect(await serial()).toBe(first);
    await reloadWith({});
    const second = await serial();
    expect(second).not.toBe(first);
    standing.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(String((await once(standing, 'data'))[0])).toMatch(/^HTTP\/1\.1 200/);
    authority.renew(certificate, { ...renewed, key: 'no key' });
    await reloadWith({ hash: 'broken' });
    expect(await serial()).toBe(second);
    expect(facade.logged.join()).toContain('the certificate cannot be used');
  });
});
