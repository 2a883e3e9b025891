import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Recorded = { readonly method: string; readonly path: string; readonly body: unknown };
type Answer = { readonly status: number; readonly body: unknown };

export const ADMIN_TOKEN = 'admin-secret';
export const RELAY_TOKEN = 'relay-secret';

/**
 * The admin API of a facade and the HTTP interface of a relay in one server on a real socket, as far as their
 * contracts go. `answers` overrides what a path answers; every request to /v1 is recorded.
 */
export class FakeControl {
  readonly requests: Recorded[] = [];
  readonly routes: Record<string, unknown>[] = [];
  readonly ledger: Record<string, unknown>[] = [];
  readonly answers = new Map<string, Answer | (() => Answer)>();
  readonly #server: Server = createServer((request, response) => void this.#handle(request, response));
  pageSize = 2;
  ledgerFault: string | null = null;
  ledgerFaultCode: string | null = null;
  /** Prometheus text. */
  metrics = '';

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return this.url;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((done) => this.#server.close(() => done()));
  }

  route(name: string, position: Record<string, unknown> = {}): void {
    const at = { stage: 'legacy', percent: 0, writer: 'legacy', paused: false, killed: false, version: 0 };
    this.routes.push({ route: name, ...at, ...position });
  }

  /** Appends an entry, chained to the one before it. */
  entry(values: Record<string, unknown>): void {
    const last = this.ledger.at(-1);
    const open = {
      seq: this.ledger.length + 1,
      at: '2026-11-23T10:00:00.000Z',
      type: 'transition',
      route: 'articles',
      stage: 'canary',
      percent: 10,
      writer: 'legacy',
      paused: false,
      killed: false,
      version: this.ledger.length + 1,
      plan: 'f'.repeat(64),
      actor: 'admin',
      reason: 'because',
      prev: last?.hash ?? '0'.repeat(64),
      ...values,
    };
    this.ledger.push({ ...open, hash: hashOfEntry(open) });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const method = request.method ?? 'GET';
    const { status, body } = this.#answer(method, url, text === '' ? undefined : JSON.parse(text), request);
    const type = status >= 400 ? 'application/problem+json' : 'application/json';
    response.writeHead(status, { 'content-type': type });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  }

  #answer(method: string, url: URL, body: unknown, request: IncomingMessage): Answer {
    const { pathname } = url;
    if (pathname.startsWith('/v1')) this.requests.push({ method, path: pathname + url.search, body });
    const planned = this.answers.get(`${method} ${pathname}`) ?? this.answers.get(pathname);
    if (planned) return typeof planned === 'function' ? planned() : planned;
    if (!pathname.startsWith('/v1')) {
      if (pathname === '/metrics') return { status: 200, body: this.metrics };
      if (pathname === '/version') return ok({ service: 'fake', version: '1.2.3', build: 'dev' });
      return pathname === '/readyz' || pathname === '/' || pathname === '/ping'
        ? ok({})
        : problem(404, 'FAKE', 'none');
    }
    const token = pathname.startsWith('/v1/sets') ? RELAY_TOKEN : ADMIN_TOKEN;
    if (request.headers.authorization !== `Bearer ${token}`) return problem(401, 'AUTH_TOKEN_INVALID', 'no');
    return this.#control(method, url, body as Record<string, unknown>);
  }

  #control(method: string, url: URL, body: Record<string, unknown>): Answer {
    const [, , collection, name, verb] = url.pathname.split('/');
    if (collection === 'sets' && name === undefined) return ok({ sets: [] });
    if (collection === 'ledger') return this.#page(url.searchParams);
    if (collection === 'reload') return ok({ hash: 'b'.repeat(64), previous: 'a'.repeat(64), changed: true });
    if (collection === 'kill') {
      const killed = this.routes.filter((route) => body.route === undefined || route.route === body.route);
      for (const route of killed) Object.assign(route, { killed: true, version: Number(route.version) + 1 });
      return ok({ routes: killed, pending: [] });
    }
    if (name === undefined) return ok({ routes: this.routes });
    const route = this.routes.find((candidate) => candidate.route === name);
    if (!route) return problem(404, 'ROUTE_UNKNOWN', `expected a route of the plan, got ${name}.`);
    if (verb === 'evidence') return ok({ ...NOTHING_KNOWN, route: name });
    if (method === 'GET') return ok({ ...route });
    if (verb === 'transitions') {
      if (body.expectedVersion !== route.version)
        return problem(409, 'ROUTE_VERSION_STALE', 'somebody was faster.');
      Object.assign(route, { stage: body.stage, percent: body.percent ?? 0 });
    }
    if (verb === 'rollback') Object.assign(route, { stage: 'legacy', percent: 0 });
    if (verb === 'pause') route.paused = true;
    if (verb === 'resume') Object.assign(route, { paused: false, killed: false });
    route.version = Number(route.version) + 1;
    return ok({ ...route });
  }

  #page(query: URLSearchParams): Answer {
    const after = Number(query.get('after') ?? 0);
    const route = query.get('route');
    const found = this.ledger.filter(
      (entry) => Number(entry.seq) > after && (route === null || entry.route === route),
    );
    const entries = found.slice(0, this.pageSize);
    const next = found.length > this.pageSize ? entries.at(-1)?.seq : null;
    return ok({ entries, next, fault: this.ledgerFault, faultCode: this.ledgerFaultCode });
  }
}

const NOTHING_KNOWN = {
  at: 'legacy',
  since: null,
  build: null,
  hash: 'h',
  verdict: 'pass',
  guardrails: [],
  bakeLeftMs: 0,
  parity: null,
  parityGap: null,
};

/** SHA-256 (hex) over key-value pairs in the order in which the facade lists them. */
export function hashOfEntry(open: object): string {
  return createHash('sha256')
    .update(JSON.stringify(Object.entries(open)))
    .digest('hex');
}

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

export function problem(status: number, code: string, detail: string): Answer {
  return { status, body: { type: 'about:blank', title: code, status, code, detail } };
}

/** An address where nothing listens any more. */
export async function addressOfNobody(): Promise<string> {
  const closed = new FakeControl();
  const url = await closed.listen();
  await closed.close();
  return url;
}
