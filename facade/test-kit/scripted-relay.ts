import { createServer, type Server } from 'node:http';
import { listenOn } from './facade-of.ts';

/** A relay as far as the facade knows it, on a real socket. */
export class ScriptedRelay {
  #head: string | null = null;
  #sinceMs = 0;
  lagMs: number | null = 0;
  carriedMs: number | null = null;
  covered = false;
  /** How long it takes to answer; null: for ever. */
  delayMs: number | null = 0;
  /** Of positions since the last look, and what was asked to be covered. */
  positions = 0;
  coversAsked: string[] = [];
  tokens = new Set<string | undefined>();
  url = '';
  readonly #server: Server = createServer((request, response) => {
    this.tokens.add(request.headers.authorization);
    const covers = /^\/v1\/sets\/s\/covers\?position=(.*)$/.exec(request.url ?? '');
    if (covers) this.coversAsked.push(covers[1] as string);
    else this.positions++;
    const body = covers
      ? { covered: this.covered }
      : { set: 's', head: this.head, lagMs: this.#lagNow(), carriedMs: this.carriedMs };
    if (this.delayMs !== null) setTimeout(() => response.end(JSON.stringify(body)), this.delayMs);
  });

  get head(): string | null {
    return this.#head;
  }

  /** An entry that waits from now on; null: nothing waits. */
  set head(position: string | null) {
    this.#head = position;
    this.#sinceMs = performance.now();
  }

  /** What waits grows older. */
  #lagNow(): number | null {
    if (this.lagMs === null || this.#head === null) return this.lagMs;
    return Math.max(this.lagMs, performance.now() - this.#sinceMs);
  }

  async listen(): Promise<void> {
    this.url = `http://127.0.0.1:${await listenOn(this.#server)}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
