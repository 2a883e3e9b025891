import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DataSet } from '#plan/model/plan.ts';
import { StartError } from '../gateway-kit/env.ts';

/** What a table's translator makes of one legacy row: a value for the stream, or why there is none. */
export type ToSync = (
  row: Readonly<Record<string, unknown>>,
) =>
  | { readonly key: string; readonly value: unknown; readonly quirks: readonly string[] }
  | { readonly key: string; readonly rejected: string };

/**
 * The way back: the columns of the legacy row that a value of the stream stands for. May leave out what legacy makes
 * itself, and may throw for a value that no row can hold.
 */
type FromSync = (value: unknown) => Readonly<Record<string, unknown>>;

export type TableTranslator = {
  readonly key: string;
  readonly toSync: ToSync;
  /** Without it the set cannot change owners, and a comparison cannot tell what `toSync` loses. */
  readonly fromSync?: FromSync;
  /** Columns that a quirk makes canonical, by the quirk's name: in a row with it they do not come back as they were. */
  readonly quirkColumns?: Readonly<Record<string, readonly string[]>>;
};

/** The `dataSet` export of a translator module: one entry per table of the plan's data set. */
export type DataSetTranslator = { readonly tables: Readonly<Record<string, TableTranslator>> };

/**
 * Loads the translator module that a data set names (a path relative to `root`) and checks it against the plan's
 * tables. Throws StartError with one line that names the data set's file.
 */
export async function loadTranslator(set: DataSet, root: string): Promise<DataSetTranslator> {
  const say = (expected: string, got: string) =>
    new StartError(`${set.file} translator: expected ${expected}, got ${got}. Correct \`${set.translator}\``);
  const module = await importModule(resolve(root, set.translator), (reason) =>
    say('a module that loads', reason),
  );
  const translator = module.dataSet as DataSetTranslator | undefined;
  if (typeof translator?.tables !== 'object' || translator.tables === null)
    throw say('an export `dataSet` with `tables`', 'none');
  for (const { name, key } of set.tables) {
    const table = Object.hasOwn(translator.tables, name) ? translator.tables[name] : undefined;
    if (typeof table?.toSync !== 'function') throw say(`\`tables.${name}.toSync\` to be a function`, 'none');
    if (table.fromSync !== undefined && typeof table.fromSync !== 'function')
      throw say(`\`tables.${name}.fromSync\` to be a function or left out`, `a ${typeof table.fromSync}`);
    if (table.quirkColumns !== undefined && !isLists(table.quirkColumns))
      throw say(`\`tables.${name}.quirkColumns\` to list columns by quirk`, 'something else');
    if (table.key !== key) throw say(`\`tables.${name}.key\` to be \`${key}\``, `\`${table.key}\``);
  }
  return translator;
}

function isLists(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).every(
    (list) => Array.isArray(list) && list.every((name) => typeof name === 'string'),
  );
}

async function importModule(
  path: string,
  refuse: (reason: string) => StartError,
): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    throw refuse((error as Error).message.split('\n', 1)[0]!);
  }
}
