import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type AwkwardUpstream, awkwardUpstream } from './test-kit/awkward-upstream.ts';
import { FacadeProcesses, freePort } from './test-kit/facade-process.ts';
import { failoverLoad } from './test-kit/failover-load.ts';
import { until } from './test-kit/until.ts';

const ROUNDS = process.env.FIG_SOAK === '1' ? 30 : 2;
let upstream: AwkwardUpstream;
let facades: FacadeProcesses;
beforeAll(async () => {
  upstream = await awkwardUpstream('legacy');
  facades = new FacadeProcesses({ legacy: upstream.url, candidate: upstream.url });
});
afterEach(() => facades.endAll());
afterAll(async () => {
  await upstream.close();
  facades.remove();
});

describe.each([1, 2])('with %d workers', (workers) => {
  test('a restart loses no request of clients with kept connections, where a second instance stands', async () => {
    const args = ['--ledger', 'memory:', '--workers', `${workers}`, '--access-log', 'off'];
    const ports = [await freePort(), await freePort()];
    const start = (i: number) => facades.start(facades.home(), [...args, '--port', `${ports[i]}`]);
    const running = [await start(0), await start(1)];
    const load = failoverLoad(
      running.map(({ url }) => url),
      '/api/articles',
      16,
    );
    for (let round = 0; round < ROUNDS; round++) {
      for (const i of [0, 1]) {
        const before = load.answered;
        await until('some answers', () => load.answered > before + 200, 60_000);
        await running[i]?.end('SIGTERM');
        expect(running[i]?.child.exitCode).toBe(0);
        running[i] = await start(i);
      }
    }
    const { answered, failed, refused } = await load.stop();
    expect(failed).toEqual([]);
    expect(refused).toBeGreaterThan(0);
    expect(answered).toBeGreaterThan(400 * ROUNDS);
  }, 600_000);

  test('a request on a kept connection is served after SIGTERM, and told to close it', async () => {
    const facade = await facades.start(facades.home(), ['--ledger', 'memory:', '--workers', `${workers}`]);
    const socket = connect(Number(new URL(facade.url).port), '127.0.0.1');
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += chunk;
    });
    const closed = once(socket, 'close');
    const request = 'GET /api/articles HTTP/1.1\r\nHost: x\r\n\r\n';
    socket.write(request);
    await until('the first answer', () => text.endsWith('}'));
    expect(text).not.toMatch(/^connection: close/im);
    text = '';
    facade.child.kill('SIGTERM');
    // The process that was told of it, and each worker that it tells.
    const said = workers === 1 ? 1 : 1 + workers;
    await until('the stop', () => facade.output.text.split('"msg":"stopping"').length > said);
    socket.write(request);
    await closed;
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(text).toMatch(/^connection: close/im);
    expect(text).toMatch(/\}$/);
  }, 60_000);
});
