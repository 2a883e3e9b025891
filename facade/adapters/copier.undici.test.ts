import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Copier } from '../http/shadow/copier.ts';
import type { PunctualPeer } from '../test-kit/punctual-peer.ts';
import { type Script, type ScriptedUpstream, scriptedUpstream } from '../test-kit/scripted-upstream.ts';
import { standStill } from '../test-kit/stand-still.ts';
import { createUndiciCopier } from './copier.undici.ts';

let upstream: ScriptedUpstream;
let copier: Copier;
beforeEach(async () => {
  [upstream, copier] = [await scriptedUpstream(), createUndiciCopier()];
});
afterEach(async () => {
  copier.close();
  await upstream.vanish();
});

const send = (more: object = {}) =>
  copier.send({
    upstream: { url: upstream.url, build: null },
    method: 'GET',
    target: '/',
    headers: {},
    body: null,
    timeoutMs: 500,
    maxBodyBytes: 1_000,
    budget: { take: () => true, give() {} },
    ...more,
  });
const head = { 'X-Build': 'b2' };
const begun: Script = (_request, response) => void response.writeHead(200, head).write('part');

test.each<[string, Script, object]>([
  ['answer', (_q, response) => void response.writeHead(200, head).end('whole'), {}],
  ['too-large', (_q, response) => void response.writeHead(200, head).end('x'.repeat(2_000)), {}],
  ['no-memory', begun, { budget: { take: () => false, give() {} } }],
  [
    'streaming',
    (_q, response) =>
      void response.writeHead(200, { ...head, 'content-type': 'text/event-stream' }).write('data: 1\n\n'),
    {},
  ],
  [
    'failed',
    (_q, response) => void response.writeHead(200, head).write('part', () => response.destroy()),
    {},
  ],
  ['failed', begun, {}],
])('tells the head of an answer that is %s', async (kind, answer, more) => {
  upstream.answer = answer;
  const copied = await send(more);
  expect(copied.kind).toBe(kind);
  const { rawHeaders } = copied;
  expect(rawHeaders[rawHeaders.indexOf('X-Build') + 1]).toBe('b2');
});

test('tells no head where none came', async () => {
  upstream.answer = (_request, response) => void response.destroy();
  expect(await send()).toMatchObject({ kind: 'failed', rawHeaders: [] });
  await upstream.vanish();
  for (let n = 0; n < 2; n++)
    expect(await send()).toMatchObject({ kind: 'failed', cause: 'ECONNREFUSED', rawHeaders: [] });
  await upstream.comeBack();
});

test('blames no candidate for the time in which this process stood still', async () => {
  const workerData: PunctualPeer = {
    pieces: ['HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere'],
    pauseMs: 50,
    port: null,
  };
  const punctual = new Worker(new URL('../test-kit/punctual-peer.ts', import.meta.url), { workerData });
  const [port] = await once(punctual, 'message');
  const copied = send({ upstream: { url: `http://127.0.0.1:${port}`, build: null }, timeoutMs: 200 });
  await once(punctual, 'message');
  await standStill(600);
  expect(await copied).toMatchObject({ kind: 'answer', status: 200 });
  await punctual.terminate();
});
