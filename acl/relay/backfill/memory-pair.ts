import { setImmediate } from 'node:timers/promises';
import type { LegacyRow, LegacyStore } from '../source/legacy-store.ts';
import { IDLE, type Progress, type QuarantinedRow, type RunJournal } from '../state/progress.ts';
import type { SyncInbox } from '../target/sync-inbox.ts';

/**
 * A legacy table and a service in memory, with a log of what was asked in which order. A value `owns …` is unique in
 * the service.
 */
export class MemoryPair {
  readonly calls: string[] = [];
  readonly legacy = new Map<number, Record<string, unknown>>();
  readonly service = new Map<string, { version: bigint; deleted: boolean; value: unknown }>();
  /** Runs before each call; may throw. */
  onCall: (name: string) => void = () => {};
  progress: Progress = IDLE;
  identity = 'this database';
  quarantine: readonly QuarantinedRow[] = [];
  #ticket = 0n;

  readonly store: LegacyStore = {
    name: 'memory',
    identity: async () => this.identity,
    count: async () => this.#step('count', () => this.legacy.size),
    readRowsAfter: async (_table, _key, after, limit) =>
      this.#step(`rows after ${after}`, () =>
        this.#rows()
          .filter(({ key }) => after === null || Number(key) > Number(after))
          .slice(0, limit),
      ),
    readRows: async (_table, _key, keys) =>
      this.#step(`rows ${keys.join()}`, () => this.#rows().filter(({ key }) => keys.includes(key))),
    readKeys: async (_table, _key, keys) =>
      this.#step(`keys ${keys.join()}`, () =>
        this.#rows().flatMap(({ key }) => (keys.includes(key) ? [key] : [])),
      ),
    columnKinds: async () => new Map(),
    columnTypes: async () => new Map(),
    ping: async () => {},
    close: async () => {},
  };

  readonly inbox: SyncInbox = {
    url: 'memory',
    takeTicket: () =>
      this.#step('ticket', () => {
        this.#ticket += 1n;
        return String(this.#ticket);
      }),
    apply: (_stream, ticket, rows) =>
      this.#step(`apply ${rows.map(({ key, deleted }) => (deleted ? `-${key}` : key)).join()}`, () => {
        const result = { applied: 0, stale: 0, rejected: [] as { key: string; reason: string }[] };
        for (const row of rows) {
          const value = row.deleted ? null : row.value;
          const holder = [...this.service].find(
            ([key, held]) =>
              key !== row.key && !held.deleted && /^owns /.test(String(value)) && held.value === value,
          );
          if (value === 'refused by the service') {
            result.rejected.push({ key: row.key, reason: 'the service refuses it' });
          } else if (holder !== undefined) {
            result.rejected.push({ key: row.key, reason: `is held by row ${holder[0]}` });
          } else if ((this.service.get(row.key)?.version ?? 0n) >= BigInt(ticket)) {
            result.stale += 1;
          } else {
            this.service.set(row.key, { version: BigInt(ticket), deleted: row.deleted, value });
            result.applied += 1;
          }
        }
        return result;
      }),
    keysAfter: (_stream, after, limit) =>
      this.#step(`export after ${after}`, () => {
        const all = [...this.service]
          .map(([key, { deleted }]) => ({ key, deleted }))
          .sort((a, b) => Number(a.key) - Number(b.key))
          .filter(({ key }) => after === null || Number(key) > Number(after));
        const rows = all.slice(0, limit);
        const keys = rows.flatMap(({ key, deleted }) => (deleted ? [] : [key]));
        return { keys, next: all.length > limit ? rows.at(-1)!.key : null };
      }),
    rows: (_stream, keys) =>
      this.#step(`service ${keys.join()}`, () =>
        keys.map((key) => {
          const { deleted = true, value = null } = this.service.get(key) ?? {};
          return { key, deleted, value };
        }),
      ),
  };

  readonly journal: RunJournal = {
    loadProgress: async () => this.progress,
    saveProgress: (progress) =>
      this.#step(`save ${progress.state}`, () => {
        this.progress = progress;
      }),
    loadQuarantine: async () => this.quarantine,
    saveQuarantine: async (rows) => {
      this.quarantine = rows;
    },
  };

  /** Living rows of the service. */
  alive(): Record<string, unknown> {
    const living = [...this.service].filter(([, { deleted }]) => !deleted);
    return Object.fromEntries(living.map(([key, { value }]) => [key, value]));
  }

  #rows(): LegacyRow[] {
    return [...this.legacy]
      .sort(([a], [b]) => a - b)
      .map(([key, columns]) => ({ key: String(key), columns }));
  }

  async #step<T>(name: string, action: () => T): Promise<T> {
    await setImmediate();
    this.calls.push(name);
    this.onCall(name);
    return action();
  }
}
