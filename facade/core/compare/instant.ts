/** A moment read from text; `zoned`: the text says its offset; `timed`: it has a time of day. */
export type Instant = { readonly ms: number; readonly zoned: boolean; readonly timed: boolean };

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?: ?(Z|[+-]\d\d:?(?:\d\d)?))?)?$/i;
const DOTTED = /^(\d\d?)\.(\d\d?)\.(\d{4})(?: (\d\d):(\d\d)(?::(\d\d))?)?$/;
const HTTP_DATE = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:GMT|UTC|[+-]\d{4})$/;

/**
 * Reads ISO 8601 (with `T` or a blank), `DD.MM.YYYY [HH:MM[:SS]]` and the date format of HTTP headers. Text without
 * an offset counts as UTC, a date alone as its midnight. Null for everything else, `01/02/2027` among it: nobody
 * knows which part is the month.
 */
export function readInstant(text: string): Instant | null {
  if (text.length > 40) return null;
  const iso = ISO.exec(text);
  if (iso) {
    const [, year, month, day, hour, minute, second, fraction, zone] = iso;
    const local = utc([year, month, day, hour, minute, second]);
    if (local === null) return null;
    const ms = local + Number(`0.${fraction ?? 0}`) * 1000 - offsetMs(zone);
    return { ms, zoned: zone !== undefined, timed: hour !== undefined };
  }
  const dotted = DOTTED.exec(text);
  if (dotted) {
    const [, day, month, year, hour, minute, second] = dotted;
    const ms = utc([year, month, day, hour, minute, second]);
    return ms === null ? null : { ms, zoned: false, timed: hour !== undefined };
  }
  if (!HTTP_DATE.test(text)) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : { ms, zoned: true, timed: true };
}

function utc(parts: readonly (string | undefined)[]): number | null {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.map((part) =>
    Number(part ?? 0),
  );
  if (month < 1 || month > 12 || day < 1 || hour > 24 || minute > 59 || second > 60) return null;
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  // Date.UTC turns 31 February into 3 March.
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day ? ms : null;
}

function offsetMs(zone: string | undefined): number {
  if (zone === undefined || /z/i.test(zone)) return 0;
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (zone[0] === '-' ? -minutes : minutes) * 60_000;
}
