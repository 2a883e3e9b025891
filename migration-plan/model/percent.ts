import { type Reading, read, refuse } from './reading.ts';

export const PERCENT_PATTERN = '\\d+(\\.\\d+)?%';

/** Reads `30%`, `0.1%` into a ratio from 0 to 1. */
export function parsePercent(text: unknown): Reading<number> {
  const found = typeof text === 'string' ? /^(\d+(?:\.\d+)?)%$/.exec(text) : null;
  if (!found) return refuse('a percentage', '25%');
  const percent = Number(found[1]);
  if (percent > 100) return refuse('a percentage from 0 to 100 %', '25%');
  // Shifting the decimal point in text: 0.07 / 100 in binary is not the number nearest to 0.0007.
  return read(Number(`${found[1]}e-2`));
}

/** Writes a ratio as a percentage: 0.001 is `0.1%`. */
export function formatPercent(ratio: number): string {
  const [digits, exponent] = ratio.toExponential().split('e') as [string, string];
  return `${decimal(Number(`${digits}e${Number(exponent) + 2}`))}%`;
}

/** Reads a share with or without its `%` sign into 0.01 % steps: `2.5%` is 250. */
export function parseShare(text: string): Reading<number> {
  const found = /^(\d+)(?:\.(\d+))?%?$/.exec(text.trim());
  if (!found) return refuse('a share such as `25%`', '25%');
  const fraction = (found[2] ?? '').replace(/0+$/, '');
  const hundredths = Number(found[1]) * 100 + Number(fraction.padEnd(2, '0').slice(0, 2));
  if (Number(found[1]) > 100 || hundredths > 10_000) return refuse('a share from 0 to 100 %', '25%');
  if (fraction.length > 2) return refuse('a share in steps of 0.01 %', '0.01%');
  return read(hundredths);
}

/** Writes 0.01 % steps as a percentage: 250 is `2.5%`. */
export function formatShare(hundredths: number): string {
  return `${hundredths / 100}%`;
}

/** Plain decimal notation: `1e-7` would not be read back. */
function decimal(value: number): string {
  return value.toString().includes('e') ? value.toFixed(20).replace(/\.?0+$/, '') : value.toString();
}
