import type { Comparer, RawAnswer } from '../http/shadow/comparer.ts';
import { type ComparePool, newComparePool } from './compare-pool.ts';
import { decodeBody } from './decode-body.ts';

/** The comparer on the pool of threads: bodies are decoded first, up to what a route lets be compared. */
export function createThreadsComparer(pool: ComparePool = newComparePool()): Comparer {
  return {
    async compare(route, { legacy, candidate }) {
      // Equal bytes under one coding are equal: most answers of a good candidate never have to be unpacked.
      const answers = await Promise.all(
        [legacy, candidate].map((answer) => decoded(answer, unpackedLimit(route))),
      );
      const [ours, theirs] = answers;
      if (typeof ours === 'string' || ours === undefined) return ours ?? 'encoding';
      if (typeof theirs === 'string' || theirs === undefined) return theirs ?? 'encoding';
      const verdict = await pool.compare({
        legacy: ours,
        candidate: theirs,
        keys: route.compare,
        options: {},
      });
      return verdict.ok ? verdict.comparison : NOT_COMPARED[verdict.reason];
    },
    close: () => void pool.close(),
  };
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

async function decoded({ status, rawHeaders, body }: RawAnswer, maxBytes: number) {
  const headers = headersOf(rawHeaders);
  const coding = headers['content-encoding'];
  const encoding = typeof coding === 'string' ? coding : (coding ?? []).join(',');
  if (encoding === '') return { status, headers, body };
  const unpacked = await decodeBody(body, encoding, maxBytes);
  if (unpacked.ok) return { status, headers, body: unpacked.body };
  return unpacked.reason === 'too-large' ? ('too-large' as const) : ('encoding' as const);
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
