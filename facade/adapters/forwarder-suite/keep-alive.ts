import { afterEach, describe, expect, test } from '@jest/globals';
import type { Plan } from '#plan/model/plan.ts';
import type { Forwarder } from '../../http/forwarder.ts';
import { facadeOf, type TestFacade, TOKEN } from '../../test-kit/facade-of.ts';
import { planOf } from '../../test-kit/plan-of.ts';
import { ask } from '../../test-kit/raw-client.ts';
import { type SocketUpstream, socketUpstream, type Wire } from '../../test-kit/socket-upstream.ts';
import { until } from '../../test-kit/until.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const HINTED =
  'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: timeout=2\r\nConnection: keep-alive\r\n\r\nok';

/** Idle connections, and who lets go of them first. */
export function keepAliveTests(name: string, create: () => Forwarder): void {
  describe(`over ${name}, an idle connection`, () => {
    const closing: (() => unknown)[] = [];
    afterEach(async () => {
      for (const close of closing.splice(0).reverse()) await close();
    });
    async function upstreamThat(onData: (wire: Wire) => void): Promise<SocketUpstream> {
      const upstream = await socketUpstream(onData);
      closing.push(upstream.close);
      return upstream;
    }
    async function facadeFor(
      url: string,
      keepAliveMs?: number,
      part: Partial<Plan> = {},
    ): Promise<TestFacade> {
      const legacy = { url, build: null, ...(keepAliveMs === undefined ? {} : { keepAliveMs }) };
      const health = { path: '/', intervalMs: 0, ejectAtRatio: 1, minimum: 1000, windowMs: 60_000 };
      const facade = await facadeOf(planOf({ legacy, health, ...part }), { forwarder: create() });
      closing.push(facade.close);
      return facade;
    }
    const METHODS = ['GET', 'POST'] as const;
    const send = (facade: TestFacade, method: string) =>
      ask(facade.url, { path: '/', method, ...(method === 'POST' ? { body: 'x' } : {}) });

    test.each(METHODS)(
      'after a %s is let go of before the upstream does, where that says when',
      async (method) => {
        const hinting = await upstreamThat(({ socket }) => socket.write(HINTED));
        const silent = await upstreamThat(({ socket }) => socket.write(OK));
        const [first, second] = [await facadeFor(hinting.url), await facadeFor(silent.url)];
        await send(second, method);
        await send(first, method);
        await until('the facade to let go', () => hinting.wires[0]?.ended);
        // Asked first, and kept longer: what nobody limits stays for four seconds.
        expect(silent.wires[0]?.ended).toBe(false);
      },
    );

    test.each(METHODS)('after a %s is used no longer than the plan says of its upstream', async (method) => {
      const [short, usual] = [
        await upstreamThat(({ socket }) => socket.write(OK)),
        await upstreamThat(({ socket }) => socket.write(OK)),
      ];
      const [first, second] = [await facadeFor(short.url, 100), await facadeFor(usual.url)];
      await send(second, method);
      await send(first, method);
      await until('the facade to let go', () => short.wires[0]?.ended);
      expect(usual.wires[0]?.ended).toBe(false);
    });

    test.each(METHODS)('is never used again for a %s where the plan says 0', async (method) => {
      const upstream = await upstreamThat(({ socket }) => socket.write(OK));
      const facade = await facadeFor(upstream.url, 0);
      for (let i = 0; i < 3; i++) expect((await send(facade, method)).status).toBe(200);
      expect(upstream.wires).toHaveLength(3);
      await until('all of them to end', () => upstream.wires.every(({ ended }) => ended));
    });

    test('that was closed under a read is not followed by the next one of its kind', async () => {
      const asked = new Map<Wire, number>();
      const held: Wire[] = [];
      const upstream = await upstreamThat((wire) => {
        const times = (asked.get(wire) ?? 0) + 1;
        asked.set(wire, times);
        // The second request on a connection meets a closed one.
        if (times > 1) return void wire.socket.destroy();
        held.push(wire);
        if (upstream.wires.length > 3) wire.socket.write(OK);
        else if (held.length === 3) for (const { socket } of held) socket.write(OK);
      });
      const facade = await facadeFor(upstream.url);
      const answers = await Promise.all([1, 2, 3].map(() => send(facade, 'GET')));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect((await send(facade, 'GET')).status).toBe(200);
      expect([...asked.values()].sort()).toEqual([1, 1, 1, 2]);
    });

    test('of a client lasts as long as it was told, and by a reload as long as the next one is told', async () => {
      const upstream = await upstreamThat(({ socket }) => socket.write(OK));
      const plan = planOf({ legacy: { url: upstream.url, build: null } });
      const next = { ...plan, hash: 'next', clients: { ...plan.clients, keepAliveMs: 1000 } };
      const facade = await facadeOf(plan, {
        forwarder: create(),
        loadPlan: () => ({ plan: next, problems: [] }),
      });
      closing.push(facade.close);
      const told = async () =>
        (await ask(facade.url, { path: '/', headers: { connection: 'keep-alive' } })).headers;
      expect((await told())['keep-alive']).toBe('timeout=65');
      const body = JSON.stringify({ reason: 'shorter' });
      const headers = { authorization: `Bearer ${TOKEN}` };
      await ask(facade.adminUrl, { path: '/v1/reload', method: 'POST', headers, body });
      expect((await told())['keep-alive']).toBe('timeout=1');
    });
  });
}
