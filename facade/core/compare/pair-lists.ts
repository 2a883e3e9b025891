import { alignKeys, type Partners, risingPairs, type Work } from './align.ts';
import { hashJson } from './hash-json.ts';
import { type JsonList, JsonObject, type JsonValue } from './json-value.ts';
import { inferIdentity, inferKey, memberHash, similarity } from './likeness.ts';
import type { Place } from './rules.ts';
import { sortByTolerant } from './tolerant-numbers.ts';

export type Pairing = {
  /** `partner[i]` is the position in b of entry i of a, or -1. */
  readonly partner: Partners;
  /** Paired entries do not stand in the same order on both sides. */
  readonly moved: boolean;
  /** The member that says which thing an entry is; null where none is known to. */
  readonly identity: string | null;
};

/** At this likeness two entries at different places are one that moved and changed. */
const ALIKE = 0.5;
/** Entries without a partner, on either side, among which likeness is looked for. */
const MAX_LOOSE = 64;

/**
 * Pairs the entries of two lists so that few differences remain: equal ones first, then those with the same key (the
 * rule's, or a member that identifies entries on both sides), then those that stand in the same gap between paired
 * ones, then those that are alike. Where a member says which thing an entry is, two things are no pair, however alike,
 * unless nothing else differs. What is left over is missing or extra. Swapping the lists swaps the pairs and
 * changes nothing else. Bounded: near-linear, plus `work`.
 */
export function pairLists(
  a: JsonList,
  b: JsonList,
  place: Place,
  hasTolerance: boolean,
  work: Work,
): Pairing {
  // One order for (a, b) and (b, a), so that ties are broken alike.
  const swapped =
    a.items.length > b.items.length ||
    (a.items.length === b.items.length && hashJson(a, place) > hashJson(b, place));
  const pairs = swapped ? new Pairs(b, a, place, work) : new Pairs(a, b, place, work);
  if (place.unordered) pairs.unordered(place.unordered.key, hasTolerance);
  else pairs.ordered();
  const { partner } = pairs;
  const moved = risingPairs(partner).some((rises, i) => rises === 0 && partner[i] !== -1);
  return { partner: swapped ? inverse(partner, a.items.length) : partner, moved, identity: pairs.identity };
}

function inverse(partner: Partners, length: number): Partners {
  const other = new Int32Array(length).fill(-1);
  for (const [i, j] of partner.entries()) if (j !== -1) other[j] = i;
  return other;
}

class Pairs {
  partner: Partners;
  identity: string | null = null;
  private readonly a: readonly JsonValue[];
  private readonly b: readonly JsonValue[];
  private readonly below: Place;
  private readonly keysA: number[];
  private readonly keysB: number[];
  private readonly taken: Uint8Array;
  private readonly work: Work;

  constructor(a: JsonList, b: JsonList, place: Place, work: Work) {
    this.a = a.items;
    this.b = b.items;
    this.below = place.item();
    this.keysA = this.a.map((item) => hashJson(item, this.below));
    this.keysB = this.b.map((item) => hashJson(item, this.below));
    this.work = work;
    this.partner = alignKeys(this.keysA, this.keysB, work);
    this.taken = new Uint8Array(this.b.length);
    for (const j of this.partner) if (j !== -1) this.taken[j] = 1;
    if (this.partner.includes(-1) || this.taken.includes(0))
      this.identity = inferIdentity(this.a, this.b, this.below, this.work);
  }

  ordered(): void {
    if (this.isDone()) return;
    this.byIdentity();
    if (!this.isDone()) this.byGap();
    if (!this.isDone()) this.byLikeness();
  }

  unordered(key: string | null, hasTolerance: boolean): void {
    if (hasTolerance) this.partner = sortByTolerant(this.a, this.b, this.below, this.keysA, this.partner);
    if (this.isDone()) return;
    if (key !== null) {
      this.byKey(key);
      return;
    }
    this.byIdentity();
    if (this.isDone()) return;
    this.byLikeness();
    const [looseA, looseB] = this.loose();
    for (let n = 0; n < Math.min(looseA.length, looseB.length); n++)
      this.pairIfOne(looseA[n] as number, looseB[n] as number);
  }

  private byIdentity(): void {
    if (this.identity === null) this.byInferredKey();
    else this.byKey(this.identity);
  }

  private byInferredKey(): void {
    const [looseA, looseB] = this.loose();
    const name = inferKey(
      looseA.map((i) => this.a[i] as JsonValue),
      looseB.map((j) => this.b[j] as JsonValue),
      this.below,
      this.work,
    );
    if (name !== null) this.byKey(name);
  }

  /** Entries with the same value of the member, in their order where it repeats. */
  private byKey(name: string): void {
    const [looseA, looseB] = this.loose();
    const waiting = new Map<number, number[]>();
    for (const j of looseB.reverse()) {
      const key = memberHash(this.b[j] as JsonValue, name, this.below);
      if (key === null) continue;
      const known = waiting.get(key);
      if (known) known.push(j);
      else waiting.set(key, [j]);
    }
    for (const i of looseA) {
      const key = memberHash(this.a[i] as JsonValue, name, this.below);
      const j = key === null ? undefined : waiting.get(key)?.pop();
      if (j !== undefined) this.pair(i, j);
    }
  }

