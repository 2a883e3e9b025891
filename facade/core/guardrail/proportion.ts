import { turningPoint } from './turning-point.ts';
import { type Count, logWealthAbove, logWealthBelow } from './wealth.ts';

/** Whether the true share is above `share`: wrong at some look in at most a share `alpha` of all runs. */
export function isAbove(count: Count, share: number, alpha: number): boolean {
  return logWealthAbove(count, share) >= Math.log(1 / alpha);
}

/** Whether the true share is below `share`: wrong at some look in at most a share `alpha` of all runs. */
export function isBelow(count: Count, share: number, alpha: number): boolean {
  return logWealthBelow(count, share) >= Math.log(1 / alpha);
}

/** The largest share that the true one is above. 0 when there is none. */
export function lowerBound(count: Count, alpha: number): number {
  if (count.hits === 0) return 0;
  return turningPoint(0, 1, (share) => isAbove(count, share, alpha));
}

/** The smallest share that the true one is below. 1 when there is none. */
export function upperBound(count: Count, alpha: number): number {
  if (count.hits === count.trials) return 1;
  return turningPoint(1, 0, (share) => isBelow(count, share, alpha));
}
