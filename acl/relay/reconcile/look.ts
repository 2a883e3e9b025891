import { createHash } from 'node:crypto';
import { streamKey, tableKey } from '../backfill/stream-key.ts';
import type { LegacyRow } from '../source/legacy-store.ts';
import { canonicalJson } from './canonical.ts';
import { type JudgedTable, judgeRow, type Verdict } from './judge-row.ts';
import type { ReconcileParts } from './reconcile-parts.ts';

/** What both stores had for one key of the stream. */
export type Look = {
  readonly key: string;
  readonly verdict: Verdict;
  /** Is another one when either side is: a digest of both, '' where they are equal. */
  readonly evidence: string;
};

type Held = { readonly value: unknown };

export class Looker {
  readonly #parts: ReconcileParts;
  readonly #tables: ReadonlyMap<string, JudgedTable>;

  private constructor(parts: ReconcileParts, tables: ReadonlyMap<string, JudgedTable>) {
    this.#parts = parts;
    this.#tables = tables;
  }

  static async open(parts: ReconcileParts): Promise<Looker> {
    const tables = new Map<string, JudgedTable>();
    for (const { name } of parts.tables) {
      const kinds = await parts.store.columnKinds(name);
      tables.set(name, { ...parts.translator.tables[name]!, kinds });
    }
    return new Looker(parts, tables);
  }

  /** At rows of a table that have been read. */
  async rows(table: ReconcileParts['tables'][number], rows: readonly LegacyRow[]): Promise<Look[]> {
    const own = new Map(rows.map((row) => [streamKey(this.#parts.tables, table, row.key), row]));
    const held = await this.#held([...own.keys()]);
    return [...own].map(([key, row]) => this.#look(table.name, key, row, held.get(key)));
  }

  /** At keys of the stream, anew: legacy first, so that what is written meanwhile can only be there earlier. */
  async keys(keys: readonly string[]): Promise<Look[]> {
    const { tables, store } = this.#parts;
    const rows = new Map<string, LegacyRow>();
    const owner = new Map<string, string>();
    for (const table of tables) {
      const own = keys.flatMap((key) => {
        const found = tableKey(tables, key);
        return found?.table === table ? [found.key] : [];
      });
      for (const key of own) owner.set(streamKey(tables, table, key), table.name);
      for (const row of await store.readRows(table.name, table.key, own))
        rows.set(streamKey(tables, table, row.key), row);
    }
    const held = await this.#held(keys);
    return keys.map((key) => this.#look(owner.get(key) ?? null, key, rows.get(key), held.get(key)));
  }

  async #held(keys: readonly string[]): Promise<ReadonlyMap<string, Held>> {
    const rows = keys.length === 0 ? [] : await this.#parts.inbox.rows(this.#parts.stream, keys);
    return new Map(rows.flatMap(({ key, deleted, value }) => (deleted ? [] : [[key, { value }] as const])));
  }

  #look(table: string | null, key: string, row: LegacyRow | undefined, held: Held | undefined): Look {
    const judged = table === null ? undefined : this.#tables.get(table);
    const verdict: Verdict =
      judged === undefined
        ? { kind: held === undefined ? 'equal' : 'extra', fields: [] }
        : judgeRow(judged, row, held);
    return { key, verdict, evidence: verdict.kind === 'equal' ? '' : digest(row, held) };
  }
}

function digest(row: LegacyRow | undefined, held: Held | undefined): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify(row?.columns ?? null));
  hash.update('\0');
  hash.update(held === undefined ? '' : canonicalJson(held.value));
  return hash.digest('base64');
}