  /** Between two neighbours that kept their order: as many on both sides are pairs, else the most alike are. */
  private byGap(): void {
    const rising = risingPairs(this.partner);
    let fromA = 0;
    let fromB = 0;
    for (let i = 0; i <= this.a.length; i++) {
      if (i < this.a.length && rising[i] === 0) continue;
      const endB = i < this.a.length ? (this.partner[i] as number) : this.b.length;
      this.pairGap(this.looseOfA(fromA, i), this.looseOfB(fromB, endB));
      fromA = i + 1;
      fromB = endB + 1;
    }
  }

  private pairGap(gapA: readonly number[], gapB: readonly number[]): void {
    if (gapA.length === 0 || gapB.length === 0) return;
    if (gapA.length === gapB.length) {
      for (const [n, i] of gapA.entries()) this.pairIfOne(i, gapB[n] as number);
      return;
    }
    const [few, many] = gapA.length < gapB.length ? [gapA, gapB] : [gapB, gapA];
    const chosen = this.mostAlikeInOrder(few, many, gapA.length < gapB.length);
    for (const [n, i] of few.entries()) {
      const other = many[chosen[n] as number] as number;
      if (gapA.length < gapB.length) this.pairIfOne(i, other);
      else this.pairIfOne(other, i);
    }
  }

  /** For each of the few its place among the many, rising, with the greatest likeness in sum; the first ones, when that is too much work. */
  private mostAlikeInOrder(few: readonly number[], many: readonly number[], fewAreA: boolean): number[] {
    const spare = many.length - few.length;
    if (few.length > MAX_LOOSE || spare > MAX_LOOSE || !this.work.spend(few.length * (spare + 1) * 16))
      return few.map((_, n) => n);
    // best[n][s]: greatest sum for the first n + 1 of the few when s of the many were passed over before.
    const best: number[][] = [];
    for (const [n, i] of few.entries()) {
      const row: number[] = [];
      for (let passed = 0; passed <= spare; passed++) {
        const other = many[n + passed] as number;
        const [ofA, ofB] = fewAreA ? [i, other] : [other, i];
        const here = this.likeness(ofA, ofB) + (n > 0 ? (best[n - 1]?.[passed] as number) : 0);
        row.push(passed > 0 ? Math.max(row[passed - 1] as number, here) : here);
      }
      best.push(row);
    }
    const chosen: number[] = [];
    let passed = spare;
    for (let n = few.length - 1; n >= 0; n--) {
      while (passed > 0 && best[n]?.[passed - 1] === best[n]?.[passed]) passed--;
      chosen[n] = n + passed;
    }
    return chosen;
  }

  /** The most alike first, wherever they stand. */
  private byLikeness(): void {
    const [looseA, looseB] = this.loose();
    if (looseA.length > MAX_LOOSE || looseB.length > MAX_LOOSE) return;
    if (!this.work.spend(looseA.length * looseB.length * 16)) return;
    const found: { readonly i: number; readonly j: number; readonly alike: number }[] = [];
    for (const i of looseA)
      for (const j of looseB) {
        const alike = this.likeness(i, j);
        if (alike >= ALIKE) found.push({ i, j, alike });
      }
    found.sort((first, second) => second.alike - first.alike || first.i - second.i || first.j - second.j);
    for (const { i, j } of found) if (this.partner[i] === -1 && this.taken[j] === 0) this.pairIfOne(i, j);
  }

  private likeness(i: number, j: number): number {
    return similarity(this.a[i] as JsonValue, this.b[j] as JsonValue, this.below);
  }

  private pairIfOne(i: number, j: number): void {
    if (!this.areTwo(i, j)) this.pair(i, j);
  }

  /** Two things rather than one that changed. One whose identity alone is wrong is one. */
  private areTwo(i: number, j: number): boolean {
    const { identity, below } = this;
    const [one, other] = [this.a[i] as JsonValue, this.b[j] as JsonValue];
    if (identity === null || !(one instanceof JsonObject)) return false;
    const [first, second] = [memberHash(one, identity, below), memberHash(other, identity, below)];
    if (first === second) return false;
    return similarity(one, other, below) * one.names.length < one.names.length - 1;
  }

  private pair(i: number, j: number): void {
    this.partner[i] = j;
    this.taken[j] = 1;
  }

  private isDone(): boolean {
    return !this.partner.includes(-1) || !this.taken.includes(0);
  }

  private loose(): [number[], number[]] {
    return [this.looseOfA(0, this.a.length), this.looseOfB(0, this.b.length)];
  }

  private looseOfA(start: number, end: number): number[] {
    const found: number[] = [];
    for (let i = start; i < end; i++) if (this.partner[i] === -1) found.push(i);
    return found;
  }

  private looseOfB(start: number, end: number): number[] {
    const found: number[] = [];
    for (let j = start; j < end; j++) if (this.taken[j] === 0) found.push(j);
    return found;
  }
}
