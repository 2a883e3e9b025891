import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Response, Test } from 'supertest';
import {
  type Answer,
  errorsOf,
  type Operation,
  operationsOf,
  readDocument,
  type Schema,
} from './document.ts';

/** What carries an answer, or comes from Express and Node with each one. */
const CARRIERS = new Set(
  'connection content-length content-type date etag keep-alive transfer-encoding vary x-powered-by'.split(
    ' ',
  ),
);
/** Refusals that depend on the rows there are, so that no schema can foresee them. */
const OF_THE_ROWS = new Set([
  'already blocked',
  'customer unknown',
  'freelancer unknown',
  'month is not over',
  'more than 24 hours',
  'not yourself',
  'parent is below',
  'parent unknown',
  'project unknown',
  'wrong state',
]);

const document = readDocument();
const operations = operationsOf(document);
const ajv = new Ajv2020({ strict: false, allErrors: true, multipleOfPrecision: 6 });
addFormats.default(ajv);
ajv.addFormat('german-day', isDay);
ajv.addSchema(document, 'api');

/** Holds every answer against the contract, and remembers which of its answers were given. */
export class Recorder {
  readonly #met = new Set<string>();

  /** For `agent.use`: an answer that the contract does not have fails the request that got it. */
  readonly plugin = (test: Test): void => {
    const announced = new Set<unknown>();
    const { expect } = test as unknown as { expect(...given: unknown[]): Test };
    Object.assign(test, {
      expect: (...given: unknown[]) => {
        announced.add(given[0]);
        return expect.apply(test, given);
      },
    });
    test.expect((res: Response) => this.check(test, res, announced));
  };

  /** `announced` are the statuses that the test says it expects. */
  check(test: Test, res: Response, announced: ReadonlySet<unknown>): void {
    const method = test.method.toLowerCase();
    const { pathname } = new URL(test.url);
    const label = `${test.method} ${pathname} ${res.status}`;
    // the contract has a 500 nearly everywhere, so that nobody would notice one more
    if (res.status >= 500 && !announced.has(res.status))
      throw new Error(`${label}: the test does not expect it: ${textOf(res)}`);
    const found = operationAt(method === 'head' ? 'get' : method, pathname);
    if (!found) {
      // as it was sent: a URL has no `..` any more
      const [path = '', search] = test.url.replace(/^\w+:\/\/[^/]+/, '').split('?');
      checkUnknown(label, { method: test.method, path, search: search ? `?${search}` : '' }, res);
      return;
    }
    const answer = found.answers.get(res.status);
    if (!answer) throw new Error(`${label}: the contract has no such status: ${textOf(res)}`);
    checkHeaders(label, answer, res);
    this.#met.add(`${found.id} ${res.status}`);
    if (method === 'head') return;
    const error = checkBody(label, answer, res);
    if (error !== null) this.#met.add(`${found.id} ${res.status} ${error}`);
    checkRequest(label, found, test, res.status, error);
  }

