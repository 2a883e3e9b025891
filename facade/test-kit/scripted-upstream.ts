import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export type Script = (request: IncomingMessage, response: ServerResponse) => void;
type Seen = { readonly line: string; readonly headers: IncomingMessage['headers']; body: string };

export type ScriptedUpstream = {
  /** Answers the next requests; may be exchanged at any time. */
  answer: Script;
  readonly url: string;
  readonly seen: Seen[];
  /** Nobody listens any more, and nobody who is connected is answered. */
  vanish(): Promise<void>;
  /** On the same port as before. */
  comeBack(): Promise<void>;
};

/** An answer of JSON; a text is sent as it is. */
export const json =
  (value: unknown, status = 200): Script =>
  (_request, response) =>
    void response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(typeof value === 'string' ? value : JSON.stringify(value));

/** An upstream that does what a test says, and remembers what it was asked. */
export async function scriptedUpstream(): Promise<ScriptedUpstream> {
  const seen: Seen[] = [];
  const open = async (port: number): Promise<Server> => {
    const server = createServer(async (request, response) => {
      const entry = { line: `${request.method} ${request.url}`, headers: request.headers, body: '' };
      seen.push(entry);
      entry.body = await text(request).catch(() => '(cut)');
      upstream.answer(request, response);
    });
    server.on('error', () => {});
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return server;
  };
  let server = await open(0);
  const { port } = server.address() as AddressInfo;
  const upstream: ScriptedUpstream = {
    answer: json({ ok: true }),
    url: `http://127.0.0.1:${port}`,
    seen,
    async vanish() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
    async comeBack() {
      server = await open(port);
    },
  };
  return upstream;
}
