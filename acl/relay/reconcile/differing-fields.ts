import { ExactNumber } from '../target/exact-json.ts';
import { canonicalJson } from './canonical.ts';

export type FieldDifference = {
  /** `name.first`, `skills[1]`; `column rate_ct` where what comes back for a column is not what the row has. */
  readonly field: string;
  /** Canonical, shortened; null: there is none. */
  readonly legacy: string | null;
  readonly candidate: string | null;
};

/** Fields that are told of one row. */
const MAX_FIELDS = 8;
const MAX_TEXT = 80;

/** Where two JSON values differ, the first few places; empty when they are the same. */
export function differingFields(legacy: unknown, candidate: unknown): readonly FieldDifference[] {
  const found: FieldDifference[] = [];
  collect('', legacy, candidate, found);
  return found;
}

function collect(path: string, legacy: unknown, candidate: unknown, found: FieldDifference[]): void {
  if (found.length >= MAX_FIELDS || legacy === candidate) return;
  if (isObject(legacy) && isObject(candidate)) {
    for (const name of new Set([...Object.keys(legacy), ...Object.keys(candidate)]))
      collect(path === '' ? name : `${path}.${name}`, legacy[name], candidate[name], found);
  } else if (Array.isArray(legacy) && Array.isArray(candidate) && legacy.length === candidate.length) {
    for (const [at, one] of legacy.entries()) collect(`${path}[${at}]`, one, candidate[at], found);
  } else {
    const [a, b] = [shown(legacy), shown(candidate)];
    if (a !== b) found.push(fieldDifference(path, a, b));
  }
}

/** Both texts from where they part, if they are long. */
export function fieldDifference(
  field: string,
  legacy: string | null,
  candidate: string | null,
): FieldDifference {
  let at = 0;
  while (at < (legacy?.length ?? 0) && legacy?.[at] === candidate?.[at]) at += 1;
  const from = Math.max(0, at - MAX_TEXT / 2);
  return {
    field: field === '' ? 'value' : field,
    legacy: cut(legacy, from),
    candidate: cut(candidate, from),
  };
}

function cut(text: string | null, from: number): string | null {
  if (text === null || text.length <= MAX_TEXT) return text;
  const part = text.slice(from, from + MAX_TEXT).toWellFormed();
  return `${from > 0 ? '…' : ''}${part}${from + MAX_TEXT < text.length ? '…' : ''}`;
}

const shown = (value: unknown): string | null => (value === undefined ? null : canonicalJson(value));

function isObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber)
  );
}
