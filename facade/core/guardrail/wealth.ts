/**
 * What a gambler owns who starts with 1 and bets against a claimed share of `hits` among `trials`: his stake is split
 * evenly over seven constant bets, and each bet multiplies by likelihood ratios, so under a true claim the expected
 * wealth never exceeds 1, whatever the number of looks. By Ville's inequality it then ever reaches 1/α in at most a
 * share α of all runs: a claim that made him that rich may be dropped at any look, chosen for any reason.
 * Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86 (2024), section 5.
 */
export type Count = { readonly hits: number; readonly trials: number };

/** Log odds by which the bets differ from the claim: from barely to utterly. */
const TILTS = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8];
const ABOVE = TILTS.map((tilt) => ({ tilt, odds: Math.expm1(tilt) }));
const BELOW = TILTS.map((tilt) => ({ tilt: -tilt, odds: Math.expm1(-tilt) }));
const { exp, log, log1p, max } = Math;

/** Log wealth of one who bets that hits are more frequent than `share`. Rises with hits, falls with `share`; convex in it. */
export function logWealthAbove(count: Count, share: number): number {
  return logWealth(count, share, ABOVE);
}

/** Log wealth of one who bets that hits are rarer than `share`. Falls with hits, rises with `share`; convex in it. */
export function logWealthBelow(count: Count, share: number): number {
  return logWealth(count, share, BELOW);
}

/**
 * The log wealth of one who kept an eighth of his stake. For a product of two wealths, against two claims of which one
 * may be true beyond doubt: it costs no more than that eighth then.
 */
export function hedged(logWealth: number): number {
  const larger = max(logWealth, 0);
  return larger + log((7 * exp(logWealth - larger) + exp(-larger)) / 8);
}

function logWealth({ hits, trials }: Count, share: number, bets: typeof ABOVE): number {
  const logs = bets.map(({ tilt, odds }) => tilt * hits - trials * log1p(share * odds));
  // Relative to the largest: wealth itself leaves the range of a double.
  const largest = max(...logs);
  return largest + log(logs.reduce((sum, one) => sum + exp(one - largest), 0) / logs.length);
}
