import http from 'node:http';
import https from 'node:https';
import { noteRehearsed, rehearsed } from './dry-run.ts';
import { sendInEpoch } from './epoch.ts';
import { AclError, ServiceProblem, ServiceUnreachable } from './error.ts';

export type HttpClientOptions = {
  /** Base URL; a path in it is kept as a prefix. */
  readonly url: string;
  /** Sent as `authorization: Bearer …`; null sends none. */
  readonly bearer: string | null;
  /** From the request to the last byte of the answer. Default 10 s; 0 means no limit. */
  readonly timeoutMs?: number;
  /** Connections kept open and used at once. Default 64. */
  readonly maxSockets?: number;
};

export type HttpCall = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query, starting with `/`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Reads an answer in JSON; JSON.parse unless stated. */
  readonly parse?: (text: string) => unknown;
};

export type HttpAnswer = {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Parsed JSON; null when the body is empty or not JSON. */
  readonly body: unknown;
};

/**
 * Keep-alive JSON client for one service. `send` resolves with any answer but the refusal of a write because of its
 * owner, which is thrown as NotTheOwner; `expect` throws ServiceProblem unless the status is 2xx. Both throw
 * ServiceUnreachable when there is no complete answer.
 */
export class HttpClient {
  readonly url: string;
  readonly #base: URL;
  readonly #agent: http.Agent;
  readonly #bearer: string | null;
  readonly #timeoutMs: number;

  constructor(options: HttpClientOptions) {
    this.url = options.url.replace(/\/+$/, '');
    this.#base = new URL(this.url);
    const transport = this.#base.protocol === 'https:' ? https : http;
    this.#agent = new transport.Agent({ keepAlive: true, maxSockets: options.maxSockets ?? 64 });
    this.#bearer = options.bearer;
    this.#timeoutMs = options.timeoutMs ?? 10_000;
  }

  async expect(call: HttpCall): Promise<HttpAnswer> {
    const answer = await this.send(call);
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw new ServiceProblem(this.#where(call), answer.status, answer.body);
  }

  send(call: HttpCall): Promise<HttpAnswer> {
    return sendInEpoch(call, this.#where(call), (decided) => this.#sendOnce(decided));
  }

  async #sendOnce(given: HttpCall): Promise<HttpAnswer> {
    const body = given.json === undefined ? null : Buffer.from(JSON.stringify(given.json));
    const call = rehearsed(given, body);
    try {
      const answer = await this.#attempt(call, body);
      noteRehearsed(given, answer);
      return answer;
    } catch (error) {
      if (call.method !== 'GET' || !isStaleConnection(error)) throw error;
      return this.#attempt(call, body);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #attempt(call: HttpCall, body: Buffer | null): Promise<HttpAnswer> {
    const where = this.#where(call);
    return new Promise((resolve, reject) => {
      const signal = this.#timeoutMs > 0 ? AbortSignal.timeout(this.#timeoutMs) : undefined;
      const transport = this.#base.protocol === 'https:' ? https : http;
      const request = transport.request(
        {
          protocol: this.#base.protocol,
          hostname: this.#base.hostname.replace(/^\[|\]$/g, ''),
          port: this.#base.port,
          method: call.method,
          path: this.#base.pathname.replace(/\/$/, '') + call.path,
          agent: this.#agent,
          headers: this.#headers(call, body),
          ...(signal ? { signal } : {}),
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', fail);
          response.on('end', () => {
            try {
              const status = response.statusCode ?? 0;
              resolve({
                status,
                headers: response.headers,
                body: parse(where, response, chunks, call.parse),
              });
            } catch (error) {
              reject(error);
            }
          });
        },
      );
      const fail = (error: Error) => reject(unreachable(where, error, signal, request.reusedSocket));
      request.on('error', fail);
      request.end(body ?? undefined);
    });
  }

  /** Queries can carry personal data: they stay out of messages and logs. */
  #where({ method, path }: HttpCall): string {
    return `${method} ${this.url}${path.split('?', 1)[0]}`;
  }

  #headers(call: HttpCall, body: Buffer | null): http.OutgoingHttpHeaders {
    return {
      accept: 'application/json, application/problem+json',
      ...(this.#bearer === null ? {} : { authorization: `Bearer ${this.#bearer}` }),
      ...(body === null ? {} : { 'content-type': 'application/json', 'content-length': body.length }),
      ...call.headers,
    };
  }
}

/** A kept-alive connection can be closed by the peer just as it is used again; nothing was answered then. */
function isStaleConnection(error: unknown): boolean {
  return error instanceof StaleConnection;
}

class StaleConnection extends ServiceUnreachable {}

function unreachable(where: string, error: Error, signal: AbortSignal | undefined, reused: boolean): Error {
  if (signal?.aborted)
    return new ServiceUnreachable('ACL_SERVICE_TIMEOUT', `${where}: no answer in time`, error);
  const code = (error as NodeJS.ErrnoException).code ?? error.message;
  const isReset = reused && (code === 'ECONNRESET' || code === 'EPIPE');
  const Kind = isReset ? StaleConnection : ServiceUnreachable;
  return new Kind('ACL_SERVICE_CONNECT', `${where}: out of reach (${code})`, error);
}

function parse(
  where: string,
  response: http.IncomingMessage,
  chunks: readonly Buffer[],
  read = JSON.parse,
): unknown {
  const text = Buffer.concat(chunks).toString('utf8');
  if (text === '' || !/[/+]json\b/.test(response.headers['content-type'] ?? '')) return null;
  try {
    return read(text);
  } catch (error) {
    throw new AclError('ACL_SERVICE_ANSWER', `${where}: the answer is no JSON`, error);
  }
}
