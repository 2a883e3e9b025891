import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { publishedDocument } from '../http/admin/published-document.ts';
import { type TestFacade, TOKEN } from './facade-of.ts';
import { ask } from './raw-client.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are read freely in tests.
type Json = any;
export type AdminCall = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Json>;

type Response = { readonly content?: Readonly<Record<string, object>> };
type Described = { readonly responses: Readonly<Record<string, Response>> };

const document = publishedDocument();
const paths = document.paths as Record<string, Record<string, Described>>;
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(document, 'api');
const described = Object.entries(paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([method, { responses }]) => {
    const pattern = new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`);
    return { path, method, responses, pattern };
  }),
);
const met = new Set<string>();

/** Operations with their statuses that are described and that no call of this process has met. */
export function unmetAnswers(): string[] {
  const all = described.flatMap(({ path, method, responses }) =>
    Object.keys(responses).map((status) => `${method} ${path} ${status}`),
  );
  return all.filter((label) => !met.has(label) && !label.endsWith(' default'));
}

/** Calls the admin API of a facade; an answer that its OpenAPI document does not describe is an error. */
export function adminClient(facade: Pick<TestFacade, 'adminUrl'>): AdminCall {
  return async (method, path, body, headers = {}) => {
    const answer = await ask(facade.adminUrl, {
      path,
      method,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = answer.body.toString();
    if (/\bat .*\.ts:\d+/.test(text)) throw new Error(`a stack in the answer: ${text}`);
    const contentType = answer.headers['content-type'] ?? '';
    const json = /[/+]json/.test(contentType) ? JSON.parse(text) : { text };
    meet(method, path, answer.status, contentType.split(';')[0] ?? '', json);
    return { ...json, status: answer.status, contentType };
  };
}

/** Counts an answer as met; throws unless it is one that the document describes. */
export function meet(
  method: string,
  target: string,
  status: number,
  mediaType: string,
  json?: unknown,
): void {
  const path = target.split('?')[0] ?? '';
  const found = described.find((one) => one.method === method.toLowerCase() && one.pattern.test(path));
  if (!found) return;
  const label = `${method} ${path} ${status} ${mediaType}`;
  if (!found.responses[status]?.content?.[mediaType]) throw new Error(`${label} is not described`);
  met.add(`${found.method} ${found.path} ${status}`);
  if (!/[/+]json$/.test(mediaType)) return;
  const steps = ['paths', found.path, found.method, 'responses', String(status), 'content', mediaType];
  const pointer = steps.map((step) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1')));
  const validate = ajv.compile({ $ref: `api#/${pointer.join('/')}/schema` });
  if (!validate(json))
    throw new Error(`${label}: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(json)}`);
}
