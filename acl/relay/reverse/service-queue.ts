import { tableKey } from '../backfill/stream-key.ts';
import type { CapturedTable, ChangeSource } from '../capture/change-source.ts';
import type { OwnedService } from '../target/owned-service.ts';

/** What the service itself wrote, as a change source: it notes that in the write's own transaction, so there is nothing to install. */
export function serviceQueue(service: OwnedService, tables: readonly CapturedTable[]): ChangeSource {
  return {
    name: service.url,
    async preflight() {
      await service.owner();
      return [];
    },
    async install() {},
    async remove() {},
    async state() {
      const { owner, epoch } = await service.owner();
      // It governs itself for good and queues nothing any more.
      return owner === 'open' && epoch > 0 ? { kind: 'absent' } : { kind: 'installed' };
    },
    async changes(limit) {
      const changes = await service.changes(limit);
      return changes.map(({ seq, key }) => {
        const found = tableKey(tables, key);
        return { seq, table: found?.table.name ?? '', key: found?.key ?? key };
      });
    },
    ack: (changes) => service.ack(changes.map(({ seq }) => seq)),
    async lag() {
      const { waiting, oldestMs } = await service.position();
      return { waiting, oldestMs: oldestMs === null ? null : Math.max(0, Math.round(oldestMs)) };
    },
    head: async () => (await service.position()).head,
    covers: async (position) => position === null || service.covers(position),
    async close() {},
  };
}
