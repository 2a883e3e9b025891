/** A request as a line of an access log tells it. */
export type LoggedRequest = { readonly method: string; readonly target: string; readonly status: string };

export const METHODS = 'GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS';
/** `… "GET /path?query HTTP/1.1" 200 …` of Apache, nginx and most others. */
const LINE = new RegExp(`"(${METHODS}) (/[^ "]*) HTTP/[\\d.]+" (\\d{3})`);
/** `$request` of nginx, as a value of its own. */
const REQUEST = new RegExp(`^(${METHODS}) (/\\S*) HTTP/[\\d.]+$`);
const METHOD = new RegExp(`^(?:${METHODS})$`);

/**
 * What nginx (as people write its `log_format`), Caddy, Traefik, pino and load balancers call it in JSON; `request.method`
 * stands in an object of its own.
 */
const NAMES = {
  request: ['request', 'request_line'],
  method: ['method', 'request_method', 'requestMethod', 'RequestMethod', 'http_method', 'verb'],
  target: ['request_uri', 'uri', 'requestUrl', 'RequestPath', 'url', 'path', 'target', 'original'],
  status: ['status', 'statusCode', 'status_code', 'DownstreamStatus', 'response_status', 'code'],
} as const;
/** Objects that hold parts of it. */
const WITHIN = ['request', 'req', 'response', 'res', 'http', 'httpRequest', 'url'];
/** Texts that hold a line of a log: what collectors of containers write. */
const TEXTS = ['log', 'message', 'msg'];

/** The request of a line, be it text or JSON; null when it tells none. */
export function loggedRequest(line: string): LoggedRequest | null {
  const entry = objectOf(line);
  if (entry === null) return told(LINE.exec(line));
  for (const name of TEXTS) {
    const text = entry[name];
    const within = typeof text === 'string' ? told(LINE.exec(text)) : null;
    if (within) return within;
  }
  const places = [entry, ...WITHIN.map((name) => objectIn(entry, name))];
  for (const name of ['request', 'response']) places.push(objectIn(objectIn(entry, 'http'), name));
  const find = (names: readonly string[], fits: (text: string) => boolean) =>
    places
      .flatMap((place) => names.map((name) => place[name]))
      .filter((value) => typeof value === 'string' || typeof value === 'number')
      .map(String)
      .find(fits);
  const status = find(NAMES.status, (text) => /^[1-5]\d\d$/.test(text)) ?? '';
  const [, ...whole] = REQUEST.exec(find(NAMES.request, (text) => REQUEST.test(text)) ?? '') ?? [];
  const method = whole[0] ?? find(NAMES.method, (text) => METHOD.test(text));
  const target = whole[1] ?? find(NAMES.target, (text) => /^(?:https?:\/\/[^/]+)?\//.test(text));
  return method === undefined || target === undefined
    ? null
    : { method, target: target.replace(/^https?:\/\/[^/]+/, ''), status };
}

/** Whether a file that begins with `head` has a JSON object in each line, and is no document of its own. */
export function isJsonLog(head: string): boolean {
  const lines = head
    .replace(/^\uFEFF/, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const first = objectOf(lines[0] ?? '');
  if (first === null || ['openapi', 'swagger', 'paths'].some((key) => key in first) || isHar(first))
    return false;
  return lines.length > 1 || loggedRequest(lines[0] as string) !== null;
}

const isHar = ({ log }: Record<string, unknown>) =>
  typeof log === 'object' && log !== null && 'entries' in log;

const told = (found: RegExpExecArray | null): LoggedRequest | null =>
  found && { method: String(found[1]), target: String(found[2]), status: String(found[3]) };

function objectOf(line: string): Record<string, unknown> | null {
  if (!line.trimStart().startsWith('{')) return null;
  try {
    return Object(JSON.parse(line));
  } catch {
    return null;
  }
}

const objectIn = (entry: Record<string, unknown>, name: string): Record<string, unknown> =>
  Object(entry[name]);
