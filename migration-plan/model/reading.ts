/**
 * What reading one written value gave: the value, or what should have stood there.
 * `expected` completes "expected …", `write` is an example of the right form.
 */
export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly expected: string; readonly write: string };

export function read<T>(value: T): Reading<T> {
  return { ok: true, value };
}

export function refuse(expected: string, write: string): Reading<never> {
  return { ok: false, expected, write };
}

/** The sentence of a refusal; `{got}` is filled in by whoever knows how the value was written in the file. */
export function refusalText(expected: string, write: string): string {
  return `expected ${expected}, got {got}. Write e.g. \`${write}\`.`;
}
