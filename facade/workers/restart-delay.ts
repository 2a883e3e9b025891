const FIRST_MS = 200;
const LONGEST_MS = 30_000;

/** How long a worker that has lived so long has proved itself. */
export const PROVEN_MS = 60_000;

/** How long to wait before a worker is replaced that ended `ends` times since it last proved itself: 0 for the first. */
export function restartDelayMs(ends: number): number {
  return ends <= 1 ? 0 : Math.min(LONGEST_MS, FIRST_MS * 2 ** (ends - 2));
}
