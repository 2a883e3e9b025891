import { closeSync, createReadStream, openSync, readFileSync, readSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { learnTemplates } from '#facade/core/compare/index.ts';
import { Placeholders } from '#facade/core/redact/placeholders.ts';
import { redactUrl } from '#facade/core/redact/redact-url.ts';
import { parseMatch } from '#plan/model/match.ts';
import { readDocument } from '#plan/parity/contract-coverage.ts';
import { HarProblem, readHar } from '#plan/traffic/har.ts';
import { isJsonLog, loggedRequest, METHODS } from './log-line.ts';

/** An endpoint of a system, as a match of a plan writes it: `GET /articles/:slug`. `method` null: any. */
export type Endpoint = { readonly method: string | null; readonly path: string; readonly requests: number };

export type Source = {
  readonly kind: 'OpenAPI' | 'HAR' | 'access log' | 'list of routes';
  readonly endpoints: readonly Endpoint[];
  /** Where the system is, if the source says so. */
  readonly url: string | null;
  /** What all paths begin with, and no resource is: `/api/v1`. */
  readonly base: string;
  /** Lines or entries that could not be read. */
  readonly unread: number;
  /** Endpoints that a plan cannot match, as they were written. */
  readonly left: readonly string[];
};

/** A source of endpoints that is none; the message says what was expected, what was got and what to do. */
export class SourceProblem extends Error {}

const OPERATIONS = new Set(['get', 'put', 'post', 'delete', 'patch', 'head', 'options', 'trace']);
const ROUTE_LINE = new RegExp(`^\\s*(${METHODS}|\\*)\\s+(/\\S*)\\s*$`);
/** So much of a file tells what it is; a HAR or a log may be larger than memory. */
const HEAD_BYTES = 65_536;
/** More paths than this say nothing new about the endpoints. */
const MAX_PATHS = 200_000;

/**
 * Reads the endpoints of a system from an OpenAPI document, a HAR file, an access log or a list of `METHOD /path` lines;
 * which of them it is its content says. Rejects with SourceProblem.
 */
export async function readEndpoints(file: string): Promise<Source> {
  const head = headOf(file);
  if (head.trim() === '')
    throw new SourceProblem(
      `expected endpoints in ${file}, got an empty file. Name another one with --from.`,
    );
  const source = await read(file, head);
  if (source.endpoints.length === 0)
    throw new SourceProblem(
      `expected endpoints in ${file} (OpenAPI with paths, HAR, access log, or lines \`GET /path\`), got ${source.kind === 'access log' ? 'no request in any line' : `none in this ${source.kind}`}. Name another file with --from.`,
    );
  return source;
}

function read(file: string, head: string): Source | Promise<Source> {
  if (isJsonLog(head)) return fromLog(file);
  if (/^\uFEFF?\s*\{/.test(head)) return /"log"\s*:\s*\{/.test(head) ? fromHar(file) : fromOpenApi(file);
  if (/^["']?(?:openapi|swagger)["']?\s*:/m.test(head)) return fromOpenApi(file);
  const lines = head.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return lines.some((line) => ROUTE_LINE.test(line)) ? fromRoutes(file) : fromLog(file);
}

function headOf(file: string): string {
  try {
    const opened = openSync(file, 'r');
    try {
      const head = Buffer.alloc(HEAD_BYTES);
      return head.toString('utf8', 0, readSync(opened, head, 0, HEAD_BYTES, 0));
    } finally {
      closeSync(opened);
    }
  } catch (error) {
    throw new SourceProblem(
      `expected endpoints in ${file}, got ${(error as NodeJS.ErrnoException).code}. Name an existing file with --from.`,
    );
  }
}

function fromOpenApi(file: string): Source {
  let document: {
    paths: Record<string, Record<string, unknown>>;
    servers?: Server[];
    basePath?: unknown;
    host?: unknown;
    schemes?: unknown[];
  };
  try {
    document = readDocument(file) as typeof document;
  } catch (error) {
    throw new SourceProblem(`${(error as Error).message}. Name another file with --from.`);
  }
  const written = addressOf(document.servers?.[0]);
  const server = written.startsWith('//') ? `http:${written}` : written;
  const named =
    server === '' && document.host ? `${document.schemes?.[0] ?? 'http'}://${document.host}` : server;
  const url = URL.canParse(named) ? new URL(named) : null;
  const base = String(document.basePath ?? (server.startsWith('/') ? server : (url?.pathname ?? ''))).replace(
    /\/$/,
    '',
  );
  const found = Object.entries(document.paths).flatMap(([path, item]): (Endpoint | string)[] => {
    const elsewhere = Object(item).$ref;
    if (elsewhere !== undefined) return [`${path} ($ref: ${elsewhere})`];
    return Object.keys(item ?? {})
      .filter((key) => OPERATIONS.has(key))
      .map(
        (method) => endpointOf(method.toUpperCase(), `${base}/${path}`) ?? `${method.toUpperCase()} ${path}`,
      );
  });
  return distinct('OpenAPI', found, { url: url?.origin ?? null, base });
}

type Server = { url?: unknown; variables?: Record<string, { default?: unknown } | null> };

/** The address of a server, its variables as they are by default. */
const addressOf = ({ url = '', variables = {} }: Server = {}): string =>
  String(url).replace(/\{(\w+)\}/g, (written, name) => String(variables[name]?.default ?? written));

/**
 * An endpoint as a plan can match it, or null: `{id}` and what Express can write beyond the patterns of a plan become
 * `:name` or `*rest`; the name of a parameter stands once.
 */
function endpointOf(method: string | null, written: string, requests = 0): Endpoint | null {
  const names = new Set<string>();
  const parameter = (given: string) => {
    const name = given.replace(/\W/g, '_').replace(/^(?=\d|$)/, 'p');
    let own = name;
    for (let n = 2; names.has(own); n++) own = `${name}${n}`;
    names.add(own);
    return `:${own}`;
  };
  const all = written
    .replace(/[?#].*$/s, '')
    .split('/')
    .filter((segment) => segment !== '');
  const segments = all.map((segment, n) => {
    if (/^\{?\*\w*\}?$|^\(\.\*\)$/.test(segment)) return n === all.length - 1 ? '*rest' : parameter('any');
    const name = /^(?:\{([^}]+)\}|:(\w+)(?:\(.*\))?\??)$/.exec(segment);
    if (name) return parameter(name[1] ?? name[2] ?? 'id');
    return /[{}():?*]/.test(segment) ? parameter(`part${n + 1}`) : encodedOnce(segment.replace(/;.*$/, ''));
  });
  const path = `/${segments.join('/')}`;
  const match = segments.includes(null) ? null : parseMatch(method === null ? path : `${method} ${path}`);
  return match?.ok ? { method, path, requests } : null;
}

function encodedOnce(segment: string): string | null {
  try {
    return encodeURI(decodeURI(segment));
  } catch {
    return null;
  }
}

/** What a plan would take for one: letters of either case, any names of parameters. */
const sameAs = ({ method, path }: Endpoint) =>
  `${method ?? '*'} ${path.replace(/(?<=\/[:*])\w+/g, '').toLowerCase()}`;

/** One of each, with what became of the rest. */
function distinct(
  kind: Source['kind'],
  found: readonly (Endpoint | string)[],
  { url = null, base = '', unread = 0 }: { url?: string | null; base?: string; unread?: number } = {},
): Source {
  const left = found.filter((one) => typeof one === 'string');
  const endpoints = new Map<string, Endpoint>();
  for (const one of found) {
    if (typeof one === 'string') continue;
    const known = endpoints.get(sameAs(one));
    endpoints.set(sameAs(one), known ? { ...known, requests: known.requests + one.requests } : one);
  }
  return { kind, endpoints: [...endpoints.values()], url, base, unread, left };
}

function fromRoutes(file: string): Source {
  let unread = 0;
  const found = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .flatMap((line): (Endpoint | string)[] => {
      const [, method, path] = ROUTE_LINE.exec(line) ?? [];
      if (method === undefined || path === undefined) {
        unread++;
        return [];
      }
      // A route or a mount of Express that is a regular expression.
      if (path.includes('/RegExp(')) return [line.trim()];
      return [endpointOf(method === '*' ? null : method, path) ?? line.trim()];
    });
  return distinct('list of routes', found, { unread });
}

async function fromHar(file: string): Promise<Source> {
  const paths = new PathCount();
  let unread = 0;
  try {
    for await (const { method, target } of readHar(file, () => unread++)) paths.add(method, target);
  } catch (error) {
    if (error instanceof HarProblem) throw new SourceProblem(`${file}: ${error.message}. Export it again.`);
    throw error;
  }
  return distinct('HAR', paths.endpoints(), { unread });
}

async function fromLog(file: string): Promise<Source> {
  const paths = new PathCount();
  let unread = 0;
  for await (const line of createInterface({
    input: createReadStream(file),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    const request = loggedRequest(line);
    if (request === null) unread += line.trim() === '' ? 0 : 1;
    // What nobody knows there, scanners ask for.
    else if (request.status !== '404' && request.status !== '400') paths.add(request.method, request.target);
  }
  return distinct('access log', paths.endpoints(), { unread });
}

/** Paths of requests, folded into endpoints: numbers, ids and slugs are parameters. */
class PathCount {
  readonly #counts = new Map<string, number>();

  add(method: string, target: string): void {
    // SECURITY: a plan stands in a repository; tokens and addresses of people in paths are ids like others.
    const path = redactUrl(target.replace(/[?#;].*$/s, ''), new Placeholders()).replace(
      /REDACTED-[\w-]+/g,
      '0',
    );
    if (!path.startsWith('/') || method === 'OPTIONS') return;
    const key = `${method === 'HEAD' ? 'GET' : method} ${path}`;
    const known = this.#counts.get(key);
    if (known !== undefined || this.#counts.size < MAX_PATHS) this.#counts.set(key, (known ?? 0) + 1);
  }

  endpoints(): (Endpoint | string)[] {
    const templates = learnTemplates({ known: [] });
    const keys = [...this.#counts.keys()].map((key) => key.split(' ') as [string, string]);
    // Learned from all of them first, so that the first slug is one as well.
    for (const [, path] of keys) templates.templateOf(path);
    const sums = new Map<string, number>();
    for (const [method, path] of keys) {
      const key = `${method} ${templates.templateOf(path)}`;
      sums.set(key, (sums.get(key) ?? 0) + (this.#counts.get(`${method} ${path}`) ?? 0));
    }
    return [...sums].map(([key, requests]) => {
      const [method = 'GET', path = '/'] = key.split(' ');
      return endpointOf(method, path, requests) ?? key;
    });
  }
}
