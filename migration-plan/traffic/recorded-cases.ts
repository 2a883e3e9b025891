import { isMap, isSeq, parseDocument, type YAMLSeq } from 'yaml';
import { type EndpointTemplates, learnTemplates } from '#facade/core/compare/index.ts';
import { compileRedaction, Redactor } from '#facade/core/redact/redactor.ts';
import type { Plan, Route } from '#plan/model/plan.ts';
import type { RecordedExchange } from '#plan/model/recorded-exchange.ts';
import { isSafe, routeOf } from '#plan/parity/route-match.ts';

/** What became of the exchanges of a recording. */
export type AddedCases = {
  /** The suite, with the new cases at its end; comments and order of the others stay. */
  readonly text: string;
  /** Names of the new ones. */
  readonly added: readonly string[];
  /** Exchanges of endpoints and outcomes that the suite or an earlier exchange has already. */
  readonly repeated: number;
  /** Exchanges that make no case, by reason. */
  readonly left: ReadonlyMap<string, number>;
};

/** Headers that decide what is answered; all others are of the client. */
const TOLD = new Set(['accept', 'accept-language', 'content-type', 'prefer', 'x-requested-with']);
const LEFT = {
  otherRoute: 'another route',
  redacted: 'a secret was taken out of the request',
  body: 'its body is no text, or was not kept whole',
  secret: 'it holds what looks like a secret',
  hole: 'it holds `{{`, which a suite takes for a captured value',
  conditional: 'answered 206 or 304: about what the client had already',
};

/**
 * Makes parity cases of a recording, one for each endpoint and outcome. `suite` is the text of the suite, null when there
 * is none yet; `user` is whose session cases get that had one, null for none.
 */
export async function addRecordedCases(
  exchanges: AsyncIterable<RecordedExchange>,
  { plan, route, suite, user }: { plan: Plan; route: Route; suite: string | null; user: string | null },
): Promise<AddedCases> {
  const document = parseDocument(
    suite ??
      `# Made by \`fig parity ${route.name} --add\` from what clients did.\nparity: ${route.name}\ncases: []\n`,
  );
  const list = document.get('cases');
  if (!isSeq(list)) throw new Error('expected `cases` to be a list');
  list.flow = false;
  const names = new Set(list.items.flatMap((one) => (isMap(one) ? String(one.get('name')) : [])));
  const templates = learnTemplates({ known: route.match.filter(({ pattern }) => !pattern.includes('*')) });
  const added: string[] = [];
  const left = new Map<string, number>();
  let repeated = 0;
  for await (const exchange of exchanges) {
    const why = reasonToLeave(exchange, plan, route);
    if (why !== null) {
      left.set(why, (left.get(why) ?? 0) + 1);
      continue;
    }
    const name = nameOf(exchange, plan, templates);
    if (names.has(name)) {
      repeated++;
      continue;
    }
    names.add(name);
    added.push(name);
    addCase(list, document.createNode(literally(caseOf(exchange, name, plan, user))));
  }
  return { text: document.toString({ lineWidth: 0 }), added, repeated, left };
}

function reasonToLeave(
  { method, target, headers, redacted, body, status }: RecordedExchange,
  plan: Plan,
  route: Route,
): string | null {
  if (routeOf(plan, method, pathOf(target))?.route.name !== route.name) return LEFT.otherRoute;
  if (redacted) return LEFT.redacted;
  if (`${target}${body.text ?? ''}`.includes('{{')) return LEFT.hole;
  if (holdsSecret(target, headers, body.text, plan)) return LEFT.secret;
  if (body.tooLarge || body.digest !== null) return LEFT.body;
  return status === 206 || status === 304 ? LEFT.conditional : null;
}

/** Of a HAR file nothing was taken out; a suite stands in a repository. */
function holdsSecret(
  target: string,
  headers: RecordedExchange['headers'],
  text: string | null,
  plan: Plan,
): boolean {
  const redactor = new Redactor(compileRedaction(plan.redact));
  const type = String(headers['content-type'] ?? '');
  for (const [name, value] of Object.entries(headers))
    for (const one of [value].flat()) redactor.header(name, one);
  const isHeld = (shown: string, whole: string) => redactor.urlWithoutEchoes(shown) !== whole;
  return isHeld(redactor.url(target), target) || (text !== null && isHeld(redactor.body(text, type), text));
}

/** As a suite has to write it: `${NAME}` would be a variable of whoever runs it. */
const literal = (text: string) => text.replace(/\$(?=[${])/g, '$$$$');

function literally(value: unknown): unknown {
  if (typeof value === 'string') return literal(value);
  if (Array.isArray(value)) return value.map(literally);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, literally(item)]));
}

const pathOf = (target: string) => target.replace(/\?.*$/s, '');

/** Endpoint and outcome: `recorded: GET /api/articles/:slug ?page 200`. Queries with other keys ask for something else. */
function nameOf(
  { method, target, status }: RecordedExchange,
  plan: Plan,
  templates: EndpointTemplates,
): string {
  const pattern = routeOf(plan, method, pathOf(target))?.match.pattern ?? '*';
  const endpoint = pattern.includes('*') ? templates.templateOf(pathOf(target)) : pattern;
  const keys = [...new Set(new URLSearchParams(target.split('?')[1] ?? '').keys())].sort().join('&');
  return `recorded: ${method} ${endpoint}${keys === '' ? '' : ` ?${keys}`} ${status}`;
}

function caseOf(
  { method, target, headers, body, status, session }: RecordedExchange,
  name: string,
  plan: Plan,
  user: string | null,
): object {
  const told = Object.fromEntries(
    Object.entries(headers).filter(([key, value]) => TOLD.has(key) && value !== '*/*' && value !== '*'),
  );
  const sent = bodyKeys(body.text, String(told['content-type'] ?? ''));
  if ('json' in sent) delete told['content-type'];
  const safe = isSafe(method, routeOf(plan, method, pathOf(target))?.match ?? null);
  return {
    name,
    ...(session !== null && user !== null ? { as: user } : {}),
    request: `${method} ${target.replaceAll(' ', '%20').replaceAll('#', '%23')}`,
    ...(Object.keys(told).length > 0 ? { headers: told } : {}),
    ...sent,
    status,
    ...(safe && !['GET', 'HEAD', 'OPTIONS', 'TRACE'].includes(method) ? { safe: true } : {}),
  };
}

function bodyKeys(text: string | null, type: string): { json?: unknown; body?: string } {
  if (text === null) return {};
  if (!/[/+]json\b/.test(type)) return { body: text };
  try {
    // Numbers that JavaScript writes otherwise would be sent as others.
    let exact = true;
    const value: unknown = JSON.parse(text, ((
      _key: string,
      own: unknown,
      { source }: { source?: string },
    ) => {
      if (typeof own === 'number' && String(own) !== source) exact = false;
      return own;
    }) as never);
    return exact ? { json: value } : { body: text };
  } catch {
    return { body: text };
  }
}

function addCase(list: YAMLSeq, node: unknown): void {
  if (isMap(node)) {
    const short = String(node).length < 110;
    node.flow = short;
  }
  list.add(node);
}
