type Name = { readonly first: string; readonly last: string };

/**
 * Splits the legacy `Last, First` at its first comma + space. Nothing is lost: where a side would be blank or padded
 * with spaces (`Cher`, `Miller,Jim`, `Ito, `), the whole text is the last name, so that `joinName` gives it back.
 */
export function splitName(text: string): Name {
  const comma = text.indexOf(', ');
  if (comma < 0) return { first: '', last: text };
  const last = text.slice(0, comma);
  const first = text.slice(comma + 2);
  if (isPadded(last) || isPadded(first)) return { first: '', last: text };
  return { first, last };
}

export function joinName(name: Name): string {
  return name.first === '' ? name.last : `${name.last}, ${name.first}`;
}

function isPadded(text: string): boolean {
  return text === '' || text !== text.trim();
}
