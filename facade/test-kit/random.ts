/** A seeded generator of numbers in [0, 1): Mulberry32 (Tommy Ettinger, public domain). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** How many of `trials` hit, each with probability `share`: by the gaps between hits, so that rare hits cost little. */
export function binomial(random: () => number, trials: number, share: number): number {
  if (share <= 0) return 0;
  if (share >= 1) return trials;
  let hits = 0;
  for (let at = gap(random, share); at <= trials; at += gap(random, share)) hits++;
  return hits;
}

const { floor, log, log1p } = Math;

function gap(random: () => number, share: number): number {
  return floor(log(1 - random()) / log1p(-share)) + 1;
}
