import { differences } from './differences.ts';
import { type Asked, type Endpoint, endpointOf } from './endpoints.ts';
import { headerOf, type RawAnswer, type RawRequest, rawExchange } from './raw-exchange.ts';

/** The cookies of one person at both monoliths: each has sessions of its own. */
export type Person = { readonly direct: string; readonly through: string };
type Ask = Omit<RawRequest, 'method' | 'target'> & { readonly json?: unknown; readonly form?: string };

/**
 * Two monoliths on databases with the same rows, one of them behind a facade. Both are asked the same and must answer
 * the same; whatever a request changes, it changes at both.
 */
export class Pair {
  readonly asked: Asked[] = [];
  readonly #origins: { readonly direct: string; readonly through: string };
  readonly #host: string;
  readonly #endpoints: readonly Endpoint[];

  constructor(
    origins: { readonly direct: string; readonly through: string },
    host: string,
    endpoints: readonly Endpoint[],
  ) {
    this.#origins = origins;
    this.#host = host;
    this.#endpoints = endpoints;
  }

  /** The direct answer, after both were found equal and their status to be `status`. Throws with all that differs. */
  async ask(
    who: Person | null,
    status: number,
    method: string,
    target: string,
    ask: Ask = {},
  ): Promise<RawAnswer> {
    const [direct] = await this.both(who, status, method, target, ask);
    return direct;
  }

  /** As `ask`, whatever the status is. */
  async sameOf(who: Person | null, method: string, target: string, ask: Ask = {}): Promise<void> {
    await this.both(who, null, method, target, ask);
  }

  async both(
    who: Person | null,
    status: number | null,
    method: string,
    target: string,
    { json, form, headers = [], ...rest }: Ask = {},
  ): Promise<[RawAnswer, RawAnswer]> {
    const request = (cookie: string): RawRequest => ({
      method,
      target,
      headers: [
        ...(cookie === '' ? [] : [['Cookie', cookie] as const]),
        ...(json === undefined ? [] : [['Content-Type', 'application/json'] as const]),
        ...(form === undefined ? [] : [['Content-Type', 'application/x-www-form-urlencoded'] as const]),
        ...headers,
      ],
      ...(json === undefined ? {} : { body: Buffer.from(JSON.stringify(json)) }),
      ...(form === undefined ? {} : { body: Buffer.from(form) }),
      ...rest,
    });
    const answers = await Promise.all([
      rawExchange(this.#origins.direct, this.#host, request(who?.direct ?? '')),
      rawExchange(this.#origins.through, this.#host, request(who?.through ?? '')),
    ]);
    const endpoint = endpointOf(this.#endpoints, method, target);
    if (endpoint) this.asked.push({ endpoint, status: answers[0].status, strange: who === null });
    const found = differences(...answers);
    if (status !== null && answers[0].status !== status)
      found.unshift(`expected ${status}, got ${answers[0].statusLine}: ${answers[0].body.subarray(0, 200)}`);
    if (found.length > 0) throw new Error(`${method} ${target}\n  ${found.join('\n  ')}`);
    return answers;
  }

  async login(name: string): Promise<Person> {
    const answers = await this.both(null, 200, 'POST', '/api/login', { json: { user: name, pass: name } });
    const [direct, through] = answers.map((answer) => cookieOf(answer)) as [string, string];
    return { direct, through };
  }
}

/** The cookie that an answer sets, as it is sent back. */
export function cookieOf(answer: RawAnswer): string {
  const line = headerOf(answer, 'set-cookie');
  if (line === undefined) throw new Error('expected an answer with a cookie, got none');
  return line.split(';', 1)[0]!;
}
