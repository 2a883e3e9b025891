import { type Instance, type InstanceRegistry, type InstanceState, SILENT_MS } from '../core/instances.ts';

type Row = { state: InstanceState; seenMs: number; incarnation: symbol; evicted: boolean };

export type MemoryRegistryOptions = {
  readonly id: string;
  readonly now: () => Date;
  /** Shared by the instances of a test; a process of its own is alone. */
  readonly rows?: Map<string, Row>;
};

/** For ledgers of one process: it knows itself. */
export function openMemoryRegistry({ id, now, rows = new Map() }: MemoryRegistryOptions): InstanceRegistry {
  const incarnation = Symbol(id);
  const view = ([name, { state, seenMs }]: [string, Row]): Instance => ({
    id: name,
    ...state,
    lastSeen: new Date(seenMs).toISOString(),
    silent: now().getTime() - seenMs > SILENT_MS,
  });
  return {
    async beat(state) {
      const before = rows.get(id);
      const evicted = before?.incarnation === incarnation && before.evicted;
      rows.set(id, { state, seenMs: now().getTime(), incarnation, evicted });
      return evicted ? 'evicted' : 'live';
    },
    list: async () =>
      [...rows]
        .filter(([, row]) => !row.evicted)
        .map(view)
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
    async evict(name) {
      const row = rows.get(name);
      if (!row || row.evicted) return false;
      row.evicted = true;
      return true;
    },
    async leave() {
      if (rows.get(id)?.incarnation === incarnation) rows.delete(id);
    },
    close: async () => {},
  };
}
