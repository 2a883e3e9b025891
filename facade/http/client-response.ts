import { type IncomingMessage, ServerResponse } from 'node:http';

/**
 * An answer to a client that can be watched as it goes out. A class of its own, since methods replaced on each answer
 * make V8 keep every answer through its scavenges: pauses of 10 ms at 1,000 requests a second.
 */
export class ClientResponse<R extends IncomingMessage = IncomingMessage> extends ServerResponse<R> {
  #watchers: ((chunk: Buffer) => void)[] | null = null;

  /** `see` is called with each piece of the body, in order, before it is sent. */
  watch(see: (chunk: Buffer) => void): void {
    this.#watchers = [...(this.#watchers ?? []), see];
  }

  override write(chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
    this.#tell(chunk);
    return super.write(chunk, encoding as BufferEncoding, callback as () => void);
  }

  override end(chunk?: unknown, encoding?: unknown, callback?: unknown): this {
    this.#tell(chunk);
    return super.end(chunk, encoding as BufferEncoding, callback as () => void);
  }

  #tell(chunk: unknown): void {
    if (this.#watchers && Buffer.isBuffer(chunk)) for (const see of this.#watchers) see(chunk);
  }
}
