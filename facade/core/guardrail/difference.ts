import { turningPoint } from './turning-point.ts';
import { type Count, hedged, logWealthAbove, logWealthBelow } from './wealth.ts';

/** The same event counted on both sides over the same time. */
export type Pair = { readonly candidate: Count; readonly legacy: Count };

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Whether the candidate's share exceeds legacy's by more than `increase`, at level `alpha` over all looks together:
 * every pair of shares that differ by no more is refuted by the product of two wealths, one bet against each side.
 */
export function exceeds(pair: Pair, increase: number, alpha: number): boolean {
  const { candidate, legacy } = pair;
  // Shares as observed are never refuted, nor are the likeliest ones at the threshold, mostly: a cheap way out.
  if (candidate.hits * legacy.trials <= (legacy.hits + increase * legacy.trials) * candidate.trials)
    return false;
  const rich = Math.log(1 / alpha);
  const logWealth = (share: number) =>
    hedged(logWealthAbove(candidate, share + increase)) + hedged(logWealthBelow(legacy, share));
  const likely =
    (candidate.hits + legacy.hits - increase * candidate.trials) / (candidate.trials + legacy.trials);
  if (likely > 0 && logWealth(likely) < rich) return false;
  // Both terms are convex in the share of legacy: the golden section ends at the pair that is hardest to refute.
  let [low, high] = [Math.max(0, -increase), Math.min(1, 1 - increase)];
  let [left, right] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
  let [atLeft, atRight] = [logWealth(left), logWealth(right)];
  for (let step = 0; step < 40; step++) {
    if (Math.min(atLeft, atRight) < rich) return false;
    if (atLeft < atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - GOLDEN * (high - low);
      atLeft = logWealth(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + GOLDEN * (high - low);
      atRight = logWealth(right);
    }
  }
  return Math.min(atLeft, atRight) >= rich;
}

/** Largest increase that the candidate's share exceeds at level `alpha`, over all looks together; -1 when none. */
export function lowerIncrease(pair: Pair, alpha: number): number {
  return turningPoint(-1, 1, (increase) => exceeds(pair, increase, alpha), 26);
}

/**
 * Upper bound of the increase at `z` standard errors, for one look: Newcombe's hybrid of two Wilson intervals,
 * "Interval estimation for the difference between independent proportions", Statistics in Medicine 17 (1998), method 10.
 */
export function upperIncrease({ candidate, legacy }: Pair, z: number): number {
  if (candidate.trials === 0 || legacy.trials === 0) return 1;
  const [ours, theirs] = [candidate.hits / candidate.trials, legacy.hits / legacy.trials];
  return ours - theirs + Math.hypot(wilson(candidate, z) - ours, theirs - wilson(legacy, -z));
}

/** Wilson's bound of a share: the upper one for z > 0, the lower one for z < 0. */
function wilson({ hits, trials }: Count, z: number): number {
  const share = hits / trials;
  const spread = Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials));
  return (share + (z * z) / (2 * trials) + z * spread) / (1 + (z * z) / trials);
}
