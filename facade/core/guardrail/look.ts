import type { Figures } from './figures.ts';
import { ALPHA, type Measure } from './measure.ts';
import type { Stretch, Tally } from './tally.ts';

/**
 * Why a guardrail says what it says: `under` the threshold · `over` it · `open`, the interval reaches over it · `thin`,
 * fewer samples than the minimum · `silent`, none in the last window.
 */
export type Ground = 'under' | 'over' | 'open' | 'thin' | 'silent';

/** A tally as it stands at one moment. */
export type Look = {
  readonly stretches: readonly Stretch[];
  readonly window: { readonly figures: Figures; readonly coveredMs: number };
  readonly windowMs: number;
  readonly minimum: number;
};

export function lookAt(tally: Tally, minimum: number, nowMs: number): Look {
  return {
    stretches: tally.stretches(nowMs),
    window: tally.window(nowMs),
    windowMs: tally.windowMs,
    minimum,
  };
}

/**
 * What a guardrail sees, and in which stretch. A breach is looked for in every stretch, a pass in the whole epoch;
 * without recent samples there is neither.
 */
export function findGround<Sample>(
  measure: Measure<Sample>,
  { stretches, window, minimum }: Look,
): { readonly ground: Ground; readonly stretch: Stretch } {
  const whole = stretches[0]!;
  const sizeOf = (figures: Figures) => measure.size(measure.of(figures));
  if (sizeOf(window.figures) === 0) return { ground: 'silent', stretch: whole };
  const over = stretches.find(
    ({ figures, risk }) => sizeOf(figures) >= minimum && measure.breaches(measure.of(figures), ALPHA * risk),
  );
  if (over) return { ground: 'over', stretch: over };
  if (sizeOf(whole.figures) < minimum) return { ground: 'thin', stretch: whole };
  return { ground: measure.passes(measure.of(whole.figures)) ? 'under' : 'open', stretch: whole };
}
