import type { Witness } from './person.ts';

export type Sheet = { readonly id: number; readonly frl: number; hours: number };
type Run = { payments: number; timesheets: number; cents: number };

/** What the monolith has acknowledged; the audit holds the database to it. */
export class Books implements Witness {
  readonly problems: string[] = [];
  readonly statuses = new Map<number, number>();
  readonly tookMs: number[] = [];
  /** Lines that the change log must have, e.g. `timesheets appr`. */
  readonly logged = new Map<string, number>();
  /** Rows that were made, by table. */
  readonly made = new Map<string, Set<number>>();
  readonly gone = new Map<string, Set<number>>();
  readonly sheets = new Map<number, Sheet>();
  /** The value that a column must have, by `table id column`: each has one writer only. */
  readonly columns = new Map<string, string | number>();
  /** The same of customers that several people save: the one who saves last wins with all fields. */
  readonly contested = new Map<string, string | number>();
  readonly run: Run = { payments: 0, timesheets: 0, cents: 0 };
  importedNotes = 0;

  answered(status: number, tookMs: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    this.tookMs.push(tookMs);
  }

  problem(text: string): void {
    this.problems.push(text);
  }

  log(line: string, times = 1): void {
    this.logged.set(line, (this.logged.get(line) ?? 0) + times);
  }

  make(table: string, id: number): void {
    this.#set(this.made, table).add(id);
  }

  remove(table: string, id: number): void {
    this.#set(this.made, table).delete(id);
    this.#set(this.gone, table).add(id);
  }

  get requests(): number {
    return this.tookMs.length;
  }

  #set(sets: Map<string, Set<number>>, table: string): Set<number> {
    const set = sets.get(table) ?? new Set<number>();
    sets.set(table, set);
    return set;
  }
}
