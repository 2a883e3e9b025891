/** Hours of a day, a decimal with two places: `7.50`. */
const HOURS = /^-?(\d{1,4})\.(\d{2})$/;

/** What a freelancer can work on one day, over all projects, in hundredths of an hour. */
export const DAY_HUNDREDTHS = 2400;

/** Hundredths of an hour, `7.50` is 750. Throws RangeError on a text that is none. */
export function hundredthsOf(hours: string): number {
  if (!HOURS.test(hours)) throw new RangeError(`hours: expected e.g. 7.50, got ${hours}`);
  return Number(hours.replace('.', ''));
}

/** Whole quarters from a quarter of an hour to a day: what may be filed. Imported rows keep what they came with. */
export function canBeFiled(hours: string): boolean {
  const hundredths = hundredthsOf(hours);
  return hundredths > 0 && hundredths <= DAY_HUNDREDTHS && hundredths % 25 === 0;
}
