import type { CaptureState } from '../capture/change-source.ts';
import type { LegacyStore } from '../source/legacy-store.ts';
import { type Columns, type Drift, driftOf, isHarmful } from './drift.ts';

/** What is kept over the end of the process. */
export type CompletenessMemory = {
  /** Why the new store may lack what legacy has, though nothing waits; null: it lacks nothing. */
  readonly why: string | null;
  /** Copies and comparisons that began since then, by their start: the end of any of them settles it. */
  readonly runs: readonly string[];
  /** The columns that the set had when capture was installed; null: it never was. */
  readonly columns: Columns | null;
};

export type CompletenessJournal = {
  load(): Promise<CompletenessMemory>;
  save(memory: CompletenessMemory): Promise<void>;
};

export const NEVER_COPIED: CompletenessMemory = {
  why: 'nothing was copied since writes are noted',
  runs: [],
  columns: null,
};

/** Runs that never ended are of no interest for long. */
const MOST_RUNS = 10;

type Parts = {
  readonly set: string;
  readonly store: Pick<LegacyStore, 'columnTypes'>;
  readonly tables: readonly { readonly name: string }[];
  readonly journal: CompletenessJournal;
};

/**
 * Whether an empty queue means that the new store has everything: only if writes were noted without a gap since a copy
 * began that came to its end, or since a comparison that found no difference; and only while the columns are those that
 * the translator was written for.
 */
export class Completeness {
  readonly #parts: Parts;
  #memory: CompletenessMemory;
  #drift: readonly Drift[] = [];
  #isNoting = false;
  /** One after the other: looks, installations and runs come from several sides. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(parts: Parts, memory: CompletenessMemory) {
    this.#parts = parts;
    this.#memory = memory;
  }

  static async open(parts: Parts): Promise<Completeness> {
    return new Completeness(parts, await parts.journal.load());
  }

  /** Why nobody can say how far the new store is behind, and what to do; null: the queue says it. */
  get doubt(): string | null {
    const { why } = this.#memory;
    const { set } = this.#parts;
    return (
      this.#harm() ??
      (why === null ? null : `${why}. Do: npx fig backfill ${set} (or: npx fig reconcile ${set})`)
    );
  }

  get drift(): readonly string[] {
    return this.#drift.map(({ detail }) => detail);
  }

  /** Looks at the columns; takes note when writes are not noted. */
  look(state: CaptureState): Promise<void> {
    return this.#inTurn(() => this.#look(state));
  }

  async #look(state: CaptureState): Promise<void> {
    this.#isNoting = state.kind === 'installed';
    const { columns } = this.#memory;
    if (columns !== null) this.#drift = driftOf(columns, await this.#columns());
    if (this.#isNoting || columns === null) return;
    const lost = state.kind === 'broken' ? state.missing.join(', ') : 'all triggers';
    await this.#gap(`writes were not noted for a time (gone: ${lost})`);
  }

  /** Before capture is installed: the columns are what they are meant to be from now on. */
  accept(state: CaptureState): Promise<void> {
    return this.#inTurn(() => this.#accept(state));
  }

  async #accept(state: CaptureState): Promise<void> {
    const harmed = this.#drift.filter(isHarmful);
    const columns = await this.#columns();
    if (state.kind !== 'installed' && this.#memory.columns === null)
      await this.#gap(NEVER_COPIED.why as string);
    else if (state.kind !== 'installed') await this.#look(state);
    else if (harmed.length > 0) await this.#gap('columns have changed since rows were copied');
    this.#drift = [];
    await this.#keep({ ...this.#memory, columns });
  }

  /** Capture was taken out on purpose. */
  forget(): Promise<void> {
    return this.#inTurn(async () => {
      this.#drift = [];
      this.#isNoting = false;
      await this.#keep(NEVER_COPIED);
    });
  }

  /** A copy or a comparison of all rows begins; `run` is told again when it has ended well. */
  began(run: string): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#isNoting && this.#memory.why !== null)
        await this.#keep({ ...this.#memory, runs: [...this.#memory.runs.slice(1 - MOST_RUNS), run] });
    });
  }

  ended(run: string): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#memory.runs.includes(run)) await this.#keep({ ...this.#memory, why: null, runs: [] });
    });
  }

  /** The same store, which gives no row while its columns are not those that the translator knows. */
  guard(store: LegacyStore): LegacyStore {
    const sound = async <T extends { readonly columns: Readonly<Record<string, unknown>> }>(
      table: string,
      rows: readonly T[],
    ): Promise<readonly T[]> => {
      const known = this.#memory.columns?.[table];
      const [row] = rows;
      if (known && row && Object.keys(known).some((column) => !(column in row.columns)))
        this.#drift = driftOf(this.#memory.columns as Columns, await this.#columns());
      const harm = this.#harm();
      if (harm !== null) throw new Error(harm);
      return rows;
    };
    return {
      ...store,
      readRowsAfter: async (table, ...rest) => sound(table, await store.readRowsAfter(table, ...rest)),
      readRows: async (table, ...rest) => sound(table, await store.readRows(table, ...rest)),
    };
  }

  #inTurn(step: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(step);
    this.#turn = done.catch(() => {});
    return done;
  }

  #harm(): string | null {
    const harmful = this.#drift.filter(isHarmful);
    if (harmful.length === 0) return null;
    const what = harmful.map(({ detail }) => detail).join('; ');
    return `the schema of legacy has changed: ${what}. Nothing is carried over meanwhile, and nothing is lost. Adapt the translator, restart the relay, then: npx fig capture install ${this.#parts.set}; npx fig backfill ${this.#parts.set}`;
  }

  async #gap(why: string): Promise<void> {
    const isKnown = this.#memory.why !== null && this.#memory.runs.length === 0;
    if (!isKnown) await this.#keep({ ...this.#memory, why, runs: [] });
  }

  async #columns(): Promise<Columns> {
    const { store, tables } = this.#parts;
    const found = await Promise.all(
      tables.map(async ({ name }) => [name, Object.fromEntries(await store.columnTypes(name))] as const),
    );
    return Object.fromEntries(found);
  }

  async #keep(memory: CompletenessMemory): Promise<void> {
    await this.#parts.journal.save(memory);
    this.#memory = memory;
  }
}
