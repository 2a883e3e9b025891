import { keyClasses } from './key-classes.ts';

/** A bounded purse of steps; each comparison gets one. */
export class Work {
  private left: number;

  constructor(steps: number) {
    this.left = steps;
  }

  /** False when there is not enough left; nothing is taken then. */
  spend(steps: number): boolean {
    if (steps > this.left) return false;
    this.left -= steps;
    return true;
  }
}

/** `partner[i]` is the position in b of entry i of a, or -1. */
export type Partners = Int32Array;

/** Edits that the exact algorithm looks for before the approximate one takes over. */
const MAX_EDITS = 200;

/**
 * Pairs equal entries of two lists (given as keys; equal keys are equal entries): first a longest common subsequence,
 * then what stands in both but elsewhere. With keys that repeat, the subsequence is exact up to 200 edits (Myers
 * 1986), beyond that that of the first-come pairs. O((n + m) log n) but for Myers' O((n + m) × edits).
 */
export function alignKeys(a: readonly number[], b: readonly number[], work: Work): Partners {
  const partner: Partners = new Int32Array(a.length).fill(-1);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) partner[start] = start++;
  let endA = a.length;
  let endB = b.length;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) partner[--endA] = --endB;
  if (endA === start || endB === start) return partner;
  const middle = alignMiddle(a.slice(start, endA), b.slice(start, endB), work);
  for (const [i, j] of middle.entries()) if (j !== -1) partner[start + i] = start + j;
  return partner;
}

function alignMiddle(a: readonly number[], b: readonly number[], work: Work): Partners {
  const { ofA, ofB, count } = keyClasses(a, b);
  const partner: Partners = new Int32Array(a.length).fill(-1);
  const taken = new Uint8Array(b.length);
  if (repeats(ofB, count))
    for (const [i, j] of myers(ofA, ofB, work) ?? []) {
      partner[i] = j;
      taken[j] = 1;
    }
  // Of each class the entries of b that are free, first come first served, as chains.
  const head = new Int32Array(count).fill(-1);
  const next = new Int32Array(b.length);
  for (let j = b.length - 1; j >= 0; j--) {
    if (taken[j] === 1) continue;
    const key = ofB[j] as number;
    next[j] = head[key] as number;
    head[key] = j;
  }
  for (let i = 0; i < a.length; i++) {
    if (partner[i] !== -1) continue;
    const key = ofA[i] as number;
    const j = head[key] as number;
    if (j === -1) continue;
    partner[i] = j;
    head[key] = next[j] as number;
  }
  return partner;
}

function repeats(classes: Int32Array, count: number): boolean {
  const seen = new Uint8Array(count);
  for (const key of classes) {
    if (seen[key] === 1) return true;
    seen[key] = 1;
  }
  return false;
}

/** The pairs of a longest common subsequence; null when it takes too many edits or there is no work left for it. */
function myers(a: Int32Array, b: Int32Array, work: Work): [number, number][] | null {
  const n = a.length;
  const m = b.length;
  const most = Math.min(n + m, MAX_EDITS);
  // furthest[k + most] is the furthest x on diagonal k = x - y; one copy for each number of edits, to walk back.
  const furthest = new Int32Array(2 * most + 2);
  const steps: Int32Array[] = [];
  for (let edits = 0; edits <= most; edits++) {
    if (!work.spend(2 * edits + 1)) return null;
    steps.push(furthest.slice());
    for (let k = -edits; k <= edits; k += 2) {
      const down = k === -edits || (k !== edits && at(furthest, k - 1 + most) < at(furthest, k + 1 + most));
      let x = down ? at(furthest, k + 1 + most) : at(furthest, k - 1 + most) + 1;
      const from = x;
      while (x < n && x - k < m && a[x] === b[x - k]) x++;
      if (!work.spend(x - from)) return null;
      furthest[k + most] = x;
      if (x >= n && x - k >= m) return walkBack(steps, most, n, m);
    }
  }
  return null;
}

function walkBack(steps: readonly Int32Array[], most: number, n: number, m: number): [number, number][] {
  const pairs: [number, number][] = [];
  let x = n;
  let y = m;
  for (let edits = steps.length - 1; edits >= 0; edits--) {
    const furthest = steps[edits] as Int32Array;
    const k = x - y;
    const down = k === -edits || (k !== edits && at(furthest, k - 1 + most) < at(furthest, k + 1 + most));
    const before = down ? k + 1 : k - 1;
    const fromX = edits === 0 ? 0 : at(furthest, before + most);
    const fromY = edits === 0 ? 0 : fromX - before;
    while (x > fromX && y > fromY) pairs.push([--x, --y]);
    x = fromX;
    y = fromY;
  }
  return pairs;
}

function at(furthest: Int32Array, index: number): number {
  return furthest[index] ?? -1;
}

/** Marks the pairs of a longest run in which both sides rise: all others have moved. O(n log n). */
export function risingPairs(partner: Partners): Uint8Array {
  const tails: number[] = [];
  const before = new Int32Array(partner.length).fill(-1);
  for (let i = 0; i < partner.length; i++) {
    const j = partner[i] as number;
    if (j < 0) continue;
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((partner[tails[middle] as number] as number) < j) low = middle + 1;
      else high = middle;
    }
    before[i] = low > 0 ? (tails[low - 1] as number) : -1;
    tails[low] = i;
  }
  const rising = new Uint8Array(partner.length);
  for (let i = tails.at(-1) ?? -1; i >= 0; i = before[i] as number) rising[i] = 1;
  return rising;
}
