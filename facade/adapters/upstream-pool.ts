import { type AgentOptions, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { Upstream } from '#plan/model/plan.ts';
import { tlsOptions } from './upstream-tls.ts';

/** Most upstreams close idle connections after 5 s or more; letting go earlier keeps requests from meeting a closed one. */
const KEEP_ALIVE_MS = 4_000;

/** How long an idle connection to an upstream may still be used; 0: never. */
export const keepAliveOf = ({ keepAliveMs = KEEP_ALIVE_MS }: Upstream): number => keepAliveMs;

/** The connections to one upstream. */
export type UpstreamPool = {
  readonly target: URL;
  readonly agent: HttpAgent | HttpsAgent;
  /** SECURITY: a connection for each upgrade, used by nobody else: what it carries ends the order of HTTP. */
  readonly upgradeAgent: HttpAgent | HttpsAgent;
};

/**
 * Offers a connection for the next request a moment after its answer. An upstream that closes with its answer, without a
 * word of it, is heard by then: a write must not meet a closed connection, since it cannot be repeated.
 */
const unhurried = <A extends HttpAgent>(agent: A): A => {
  const emit = agent.emit.bind(agent);
  agent.emit = (event: string, ...given: unknown[]) => {
    const [socket] = given as [Socket];
    if (event !== 'free' || socket.destroyed) return emit(event, ...given);
    const quiet = () => {};
    socket.on('error', quiet);
    // Once through what the network has said, and what came of it.
    setImmediate(() =>
      setImmediate(() => {
        socket.off('error', quiet);
        if (!socket.destroyed) emit(event, ...given);
      }),
    );
    return true;
  };
  return agent;
};

export function openPool(upstream: Upstream): UpstreamPool {
  const target = new URL(upstream.url);
  const idleMs = keepAliveOf(upstream);
  const agentOf = (options: AgentOptions) =>
    target.protocol === 'https:'
      ? new HttpsAgent({ ...options, ...tlsOptions(upstream) })
      : new HttpAgent(options);
  return {
    target,
    // Node goes by the Keep-Alive of an answer where that is shorter, less a second.
    agent: unhurried(agentOf(idleMs > 0 ? { keepAlive: true, timeout: idleMs } : { keepAlive: false })),
    upgradeAgent: agentOf({ keepAlive: false }),
  };
}

export function dropIdle({ agent }: UpstreamPool): void {
  for (const free of Object.values(agent.freeSockets)) for (const socket of free ?? []) socket.destroy();
}

export function closePool({ agent, upgradeAgent }: UpstreamPool): void {
  agent.destroy();
  upgradeAgent.destroy();
}
