/** A small deterministic generator: the same name gives the same numbers on every machine. */
export type Prng = {
  /** In [0, 1). */
  next(): number;
  /** In [from, to], whole. */
  int(from: number, to: number): number;
  chance(ratio: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** Prefers the front of the list, with a long tail. */
  pickEarly<T>(list: readonly T[]): T;
};

/** xmur3 hash of the name into sfc32 (both public domain, bryc/code). */
export function prng(name: string): Prng {
  let h = 1779033703 ^ name.length;
  for (let i = 0; i < name.length; i++) {
    h = Math.imul(h ^ name.charCodeAt(i), 3432918353);
    h = (h << 13) | (h >>> 19);
  }
  const word = () => {
    h = Math.imul(h ^ (h >>> 16), 2246822507);
    h = Math.imul(h ^ (h >>> 13), 3266489909);
    h ^= h >>> 16;
    return h | 0;
  };
  let [a, b, c, d] = [word(), word(), word(), word()];
  const next = () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  for (let i = 0; i < 12; i++) next();
  const pickAt = <T>(list: readonly T[], share: number): T => list[Math.floor(share * list.length)]!;
  return {
    next,
    int: (from, to) => from + Math.floor(next() * (to - from + 1)),
    chance: (ratio) => next() < ratio,
    pick: (list) => pickAt(list, next()),
    pickEarly: (list) => pickAt(list, next() ** 2.5),
  };
}
