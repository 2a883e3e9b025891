import { Client } from 'undici';
import type { Upstream } from '#plan/model/plan.ts';
import { MAX_ANSWER_HEAD_BYTES } from './attempt.ts';
import { keepAliveOf } from './upstream-pool.ts';

/** One connection to an upstream, used by one request at a time. */
export type Connection = {
  readonly client: Client;
  /** It has carried an answer since it was opened. */
  used: boolean;
};

/**
 * The connections to one upstream; the one used last is used next, so that the surplus of a busy moment falls idle.
 * Undici's own Pool does not say which connection a request went to, and whether it was fresh decides about a retry.
 */
export class ClientPool {
  /** The path of the upstream's URL, put before every target; '' for a bare origin. */
  readonly prefix: string;
  readonly #origin: string;
  readonly #idleMs: number;
  readonly #idle: Connection[] = [];
  readonly #busy = new Set<Connection>();

  constructor(upstream: Upstream) {
    const { origin, pathname } = new URL(upstream.url);
    this.#idleMs = keepAliveOf(upstream);
    this.#origin = origin;
    this.prefix = pathname.replace(/\/$/, '');
  }

  take(): Connection {
    const connection = this.#idle.pop() ?? this.#open();
    this.#busy.add(connection);
    return connection;
  }

  /** Takes a connection back; one that failed is closed for good. */
  give(connection: Connection, whole: boolean): void {
    this.#busy.delete(connection);
    const kept = whole && connection.used && this.#idleMs > 0;
    if (kept && !connection.client.destroyed) this.#idle.push(connection);
    else void connection.client.destroy();
  }

  dropIdle(): void {
    for (const { client } of this.#idle.splice(0)) void client.destroy();
  }

  destroy(): void {
    this.dropIdle();
    for (const { client } of this.#busy) void client.destroy();
    this.#busy.clear();
  }

  #open(): Connection {
    const client = new Client(this.#origin, {
      pipelining: 1,
      // Where the Keep-Alive of an answer is shorter, undici goes by that, less two seconds.
      keepAliveTimeout: this.#idleMs || 1,
      keepAliveMaxTimeout: this.#idleMs || 1,
      maxHeaderSize: MAX_ANSWER_HEAD_BYTES,
      // The forwarder's own timers know the phases of a plan; these do not.
      connect: { timeout: 0 },
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const connection: Connection = { client, used: false };
    client.on('disconnect', () => {
      connection.used = false;
      const at = this.#idle.indexOf(connection);
      if (at < 0) return;
      this.#idle.splice(at, 1);
      void client.destroy();
    });
    return connection;
  }
}
