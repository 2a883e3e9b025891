import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type { Answer } from '#facade/core/compare/index.ts';
import type { HeaderChange } from '#plan/model/plan.ts';

export type SideName = 'legacy' | 'candidate';
export type Sent = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
};

export class NoAnswer extends Error {}

/** A larger answer is no answer: it would be held in memory whole. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** One of the two systems: where it is and how requests are changed on the way to it. */
export class Side {
  readonly name: SideName;
  readonly url: string;
  readonly #rewrite: { readonly from: string; readonly to: string } | null;
  readonly #change: HeaderChange | null;
  readonly #timeoutMs: number;

  constructor(
    name: SideName,
    url: string,
    options: {
      readonly rewrite?: { readonly from: string; readonly to: string } | null;
      readonly change?: HeaderChange | null;
      readonly timeoutMs: number;
    },
  ) {
    this.name = name;
    this.url = url.replace(/\/+$/, '');
    this.#rewrite = options.rewrite ?? null;
    this.#change = options.change ?? null;
    this.#timeoutMs = options.timeoutMs;
  }

  /** Redirects are answers. Rejects with NoAnswer. */
  async ask({ method, path, headers, body }: Sent): Promise<Answer> {
    // Not `fetch`: it adds headers of its own, `cache-control: no-cache` beside `if-none-match` among them. Loaded here: it is
    // a quarter of what `fig` loads, and most of its verbs ask no side.
    const { request } = await import('undici');
    const sent: Record<string, string> = { ...headers, ...this.#change?.set };
    for (const name of this.#change?.remove ?? []) delete sent[name];
    try {
      const answer = await request(this.url + this.#rewritten(path), {
        method: method as 'GET',
        headers: sent,
        body,
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      const encoding = String(answer.headers['content-encoding'] ?? '');
      return {
        status: answer.statusCode,
        headers: answer.headers,
        body: decoded(await bodyOf(answer.body, this.name), encoding),
      };
    } catch (error) {
      if (error instanceof NoAnswer) throw error;
      throw new NoAnswer(`${this.name} at ${this.url} did not answer ${method} ${path}: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  }

  #rewritten(path: string): string {
    const { from, to } = this.#rewrite ?? { from: '', to: '' };
    const rest = path.slice(from.length);
    return from !== '' && path.startsWith(from) && /^(?:[/?]|$)/.test(rest) ? to + rest : path;
  }
}

async function bodyOf(body: AsyncIterable<Uint8Array>, side: SideName): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES)
      throw new NoAnswer(`${side} answered with more than 16 MiB, which is not compared`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const DECODERS: Readonly<Record<string, typeof gunzipSync>> = {
  gzip: gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};

/** Answers are packed only where a case asks for it. */
function decoded(body: Uint8Array, encoding: string): Uint8Array {
  const decode = DECODERS[encoding.toLowerCase()];
  return decode && body.length > 0 ? decode(body, { maxOutputLength: MAX_ANSWER_BYTES }) : body;
}

function reasonOf(error: unknown): string {
  const { name, message, code } = error as NodeJS.ErrnoException;
  return name === 'TimeoutError' ? 'it took too long' : (code ?? message);
}
