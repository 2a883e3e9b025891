import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { type FacadeProcess, FacadeProcesses, freePort } from '../test-kit/facade-process.ts';
import { ask } from '../test-kit/raw-client.ts';
import { UpstreamProcess } from './upstream-process.ts';

/** One body on its way through a facade, and what memory the facade took for it. */
type Carried = {
  readonly what: string;
  readonly bytes: number;
  readonly seconds: number;
  readonly residentBeforeBytes: number;
  readonly residentPeakBytes: number;
};

export type LargeBodiesReport = {
  readonly carried: readonly Carried[];
  readonly failures: readonly string[];
};

const PIECE = Buffer.alloc(64 * 1024, 'fig');
/** Buffers of both directions, and what the collector leaves lying about at such a rate. */
const MAX_GROWTH_BYTES = 96 * 1024 * 1024;
const SAMPLE_MS = 50;

/** Carries a body of so many bytes up and down, with a length and in chunks; each must arrive whole, in constant memory. */
export async function carryLargeBodies(bytes: number): Promise<LargeBodiesReport> {
  const upstream = new UpstreamProcess('legacy', await freePort());
  const facades = new FacadeProcesses({ legacy: upstream.url, candidate: upstream.url });
  try {
    await upstream.start();
    const facade = await facades.start(facades.home(), ['--ledger', 'memory:']);
    // What a facade takes for the first bytes of its life is not what a large body costs.
    for (const { carry } of WAYS) await carry(facade.url, 64 * PIECE.length);
    const expected = digestOf(bytes);
    const carried: Carried[] = [];
    const failures: string[] = [];
    for (const { what, carry } of WAYS) {
      const result = await measured(facade, what, bytes, async () => {
        const got = await carry(facade.url, bytes);
        if (got !== expected) failures.push(`${what}: what arrived is not what was sent`);
      });
      carried.push(result);
      const grown = result.residentPeakBytes - result.residentBeforeBytes;
      if (grown > MAX_GROWTH_BYTES)
        failures.push(`${what}: the facade took ${Math.round(grown / 1024 / 1024)} MiB more for it`);
    }
    return { carried, failures };
  } finally {
    await facades.endAll();
    facades.remove();
    await upstream.stop();
  }
}

/** Each gives the digest of what arrived. */
const WAYS: readonly { what: string; carry: (url: string, bytes: number) => Promise<string> }[] = [
  { what: 'down, with a length', carry: (url, bytes) => download(url, `/files/${bytes}`) },
  { what: 'down, in chunks', carry: (url, bytes) => download(url, `/files/${bytes}?chunked`) },
  { what: 'up, with a length', carry: (url, bytes) => upload(url, bytes, { 'content-length': bytes }) },
  { what: 'up, in chunks', carry: (url, bytes) => upload(url, bytes, { 'transfer-encoding': 'chunked' }) },
];

async function measured(
  facade: FacadeProcess,
  what: string,
  bytes: number,
  work: () => Promise<void>,
): Promise<Carried> {
  const resident = async () => {
    const { body } = await ask(facade.adminUrl, { path: '/metrics' });
    return Number(/^process_resident_memory_bytes (\S+)/m.exec(body.toString())?.[1]);
  };
  const residentBeforeBytes = await resident();
  let residentPeakBytes = residentBeforeBytes;
  const running = { done: false };
  const sampling = async () => {
    while (!running.done) {
      residentPeakBytes = Math.max(residentPeakBytes, await resident());
      await wait(SAMPLE_MS);
    }
  };
  const started = performance.now();
  const samples = sampling();
  try {
    await work();
  } finally {
    running.done = true;
    await samples;
  }
  const seconds = (performance.now() - started) / 1000;
  return { what, bytes, seconds, residentBeforeBytes, residentPeakBytes };
}

function* piecesOf(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= PIECE.length)
    yield left < PIECE.length ? PIECE.subarray(0, left) : PIECE;
}

function digestOf(bytes: number): string {
  const hash = createHash('sha256');
  for (const piece of piecesOf(bytes)) hash.update(piece);
  return hash.digest('hex');
}

async function download(url: string, path: string): Promise<string> {
  const request = httpRequest(url, { path, agent: false });
  request.end();
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  const hash = createHash('sha256');
  for await (const chunk of answer) hash.update(chunk);
  return hash.digest('hex');
}

async function upload(url: string, bytes: number, headers: Record<string, string | number>): Promise<string> {
  const request = httpRequest(url, { path: '/upload', method: 'POST', agent: false, headers });
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  for (const piece of piecesOf(bytes)) if (!request.write(piece)) await once(request, 'drain');
  request.end();
  const [answer] = await answered;
  let text = '';
  for await (const chunk of answer) text += chunk;
  const { bytes: arrived, hash } = JSON.parse(text) as { bytes: number; hash: string };
  return arrived === bytes ? hash : `${arrived} bytes`;
}
