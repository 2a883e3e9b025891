import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { TOKEN } from './facade-of.ts';
import { until } from './until.ts';

export type StreamEvent = {
  readonly event: string;
  readonly id: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: events are read freely in tests.
  readonly data: any;
};

export type EventClient = {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly events: StreamEvent[];
  readonly closed: () => boolean;
  /** Waits for an event that came, or comes. */
  next(what: string, fits: (event: StreamEvent) => boolean): Promise<StreamEvent>;
  /** Reads no more, or goes on reading. */
  pause(): void;
  resume(): void;
  close(): void;
};

/** Heartbeats come every ten seconds. */
const PATIENCE_MS = 30_000;

/** Listens to server-sent events over a connection of its own. */
export function eventClient(
  url: string,
  options: { path?: string; headers?: Record<string, string> } = {},
): Promise<EventClient> {
  const { path = '/v1/stream', headers = {} } = options;
  const events: StreamEvent[] = [];
  let text = '';
  let closed = false;
  return new Promise((resolve, reject) => {
    const request: ClientRequest = httpRequest(
      url,
      { path, agent: false, headers: { authorization: `Bearer ${TOKEN}`, ...headers } },
      (answer) => {
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          text += chunk;
          for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
            const event = parseEvent(text.slice(0, end));
            text = text.slice(end + 2);
            if (event) events.push(event);
          }
        });
        answer.on('close', () => {
          closed = true;
        });
        answer.on('error', () => {});
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          events,
          closed: () => closed,
          next: (what, fits) => until(what, () => events.find(fits), PATIENCE_MS),
          pause: () => void answer.pause(),
          resume: () => void answer.resume(),
          close: () => void request.destroy(),
        });
      },
    );
    request.on('error', reject);
    request.end();
  });
}

function parseEvent(block: string): StreamEvent | null {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    fields.set(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ''));
  }
  const data = fields.get('data');
  if (data === undefined) return null;
  return { event: fields.get('event') ?? 'message', id: fields.get('id') ?? null, data: JSON.parse(data) };
}
