import { performance } from 'node:perf_hooks';

/** One answer as a client saw it. */
export type Answer = {
  readonly client: number;
  readonly phase: string;
  readonly request: string;
  readonly status: number;
  readonly upstream: string;
  readonly reason: string;
  readonly tookMs: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | null>>;
};

export type Failure = {
  readonly client: number;
  readonly phase: string;
  readonly request: string;
  readonly error: string;
};

/** Headers that the contract promises; the rest (date, connection, the facade's own) may differ. */
const CONTRACT_HEADERS = [
  'content-type',
  'content-length',
  'x-total-count',
  'etag',
  'location',
  'cache-control',
];

const USERS = ['admin', 'disp', 'guest'];

/** A logged-in browser: keeps cookies, asks one thing after the other. */
export class Client {
  readonly #cookies = new Map<string, string>();
  readonly #random: () => number;
  readonly #publicUrl: string;
  readonly number: number;

  constructor(number: number, publicUrl: string) {
    this.number = number;
    this.#publicUrl = publicUrl;
    this.#random = mulberry32(number);
  }

  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async login(): Promise<void> {
    const user = USERS[this.number % USERS.length] as string;
    const answer = await this.send('POST', '/api/login', { user, pass: user });
    if (answer.status !== 200) throw new Error(`login of ${user}: expected 200, got ${answer.status}`);
  }

  /** A read that somebody would make: lists with filters, sorts and pages, details, now and then one that is not there. */
  nextRead(): string {
    const pick = <T>(values: readonly T[]): T => values[Math.floor(this.#random() * values.length)] as T;
    if (this.#random() < 0.45) return `/api/freelancers/${1 + Math.floor(this.#random() * 1050)}`;
    const query = new URLSearchParams();
    if (this.#random() < 0.4)
      query.set('q', pick(['an', 'mueller', 'java', 'Müller', '@', 'ö', 'sql', 'x y z']));
    if (this.#random() < 0.5)
      query.set('sort', pick(['name', '-name', 'rate', '-rate', 'id', '-id', 'nonsense']));
    if (this.#random() < 0.5) query.set('page', pick(['1', '2', '7', '9999', '-1']));
    if (this.#random() < 0.5) query.set('size', pick(['5', '20', '100', '1000', 'many']));
    if (this.#random() < 0.2) query.set('stat', pick(['A', 'I', 'B']));
    if (this.#random() < 0.2) query.set('skill', pick(['java', 'SQL', 'c++']));
    if (this.#random() < 0.1) query.set('rate_min', pick(['5000', '9500']));
    if (this.#random() < 0.1) query.set('avail_by', pick(['31.12.2026', '31.02.2026']));
    if (this.#random() < 0.1) query.set('del', pick(['Y', 'all']));
    const text = query.toString();
    return text === '' ? '/api/freelancers' : `/api/freelancers?${text}`;
  }

  async send(method: string, path: string, body?: unknown): Promise<Omit<Answer, 'client' | 'phase'>> {
    const started = performance.now();
    const answer = await fetch(this.#publicUrl + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(this.#cookies.size > 0 ? { cookie: this.cookie } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return {
      request: `${method} ${path}`,
      status: answer.status,
      upstream: answer.headers.get('x-fig-upstream') ?? '?',
      reason: answer.headers.get('x-fig-reason') ?? '?',
      tookMs: performance.now() - started,
      body: text,
      headers: contractHeaders(answer.headers),
    };
  }
}

export function contractHeaders(headers: Headers): Record<string, string | null> {
  return Object.fromEntries(CONTRACT_HEADERS.map((name) => [name, headers.get(name)]));
}

/** Small seeded generator (mulberry32, public domain, by Tommy Ettinger): the same tour asks the same things. */
function mulberry32(seed: number): () => number {
  let state = seed * 0x9e3779b1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
