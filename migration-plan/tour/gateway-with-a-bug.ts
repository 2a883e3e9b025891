import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

const BUILD = 'rounds-rates';

/** Stands before the gateway. With its bug on it is another build, one that rounds rates to whole euros. */
export class GatewayWithABug {
  hasBug = false;
  /** Where the gateway is; until that is known it answers nobody. */
  gatewayUrl: string | null = null;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => {
      const failed = () => response.destroy();
      this.#answer(request).then(({ status, headers, body }) => {
        response.writeHead(status, headers).end(body);
      }, failed);
    });
  }

  static async start(): Promise<GatewayWithABug> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new GatewayWithABug(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage) {
    if (this.gatewayUrl === null) throw new Error('not started');
    const answer = await forward(this.gatewayUrl, request);
    const body = await text(answer);
    const { 'transfer-encoding': _, ...headers } = answer.headers;
    const shown = this.hasBug ? spoilt(request.url ?? '', body) : body;
    if (answer.headers['content-length'] !== undefined && request.method !== 'HEAD')
      headers['content-length'] = String(Buffer.byteLength(shown));
    return { status: answer.statusCode ?? 502, headers, body: shown };
  }
}

function forward(base: string, request: IncomingMessage): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { url = '/', method, headers } = request;
    const sent = httpRequest(base + url, { method, headers, agent: false }, resolve);
    sent.on('error', reject);
    request.pipe(sent);
  });
}

function spoilt(path: string, body: string): string {
  if (path.startsWith('/version')) return body.replace(/("build":")[^"]*/, `$1${BUILD}`);
  return body.replace(
    /("rate_ct":)(\d+)/g,
    (_, name, cents) => `${name}${Math.round(Number(cents) / 100) * 100}`,
  );
}
