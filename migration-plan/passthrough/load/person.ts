import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { performance } from 'node:perf_hooks';

export type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes, read by whoever asked.
  readonly json: any;
};
type Body = {
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly file?: string;
};

/** What every answer is told to; `problem` is one that nobody may get. */
export type Witness = {
  answered(status: number, tookMs: number): void;
  problem(text: string): void;
};

/** Somebody at a browser: one connection, one session, one thing after the other. */
export class Person {
  readonly name: string;
  readonly #url: URL;
  readonly #witness: Witness;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #cookies = new Map<string, string>();

  constructor(publicUrl: string, name: string, witness: Witness) {
    this.name = name;
    this.#url = new URL(publicUrl);
    this.#witness = witness;
  }

  async login(): Promise<void> {
    await this.ask('POST', '/api/login', [200], { json: { user: this.name, pass: this.name } });
  }

  /** Any status but one of `expected` is a problem. */
  async ask(method: string, path: string, expected: readonly number[], body: Body = {}): Promise<Answer> {
    const started = performance.now();
    const what = `${this.name}: ${method} ${path}`;
    try {
      const answer = await this.#send(method, path, body);
      this.#witness.answered(answer.status, performance.now() - started);
      if (!expected.includes(answer.status))
        this.#witness.problem(`${what} was answered ${answer.status}: ${answer.text.slice(0, 200)}`);
      return answer;
    } catch (error) {
      this.#witness.problem(`${what} was not answered: ${(error as Error).message}`);
      return { status: 0, headers: {}, text: '', json: null };
    }
  }

  leave(): void {
    this.#agent.destroy();
  }

  #send(method: string, path: string, { json, form, file }: Body): Promise<Answer> {
    const [type, body] =
      json !== undefined
        ? ['application/json', JSON.stringify(json)]
        : form !== undefined
          ? ['application/x-www-form-urlencoded', new URLSearchParams(form).toString()]
          : ['text/plain', file];
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: this.#url.hostname,
          port: this.#url.port,
          method,
          path,
          agent: this.#agent,
          headers: {
            ...(cookie === '' ? {} : { cookie }),
            ...(body === undefined
              ? {}
              : { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
          },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('error', reject);
          answer.on('end', () => {
            for (const line of answer.headers['set-cookie'] ?? []) this.#keep(line);
            const text = Buffer.concat(chunks).toString('utf8');
            const isJson = /json/.test(answer.headers['content-type'] ?? '');
            const parsed = isJson ? JSON.parse(text) : null;
            resolve({ status: answer.statusCode!, headers: answer.headers, text, json: parsed });
          });
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  #keep(line: string): void {
    const [pair = ''] = line.split(';');
    const at = pair.indexOf('=');
    if (/expires=Thu, 01 Jan 1970/i.test(line)) this.#cookies.delete(pair.slice(0, at));
    else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
}

/** The message that a form left behind, '' without one. */
export function flashOf({ headers }: Answer): string {
  const line = headers['set-cookie']?.find((cookie) => cookie.startsWith('flash=')) ?? '';
  return decodeURIComponent(line.split(';', 1)[0]!.slice('flash='.length));
}
