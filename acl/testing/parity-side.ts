import { DRY_RUN_PREFIX, signDryRun } from '#plan/model/dry-run.ts';
import { type RawAnswer, type RawRequest, rawRequest } from './raw-http.ts';
import { DRY_RUN_SECRET, type World } from './world.ts';

/** One step of a sequence that is sent to both sides. `:new` stands for the id that the side gave its last new row. */
export type Write = {
  readonly name: string;
  readonly as: 'admin' | 'disp' | 'guest' | 'nobody';
  readonly method: 'POST' | 'PUT' | 'DELETE' | 'GET';
  readonly path: string;
  /** Sent as JSON, or as a form when it is a text. */
  readonly body?: unknown;
};
/** Where rows are made, and which key of an answer is their id. */
type Kind = { readonly list: string; readonly id: string };
type Taken = { readonly status: number; readonly body: unknown; readonly total: unknown };
type Compared = { readonly status: number; readonly headers: Record<string, unknown>; readonly body: string };

const TIMES: readonly string[] = ['changed', 'created', 'appr_at'];

/** Everything of an answer but the time it was given. */
export function compared({ status, headers, body }: RawAnswer): Compared {
  const { date: _, ...rest } = headers;
  return { status, headers: rest, body };
}

export async function bothAnswers(world: World, request: RawRequest) {
  const [legacy, gateway] = await Promise.all([
    rawRequest(world.legacy, request),
    rawRequest(world.gateway, request),
  ]);
  return { legacy, gateway };
}

/** Those of the requests that the two answer otherwise, in status, headers or bytes. */
export async function differences(world: World, requests: readonly RawRequest[]): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const request of requests) {
    const { legacy, gateway } = await bothAnswers(world, request);
    const [expected, got] = [compared(legacy), compared(gateway)];
    if (JSON.stringify(got) === JSON.stringify(expected)) continue;
    const short = (answer: Compared) => ({ ...answer, body: answer.body.slice(0, 200) });
    found.push({
      ...request,
      body: request.body?.slice(0, 80),
      expected: short(expected),
      got: short(got),
    });
  }
  return found;
}

/** One of the two, with its own new ids; answers are compared with those and with times by their shape. */
export class Side {
  readonly #url: string;
  readonly #cookies: Readonly<Record<Write['as'], string>>;
  readonly #born: number[] = [];
  readonly #kind: Kind;

  constructor(url: string, cookies: Readonly<Record<Write['as'], string>>, kind: Kind) {
    this.#url = url;
    this.#kind = kind;
    this.#cookies = cookies;
  }

  async take(write: Write): Promise<Taken> {
    const answer = await this.#send(write, write.path);
    const json = JSON.parse(answer.body);
    const id = this.#createdBy(write, json);
    if (id !== undefined) this.#born.push(id);
    return { status: answer.status, total: answer.headers['x-total-count'], body: this.#shaped(json) };
  }

  /** What `take` would answer, by a dry run. */
  async rehearse(write: Write): Promise<Taken> {
    const answer = await this.#send(write, write.path, DRY_RUN_PREFIX);
    const done = answer.headers['x-fig-dry-run'];
    if (done !== 'done') throw new Error(`${write.name}: ${answer.status} ${answer.body} (${done})`);
    const json = JSON.parse(answer.body);
    const id = this.#createdBy(write, json);
    const born = id === undefined ? this.#born : [...this.#born, id];
    return { status: answer.status, total: answer.headers['x-total-count'], body: this.#shaped(json, born) };
  }

  #send({ as, method, body }: Write, path: string, prefix = ''): Promise<RawAnswer> {
    const isForm = typeof body === 'string';
    const target = path.replace(':new', String(this.#born.at(-1) ?? 'none'));
    const text = isForm ? body : body === undefined ? '' : JSON.stringify(body);
    const signed = { method, target, body: Buffer.from(text) };
    return rawRequest(this.#url, {
      method,
      path: prefix + target,
      headers: {
        cookie: this.#cookies[as],
        'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json',
        ...(prefix === '' ? {} : { 'x-fig-signature': signDryRun(signed, DRY_RUN_SECRET, Date.now()) }),
      },
      ...(body === undefined ? {} : { body: text }),
    });
  }

  #shaped(json: unknown, born: readonly number[] = this.#born): unknown {
    return JSON.parse(JSON.stringify(json), (key, value) => {
      if (key === this.#kind.id) return born.includes(value) ? `new ${born.indexOf(value)}` : value;
      return TIMES.includes(key) ? String(value).replace(/\d/g, '0') : value;
    });
  }

  #createdBy({ method, path }: Write, json: Record<string, unknown>): number | undefined {
    return method === 'POST' && path === this.#kind.list
      ? (json[this.#kind.id] as number | undefined)
      : undefined;
  }
}
