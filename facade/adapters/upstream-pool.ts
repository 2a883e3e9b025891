import { type AgentOptions, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP } from 'node:net';

// Upstreams close idle connections after 5 s or more; letting go earlier keeps requests from meeting a closed one.
const IDLE_CONNECTION_MS = 4_000;

/** The connections to one upstream. */
export type UpstreamPool = {
  readonly target: URL;
  readonly agent: HttpAgent | HttpsAgent;
  /** SECURITY: a connection for each upgrade, used by nobody else: what it carries ends the order of HTTP. */
  readonly upgradeAgent: HttpAgent | HttpsAgent;
};

export function openPool(url: string): UpstreamPool {
  const target = new URL(url);
  const name = target.hostname.replace(/^\[|\]$/g, '');
  const agentOf = (options: AgentOptions) =>
    target.protocol === 'https:'
      ? // The Host header is the public one; the certificate must be the upstream's own.
        new HttpsAgent({ ...options, servername: isIP(name) ? '' : name })
      : new HttpAgent(options);
  return {
    target,
    agent: agentOf({ keepAlive: true, timeout: IDLE_CONNECTION_MS }),
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
