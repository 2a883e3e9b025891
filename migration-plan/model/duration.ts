import { type Reading, read, refuse } from './reading.ts';

const MS_PER_UNIT = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** Longest delay that Node timers keep (2^31 - 1 ms); a longer one would fire at once. */
const MAX_MS = 2_147_483_647;

export const DURATION_PATTERN = '(0|\\d+(\\.\\d+)?(ms|s|m|h|d))';

/** Reads `250ms`, `5s`, `1.5m`, `1h`, `2d` (or a bare `0`) into milliseconds; whole milliseconds, at most 24 days. */
export function parseDuration(text: unknown): Reading<number> {
  const refusal = refuse('a duration (a number and ms, s, m, h or d)', '5s');
  if (text === 0 || text === '0') return read(0);
  if (typeof text !== 'string') return refusal;
  const found = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (!found) return refusal;
  const ms = Number(found[1]) * MS_PER_UNIT[found[2] as keyof typeof MS_PER_UNIT];
  const whole = Math.round(ms);
  if (Math.abs(ms - whole) > 1e-6) return refuse('a duration in whole milliseconds', '250ms');
  return whole > MAX_MS ? refuse('a duration of at most 24 days', '20d') : read(whole);
}

/** Writes milliseconds in the largest unit that needs no fraction: 90000 is `90s`, 3600000 is `1h`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0';
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms % MS_PER_UNIT[unit] === 0) return `${ms / MS_PER_UNIT[unit]}${unit}`;
  }
  return `${ms}ms`;
}