  /** What the contract has for these tags and was never answered: statuses, and each sentence of an error. */
  unmet(tags: readonly string[]): string[] {
    const wanted = operations
      .filter(({ tag }) => tags.includes(tag))
      .flatMap(({ id, answers }) =>
        [...answers].flatMap(([status, { content }]) => [
          `${id} ${status}`,
          ...Object.values(content).flatMap(({ schema }) =>
            errorsOf(document, schema).map((error) => `${id} ${status} ${error}`),
          ),
        ]),
      );
    return wanted.filter((label) => !this.#met.has(label));
  }
}

export function operationsWith(tags: readonly string[]): Operation[] {
  return operations.filter(({ tag }) => tags.includes(tag));
}

function operationAt(method: string, pathname: string): Operation | undefined {
  return operations.find((operation) => operation.method === method && operation.pattern.test(pathname));
}

type Asked = { readonly method: string; readonly path: string; readonly search: string };

/** What every path and method answers that the application does not have, to the letter. */
function checkUnknown(label: string, { method, path, search }: Asked, res: Response): void {
  const wrong = (what: string) => new Error(`${label}: not in the contract, and ${what}: ${textOf(res)}`);
  const header = (name: string) => String(res.headers[name] ?? '');
  const carried = Object.keys(res.headers).filter((name) => !CARRIERS.has(name));
  const isApi = /^\/api(\/|$)/i.test(path);
  if (res.status === 401 && isApi) {
    if (textOf(res) !== '{"error":"not logged in"}') throw wrong('the 401 is another one');
    if (carried.length > 0) throw wrong(`has ${carried}`);
  } else if (res.status === 302 && !isApi) {
    const next = method === 'GET' ? `?next=${encodeURIComponent(path + search)}` : '';
    if (!header('location').endsWith(`/login${next}`)) throw wrong(`leads to ${header('location')}`);
    if (carried.join() !== 'location') throw wrong(`has ${carried}`);
  } else if (res.status === 404) {
    if (!textOf(res).includes(`<pre>Cannot ${method} ${path}</pre>`)) throw wrong('the 404 is another one');
    if (header('content-security-policy') !== "default-src 'none'") throw wrong('lacks its policy');
    if (header('x-content-type-options') !== 'nosniff') throw wrong('may be sniffed');
    if (header('etag') !== '') throw wrong('has an ETag');
  } else if (res.status === 200 && method === 'OPTIONS') {
    const methods = operations
      .filter(({ pattern }) => pattern.test(path))
      .flatMap((operation) => (operation.method === 'get' ? ['get', 'head'] : [operation.method]));
    const allow = methods.join(', ').toUpperCase().split(', ').sort().join(', ');
    if (methods.length === 0 || header('allow') !== allow || textOf(res) !== allow)
      throw wrong(`allows ${header('allow')}, not ${allow}`);
  } else throw wrong('is answered');
}

function checkHeaders(label: string, answer: Answer, res: Response): void {
  for (const [name, { required, schema }] of Object.entries(answer.headers)) {
    const given = res.headers[name] as string | string[] | undefined;
    if (given === undefined) {
      if (required) throw new Error(`${label}: no header ${name}`);
      continue;
    }
    const validate = validatorOf(schema);
    for (const one of [given].flat()) {
      const value = schema.type === 'integer' && /^\d+$/.test(one) ? Number(one) : one;
      if (!validate(value))
        throw new Error(`${label}: header ${name}: ${ajv.errorsText(validate.errors)}: ${one}`);
    }
  }
  const mediaType = String(res.headers['content-type'] ?? '');
  const tagged = ![301, 302].includes(res.status) && !/^(text\/csv|application\/pdf)/.test(mediaType);
  if (tagged !== String(res.headers.etag ?? '').startsWith('W/'))
    throw new Error(`${label}: ${tagged ? 'has no weak ETag' : 'has an ETag'}`);
  for (const name of Object.keys(res.headers)) {
    if (!CARRIERS.has(name) && !(name in answer.headers)) throw new Error(`${label}: header ${name} is new`);
  }
}

/** Gives the error of the answer, null when it is none. */
function checkBody(label: string, answer: Answer, res: Response): string | null {
  const text = textOf(res);
  const mediaType = String(res.headers['content-type'] ?? '').split(';')[0]!;
  if (Object.keys(answer.content).length === 0) {
    if (text !== '') throw new Error(`${label}: a body that the contract does not have: ${text}`);
    return null;
  }
  // to whoever accepts neither HTML nor text
  if (res.status === 302 && text === '' && mediaType === '') return null;
  if (!(mediaType in answer.content)) throw new Error(`${label}: the contract does not have ${mediaType}`);
  const value = mediaType === 'application/json' ? JSON.parse(text) : text;
  const validate = validatorAt(
    `${answer.at}/content/${encodeURIComponent(mediaType.replace('/', '~1'))}/schema`,
  );
  if (!validate(value))
    throw new Error(`${label}: ${ajv.errorsText(validate.errors)}: ${text.slice(0, 500)}`);
  const { error } = Object(value) as { error?: unknown };
  return typeof error === 'string' ? error : null;
}

/** What is taken fits the schema of the request, and what is refused for itself does not. */
function checkRequest(
  label: string,
  operation: Operation,
  test: Test,
  status: number,
  error: string | null,
): void {
  const { _data, _header } = test as unknown as { _data: unknown; _header: Record<string, string> };
  const mediaType = _header['content-type']?.split(';')[0] ?? 'application/json';
  if (!operation.body || !(mediaType in operation.body.content) || error === 'bad request') return;
  if (mediaType !== 'application/json' && mediaType !== 'application/x-www-form-urlencoded') return;
  const taken = status === 200 && error === null && !operation.answers.get(200)!.content['text/html'];
  const refused = status === 400 && error !== null && !OF_THE_ROWS.has(error);
  if (!taken && !refused) return;
  const sent = mediaType === 'application/json' ? asJson(_data) : asForm(_data);
  const validate = validatorAt(
    `${operation.body.at}/content/${encodeURIComponent(mediaType.replace('/', '~1'))}/schema`,
  );
  const fits = validate(sent);
  if (taken && !fits)
    throw new Error(
      `${label}: took what the contract refuses: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(sent)}`,
    );
  if (refused && fits)
    throw new Error(`${label}: refused what the contract takes: ${error}: ${JSON.stringify(sent)}`);
}

function asJson(data: unknown): unknown {
  if (data === undefined) return {};
  return JSON.parse(typeof data === 'string' ? data : JSON.stringify(data));
}

function asForm(data: unknown): unknown {
  if (typeof data === 'string') return Object.fromEntries(new URLSearchParams(data));
  return Object.fromEntries(Object.entries(Object(data)).map(([key, value]) => [key, String(value)]));
}

function textOf(res: Response): string {
  if (typeof res.text === 'string') return res.text;
  return Buffer.isBuffer(res.body) ? res.body.toString('latin1') : '';
}

export function validatorAt(at: string): ValidateFunction {
  return ajv.getSchema(`api${at}`) ?? ajv.compile({ $ref: `api${at}` });
}

const compiled = new Map<Schema, ValidateFunction>();
function validatorOf(schema: Schema): ValidateFunction {
  const validate = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, validate);
  return validate;
}

function isDay(text: string): boolean {
  const [day, month, year] = text.split('.').map(Number) as [number, number, number];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCDate() === day && date.getUTCMonth() === month - 1;
}
