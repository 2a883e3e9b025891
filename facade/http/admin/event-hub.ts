import type { ServerResponse } from 'node:http';

type Client = {
  readonly response: ServerResponse;
  /** Events that wait until what happened before them is written; null once it is. */
  waiting: Buffer[] | null;
};

/** A client that has so much still to read gets nothing more and is cut off: it comes back with the id of its last event. */
const MAX_BEHIND_BYTES = 4 * 1024 * 1024;

/** An event in the wire format of server-sent events; whoever comes back names the last `id` it has seen. */
export function encodeEvent(event: string, data: unknown, id: number | null = null): Buffer {
  const place = id === null ? '' : `id: ${id}\n`;
  // JSON holds no line breaks, so one data line is enough.
  return Buffer.from(`event: ${event}\n${place}data: ${JSON.stringify(data)}\n\n`);
}

/**
 * The open event streams. An event is encoded once and its bytes are shared, however many get it. What happens in one
 * turn of the event loop goes out together: a burst is no reason to take a client for a slow one.
 */
export class EventHub {
  readonly #clients = new Set<Client>();
  readonly #onSlow: () => void;
  #queue: Buffer[] = [];

  constructor(onSlow: () => void) {
    this.#onSlow = onSlow;
  }

  get size(): number {
    return this.#clients.size;
  }

  get responses(): ServerResponse[] {
    return [...this.#clients].map(({ response }) => response);
  }

  /** Adds a client. What is sent to all meanwhile reaches it behind `opening`, and nothing is missed or told twice. */
  async add(response: ServerResponse, opening: Promise<readonly Buffer[]>): Promise<void> {
    // What is queued happened before the client came.
    this.#flush();
    const client: Client = { response, waiting: [] };
    this.#clients.add(client);
    response.on('close', () => this.#clients.delete(client));
    const first = await opening;
    const waited = client.waiting ?? [];
    client.waiting = null;
    this.#write(client, Buffer.concat([...first, ...waited]));
  }

  send(event: Buffer): void {
    if (this.#queue.push(event) === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    if (this.#queue.length === 0) return;
    const events = Buffer.concat(this.#queue);
    this.#queue = [];
    for (const client of this.#clients) {
      if (client.waiting) client.waiting.push(events);
      else this.#write(client, events);
    }
  }

  #write(client: Client, event: Buffer): void {
    const { response } = client;
    if (response.destroyed) return;
    if (response.writableLength <= MAX_BEHIND_BYTES) {
      response.write(event);
      return;
    }
    this.#clients.delete(client);
    this.#onSlow();
    response.destroy();
  }
}
