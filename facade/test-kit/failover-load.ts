import { Agent } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { ask } from './raw-client.ts';

export type FailoverLoad = {
  /** Answers of 200 so far. */
  readonly answered: number;
  stop(): Promise<{ answered: number; failed: string[]; refused: number }>;
};

/** A client stays where it was sent for so many requests before it looks again. */
const STAY = 50;

/**
 * Clients with kept connections to the first of several instances that lets them in, as a balancer sees to it. Only a
 * connection that is refused or never accepted sends a client to the next one: everything else that is no 200 is a failed request.
 */
export function failoverLoad(urls: readonly string[], path: string, clients: number): FailoverLoad {
  const failed: string[] = [];
  let answered = 0;
  let refused = 0;
  let stopped = false;
  const client = async (n: number) => {
    const agents = urls.map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
    let at = 0;
    for (let sent = 0; !stopped; sent++) {
      if (sent % STAY === 0) at = 0;
      const outcome = await ask(urls[at] as string, {
        path,
        agent: agents[at],
        headers: { cookie: `sid=${n}` },
      }).then(
        ({ status }) => status,
        // With several listeners on one port the kernel resets connections that wait in the queue of one that closes:
        // they were never accepted, as a refused one.
        (error: NodeJS.ErrnoException & { fresh?: boolean }) =>
          error.code === 'ECONNRESET' && error.fresh ? 'ECONNREFUSED' : (error.code ?? error.message),
      );
      if (outcome === 200) answered++;
      else if (outcome === 'ECONNREFUSED') {
        refused++;
        at = (at + 1) % urls.length;
      } else failed.push(`${urls[at]} ${outcome}`);
      // Now at once, now a moment later: a connection is idle when it is closed, or just not yet. The
      // machine has time for what is restarted.
      if (sent % 3 !== 0) await wait(15 * (sent % 5));
    }
    for (const agent of agents) agent.destroy();
  };
  const running = Array.from({ length: clients }, (_, n) => client(n));
  return {
    get answered() {
      return answered;
    },
    async stop() {
      stopped = true;
      await Promise.all(running);
      return { answered, failed, refused };
    },
  };
}
