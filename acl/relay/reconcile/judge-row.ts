import type { ColumnKind, LegacyRow } from '../source/legacy-store.ts';
import type { TableTranslator } from '../translator-module.ts';
import { canonicalColumn } from './canonical.ts';
import { differingFields, type FieldDifference, fieldDifference } from './differing-fields.ts';

export type DifferenceKind = 'missing' | 'extra' | 'changed';

/** What two stores say of one key: `missing` has legacy alone, `extra` the service alone. */
export type Verdict =
  | { readonly kind: 'equal' }
  | { readonly kind: DifferenceKind; readonly fields: readonly FieldDifference[] }
  | { readonly kind: 'untranslatable'; readonly reason: string };

const EQUAL: Verdict = { kind: 'equal' };

export type JudgedTable = TableTranslator & { readonly kinds: ReadonlyMap<string, ColumnKind> };

/** Undefined is a row, or a value, that is not there. */
export function judgeRow(
  table: JudgedTable,
  row: LegacyRow | undefined,
  held: { readonly value: unknown } | undefined,
): Verdict {
  if (row === undefined) return held === undefined ? EQUAL : { kind: 'extra', fields: [] };
  const translated = translate(table, row);
  if ('rejected' in translated) return { kind: 'untranslatable', reason: translated.rejected };
  if (held === undefined) return { kind: 'missing', fields: [] };
  const fields = differingFields(translated.value, held.value);
  if (fields.length > 0) return { kind: 'changed', fields };
  const lost = lostOnTheWay(table, row, translated);
  return lost.length === 0 ? EQUAL : { kind: 'changed', fields: lost };
}

type Translation =
  | { readonly value: unknown; readonly quirks: readonly string[] }
  | { readonly rejected: string };

/** The value as it travels. */
function translate({ toSync }: JudgedTable, row: LegacyRow): Translation {
  try {
    const translated = toSync(row.columns);
    if ('rejected' in translated) return { rejected: translated.rejected };
    return { value: JSON.parse(JSON.stringify(translated.value)), quirks: translated.quirks };
  } catch (error) {
    return { rejected: `the translator failed: ${(error as Error).message}` };
  }
}

/**
 * Columns that the value does not give back. Both stores can agree and both be wrong, where the way there loses what
 * the row says: only the way back can tell.
 */
function lostOnTheWay(
  { fromSync, quirkColumns = {}, kinds }: JudgedTable,
  { columns: row }: LegacyRow,
  { value, quirks }: { readonly value: unknown; readonly quirks: readonly string[] },
): readonly FieldDifference[] {
  if (fromSync === undefined) return [];
  let back: Readonly<Record<string, unknown>>;
  try {
    back = fromSync(value);
  } catch (error) {
    return [fieldDifference('fromSync', null, `failed: ${(error as Error).message}`)];
  }
  const explained = new Set(quirks.flatMap((quirk) => quirkColumns[quirk] ?? []));
  return Object.entries(back).flatMap(([column, comes]): FieldDifference[] => {
    const field = `column ${column}`;
    if (!Object.hasOwn(row, column)) return [fieldDifference(field, 'no such column', String(comes))];
    const kind = kinds.get(column) ?? 'plain';
    const [has, gets] = [canonicalColumn(kind, row[column]), canonicalColumn(kind, comes)];
    return has === gets || explained.has(column) ? [] : [fieldDifference(field, has, gets)];
  });
}
