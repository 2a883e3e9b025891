import type { JsonObject } from './json-value.ts';

/** Objects of one shape share their names: all entries of a list are paired by the pairs of the first. */
const known = new WeakMap<
  readonly string[],
  { readonly with: readonly string[]; readonly partner: Int32Array }
>();

/**
 * `partner[i]` is the member of b with the name of member i of a, or -1. A name that stands several times is paired
 * first with first, second with second. The result is shared: it must not be changed.
 */
export function pairMembers({ names: a }: JsonObject, { names: b }: JsonObject): Int32Array {
  const last = known.get(a);
  if (last?.with === b) return last.partner;
  const partner = pairNames(a, b);
  known.set(a, { with: b, partner });
  return partner;
}

function pairNames(a: readonly string[], b: readonly string[]): Int32Array {
  const partner = new Int32Array(a.length).fill(-1);
  let start = 0;
  while (start < a.length && a[start] === b[start]) partner[start] = start++;
  if (start === a.length || start === b.length) return partner;
  const first = new Map<string, number>();
  const next = new Map<number, number>();
  for (let j = b.length - 1; j >= start; j--) {
    const name = b[j] as string;
    const later = first.get(name);
    if (later !== undefined) next.set(j, later);
    first.set(name, j);
  }
  for (let i = start; i < a.length; i++) {
    const name = a[i] as string;
    const j = first.get(name);
    if (j === undefined) continue;
    partner[i] = j;
    const later = next.get(j);
    if (later === undefined) first.delete(name);
    else first.set(name, later);
  }
  return partner;
}
