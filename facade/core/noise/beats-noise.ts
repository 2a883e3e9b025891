/** In how many of so many pairs of answers a field differed. */
export type Rate = { readonly seen: number; readonly of: number };

const RELATIVE = 0.2;
const ABSOLUTE = 0.0003;

/**
 * Whether a field differs more often between legacy and candidate than between legacy and itself: relative difference
 * over 20 %, absolute over 0.03 %, as Twitter's Diffy has it (`DifferencesFilterFactory`, JoinedDifferences.scala; there
 * all requests are asked twice, here a sample, so rates take the place of counts). Where legacy never differed from
 * itself there is no noise to beat, and each difference counts.
 */
export function beatsNoise(candidate: Rate, legacy: Rate): boolean {
  const [raw, noise] = [ratio(candidate), ratio(legacy)];
  if (noise === 0) return raw > 0;
  return raw > noise && (raw - noise) / (raw + noise) > RELATIVE && raw - noise > ABSOLUTE;
}

export function ratio({ seen, of }: Rate): number {
  return of === 0 ? 0 : seen / of;
}
