import type { Span } from './span.ts';

/** Fewer characters are an id as often as a key. */
const SHORTEST = 40;
/** As much of a line is looked at. */
const LONGEST_LOOK = 1_024;
/** What random characters of base64 keep to at this length, and words that are written together do not. */
const LEAST_TURNS = 0.38;

/**
 * Lines that are nothing but base64, with capitals, small letters and digits: one line of a private key tells by nothing
 * else what it is. `text` may be JSON text: quotes and escaped ends of lines end one as well. Hex digests, paths, numbers
 * and words stay.
 */
export function* base64Lines(text: string): Iterable<Span> {
  for (const { index, 0: run } of text.matchAll(/[A-Za-z0-9+/]{40,}={0,2}/g)) {
    const to = index + run.length;
    // `\\n` of JSON ends in a letter.
    const from =
      /^[nrt]/.test(run) && /(?<!\\)(?:\\\\)*\\$/.test(text.slice(Math.max(0, index - 8), index))
        ? index + 1
        : index;
    const before = text.slice(Math.max(0, from - 64), from);
    if (!/(?:^|["\r\n]|\\[nrt])[ \t]*$/.test(before)) continue;
    if (!/^[ \t]*(?:$|["\r\n…]|\\[nrt])/.test(text.slice(to, to + 64))) continue;
    if (to - from >= SHORTEST && looksEncoded(text.slice(from, Math.min(to, from + LONGEST_LOOK))))
      yield { from, to, kind: 'secret' };
  }
}

function looksEncoded(word: string): boolean {
  if (![/[a-z]/, /[A-Z]/, /\d/].every((kind) => kind.test(word))) return false;
  const turns = (word.match(/\d+|[a-z]+|[A-Z]+/g)?.length ?? 1) - 1;
  return turns >= word.length * LEAST_TURNS;
}
