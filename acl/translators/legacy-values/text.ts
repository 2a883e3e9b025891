/** A text as legacy stores it: no NUL, no white space around, a lone surrogate replaced; null stays null. */
export function legacyText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return String(value).replaceAll('\0', '').trim().toWellFormed();
}
