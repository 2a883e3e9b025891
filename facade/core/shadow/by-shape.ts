import type { Comparison, Difference } from '../compare/index.ts';

/**
 * The comparison of a write with its dry run: what each side makes for itself, ids and times, is compared by its shape.
 * Such differences count as ignored; `null`, another type or another format stays what it is, and so does a time that is
 * not of the same ten minutes: nobody made it just now, or in another time zone.
 */
export function byShape(comparison: Comparison): Comparison {
  const own = comparison.differences.filter(isMade);
  if (own.length === 0) return comparison;
  const differences = comparison.differences.filter((difference) => !isMade(difference));
  const outcome = differences.length + comparison.more > 0 ? 'mismatch' : 'ignored';
  return { ...comparison, outcome, differences, ignored: [...comparison.ignored, ...own] };
}

function isMade({ kind, path, sample }: Difference): boolean {
  if (kind !== 'value' && !(kind === 'header' && path === 'header:location')) return false;
  if (sample.legacy === null || sample.candidate === null) return false;
  const shape = shapeOf(sample.legacy, path);
  if (shape === null || shape !== shapeOf(sample.candidate, path)) return false;
  return !isTime(shape) || Math.abs(momentOf(sample.legacy) - momentOf(sample.candidate)) <= SAME_TIME_MS;
}

/** Longer than any copy waits, and shorter than the smallest difference of two time zones. */
const SAME_TIME_MS = 10 * 60_000;

const ID_NAME = /(?:^|[._\]])(?:id|no|nr|number|key)$|(?:Id|_id|_no|_nr)$/;
const UUID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/gi;

/** The shape of a value that somebody made: null for one that is no id and no time. `text` is JSON. */
function shapeOf(text: string, path: string): string | null {
  if (path === 'header:location') return text.replace(UUID, 'uuid').replace(/\d+/g, '0');
  if (/^\d+$/.test(text)) return ID_NAME.test(path) ? 'number' : null;
  if (!text.startsWith('"')) return null;
  if (text.replace(UUID, '') === '""') return 'uuid';
  if (/^"[0-9A-HJKMNP-TV-Z]{26}"$/.test(text)) return 'ulid';
  if (ID_NAME.test(path) && /^"[\w-]{1,64}"$/.test(text)) return `id of ${text.length - 2}`;
  const digits = text.replace(/\d+/g, (run) => '0'.repeat(run.length));
  return isTime(digits) ? digits : null;
}

/** Dates with a time of day, in the forms that systems write: 2026-01-02T03:04:05.678Z, 02.01.2026 03:04, … */
function isTime(digits: string): boolean {
  return /^"(?:0000-00-00|00\.00\.0000|00\/00\/0000)[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]00:?00)?"$/.test(
    digits,
  );
}

/** Milliseconds of a text that `isTime`; without an offset UTC, with slashes the day first. Good for differences only. */
function momentOf(text: string): number {
  const [date = '', rest = ''] = text.slice(1, -1).split(/[T ]/);
  const [first = 0, month = 0, third = 0] = date.split(/[-./]/).map(Number);
  const [year, day] = date.charAt(4) === '-' ? [first, third] : [third, first];
  const [, hour, minute, second = '0', sign, hours = '0', minutes = '0'] =
    /^(\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?(?:Z|([+-])(\d\d):?(\d\d))?$/.exec(rest) ?? [];
  const offset = Number(hours) * 60 + Number(minutes);
  const local = Date.UTC(year, month - 1, day, Number(hour), Number(minute)) + Number(second) * 1000;
  return local - (sign === '-' ? -offset : offset) * 60_000;
}
