import type { QuarantinedRow, RunJournal } from '../state/progress.ts';

/** Rows that cannot be applied, by stream key: each blocks itself and nothing else. Saved only when it changed. */
export class Quarantine {
  readonly #rows: Map<string, QuarantinedRow>;
  readonly #journal: RunJournal;
  #isSaved = true;

  constructor(journal: RunJournal, rows: readonly QuarantinedRow[]) {
    this.#journal = journal;
    this.#rows = new Map(rows.map((row) => [row.key, row]));
  }

  get size(): number {
    return this.#rows.size;
  }

  list(): readonly QuarantinedRow[] {
    return [...this.#rows.values()];
  }

  /** Keys that `pass` set aside, in one order whenever it is asked. */
  keysOf(pass: number): readonly string[] {
    const own = [...this.#rows.values()].filter((row) => row.pass === pass);
    return own.map((row) => row.key).sort();
  }

  put(key: string, reason: string, now: string, pass: number): void {
    const since = this.#rows.get(key)?.since ?? now;
    this.#rows.set(key, { key, reason, since, pass });
    this.#isSaved = false;
  }

  release(key: string): void {
    if (this.#rows.delete(key)) this.#isSaved = false;
  }

  /** Drops what the whole of `pass` did not meet again: those rows left the legacy table. */
  releaseUnseen(pass: number): void {
    for (const row of this.#rows.values()) if (row.pass !== pass) this.release(row.key);
  }

  async save(): Promise<void> {
    if (this.#isSaved) return;
    // Before it is written: what is put meanwhile is not in it.
    this.#isSaved = true;
    await this.#journal.saveQuarantine(this.list()).catch((error: unknown) => {
      this.#isSaved = false;
      throw error;
    });
  }
}
