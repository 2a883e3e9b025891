import { Agent } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type AwkwardUpstream, awkwardUpstream } from './test-kit/awkward-upstream.ts';
import { type FacadeProcess, FacadeProcesses } from './test-kit/facade-process.ts';
import { type Answer, ask } from './test-kit/raw-client.ts';

/** Takes a request with its whole body to heart, and then drops the connection. */
type Dropping = {
  url: string;
  /** Ids of the writes that it has read to their end. */
  readonly written: string[];
  server: Server;
};
let legacy: AwkwardUpstream;
let candidate: Dropping;
let facades: FacadeProcesses;
const sockets = new Set<Socket>();

async function dropping(): Promise<Dropping> {
  const written: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    let text = '';
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\r\n\r\n');
      if (end === -1) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
      const body = text.slice(end + 4);
      if (body.length < length) return;
      text = '';
      // The first request of a connection is answered, so that later ones meet a connection that was used before.
      if (body.includes('"warm-up"')) {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        return;
      }
      if (length > 0) written.push(body);
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, written, server };
}

beforeAll(async () => {
  legacy = await awkwardUpstream('legacy');
  candidate = await dropping();
  facades = new FacadeProcesses({ legacy: legacy.url, candidate: candidate.url });
});
afterEach(async () => {
  await facades.endAll();
  candidate.written.length = 0;
  legacy.seen.length = 0;
});
afterAll(async () => {
  facades.remove();
  await legacy.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => candidate.server.close(resolve));
});

const REQUESTS = 1000;
const CODES = /^UPSTREAM_(?:CONNECT|HEADERS|EJECTED)_CANDIDATE$/;

async function sendAll(facade: FacadeProcess, bodyOf: (i: number) => string): Promise<Answer[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  const answers = await Promise.all(
    Array.from({ length: REQUESTS }, (_, i) =>
      ask(facade.url, { path: '/api/articles', method: 'POST', agent, body: bodyOf(i) }),
    ),
  );
  agent.destroy();
  return answers;
}

describe('a candidate that reads each write to its end and drops the connection', () => {
  test.each([
    ['as the plan has it by default', ''],
    ['and is never taken out', 'health: { ejectAt: 100%, minimum: 1000000, interval: 0 }'],
  ])(
    'gets each of 1,000 at most once, %s; legacy none; each is answered 502 with stage and party',
    async (_what, extra) => {
      const facade = await facades.start(facades.home(extra), ['--ledger', 'memory:']);
      const move = { stage: 'candidate', percent: 100, reason: 'test', force: true, expectedVersion: 0 };
      await facade.post('/v1/routes/articles/transitions', move);
      const warm = await ask(facade.url, { path: '/api/articles', method: 'POST', body: '{"id":"warm-up"}' });
      expect(warm.status).toBe(200);

      const answers = await sendAll(facade, (i) => `{"id":${i}}`);
      const codes = new Map<string, number>();
      for (const answer of answers) {
        expect(answer.status).toBe(502);
        const { code } = JSON.parse(answer.body.toString()) as { code: string };
        expect(code).toMatch(CODES);
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
      expect(new Set(candidate.written).size).toBe(candidate.written.length);
      expect(legacy.seen).toEqual([]);
      if (extra) {
        expect([...codes.keys()]).toEqual(['UPSTREAM_HEADERS_CANDIDATE']);
        expect(candidate.written).toHaveLength(REQUESTS);
      } else {
        // Taken out after the first ten: hardly anything is lost any more.
        expect(codes.get('UPSTREAM_EJECTED_CANDIDATE')).toBeGreaterThan(REQUESTS / 2);
        expect(candidate.written.length).toBe(codes.get('UPSTREAM_HEADERS_CANDIDATE'));
      }
    },
    120_000,
  );
});
