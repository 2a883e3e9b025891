import { type Answer, unreadable } from '../core/compare/index.ts';
import type { Comparer, RawAnswer } from '../http/shadow/comparer.ts';
import { type ComparePool, newComparePool } from './compare-pool.ts';
import { decodeBody } from './decode-body.ts';

/**
 * SECURITY: a small body unpacks to `unpackedLimit`, and what is unpacked is in no budget; so few pairs at once are.
 */
const UNPACKED_AT_ONCE = 4;

/** The comparer on the pool of threads: bodies are decoded first, up to what a route lets be compared. */
export function createThreadsComparer(pool: ComparePool = newComparePool()): Comparer {
  const places = new Places(UNPACKED_AT_ONCE);
  const compareAs = async (route: Route, legacy: Answer, candidate: Answer) => {
    const verdict = await pool.compare({ legacy, candidate, keys: route.compare, options: {} });
    return verdict.ok ? verdict.comparison : NOT_COMPARED[verdict.reason];
  };
  return {
    async compare(route, { legacy, candidate }) {
      const [ours, theirs] = [plainAnswer(legacy), plainAnswer(candidate)];
      // Equal bytes under one coding are equal: most answers of a good candidate never have to be unpacked.
      const isPlain = ours.coding === '' && theirs.coding === '';
      if (isPlain || (ours.coding === theirs.coding && ours.answer.body.equals(theirs.answer.body)))
        return compareAs(route, ours.answer, theirs.answer);
      return places.run(async () => {
        const [one, other] = [
          await unpacked(ours, unpackedLimit(route)),
          await unpacked(theirs, unpackedLimit(route)),
        ];
        if (typeof one !== 'string' && typeof other !== 'string') return compareAs(route, one, other);
        // Where one side alone cannot be read, its clients cannot read it either.
        if (typeof one !== 'string' && typeof other === 'string')
          return unreadable('candidate', REASONS[other]);
        if (typeof other !== 'string' && typeof one === 'string') return unreadable('legacy', REASONS[one]);
        return one as 'encoding' | 'too-large';
      });
    },
    close: () => void pool.close(),
  };
}

const REASONS = { encoding: 'content-encoding', 'too-large': 'too-large' } as const;

/** So many at once; the others wait in the order in which they came. */
class Places {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}

// Who closes the pool is stopping: nobody reads that account any more.
const NOT_COMPARED = {
  busy: 'compare-busy',
  timeout: 'compare-timeout',
  failed: 'compare-failed',
  closed: 'compare-failed',
} as const;

type Route = Parameters<Comparer['compare']>[0];

/** A body that is compressed well may unpack to more than was sent. */
const unpackedLimit = ({ shadow }: Route) => shadow.maxBodyBytes * 16;

type Plain = { readonly answer: Answer & { readonly body: Buffer }; readonly coding: string };

function plainAnswer({ status, rawHeaders, body }: RawAnswer): Plain {
  const headers = headersOf(rawHeaders);
  const coding = headers['content-encoding'];
  return { answer: { status, headers, body }, coding: [coding ?? []].flat().join(',') };
}

async function unpacked(
  { answer, coding }: Plain,
  maxBytes: number,
): Promise<Answer | 'too-large' | 'encoding'> {
  if (coding === '') return answer;
  const body = await decodeBody(answer.body, coding, maxBytes);
  if (body.ok) return { ...answer, body: body.body };
  return body.reason === 'too-large' ? 'too-large' : 'encoding';
}

function headersOf(rawHeaders: readonly string[]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    const value = rawHeaders[i + 1] as string;
    const before = headers[name];
    headers[name] =
      before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
  }
  return headers;
}
