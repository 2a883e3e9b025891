import { In, MoreThan } from 'typeorm';
import { upsertRows } from '../../../service-kit/database/upsert-rows.ts';
import { numbersAfter } from '../../../service-kit/numbers/numbers-after.ts';
import type { SyncStream } from '../../../service-kit/sync/sync-stream.ts';
import { freelancerId } from '../../domain/freelancer-id.ts';
import {
  type FreelancerValue,
  freelancerValueSchema,
  fromWireValue,
  toWireValue,
} from '../http/freelancer-wire.ts';
import {
  FreelancerEntity,
  type FreelancerRow,
  freelancerColumns,
  fromRow,
  toRow,
} from '../typeorm/freelancer-row.ts';
import { SearchEntity, searchColumns, toSearchRow } from '../typeorm/search-row.ts';
import { emailConflicts } from './email-conflicts.ts';

const aggregates = {
  table: 'freelancer',
  key: 'id',
  columns: freelancerColumns.filter((column) => column !== 'version'),
  version: 'version',
};
const view = { table: 'freelancer_search', key: 'id', columns: searchColumns };

/** Carries freelancers of the other store in: the key is the number, the value is kept as it came. */
export const freelancerStream: SyncStream<FreelancerValue> = {
  name: 'freelancers',
  keyOrder: 'numeric',
  numbers: [{ prefix: '', sequence: 'freelancer_number' }],
  value: freelancerValueSchema,
  destinationOf: (key) => freelancerId(Number(key)),
  mismatch(key, value, destination) {
    if (String(value.number) !== key) return `number: expected ${key}, the key, got ${value.number}`;
    return value.id === destination
      ? null
      : `id: expected ${destination}, which follows from the number, got ${value.id}`;
  },

  conflicts: emailConflicts,

  async apply(manager, { values, tombstones }) {
    // Removals first: they free e-mail addresses that the values may take.
    const gone = In(tombstones.map((row) => row.destination));
    const removed =
      tombstones.length === 0 ? 0 : ((await manager.delete(FreelancerEntity, { id: gone })).affected ?? 0);
    if (removed > 0) await manager.delete(SearchEntity, { id: gone });
    if (values.length === 0) return { changed: removed };

    const incoming = new Map(values.map(({ destination, value }) => [destination, fromWireValue(value, 1)]));
    const written = await upsertRows(manager, aggregates, [...incoming.values()].map(toRow));
    const changed = written.flatMap(({ id, version }) => {
      const freelancer = incoming.get(String(id));
      return freelancer === undefined ? [] : [{ ...freelancer, version: Number(version) }];
    });
    await upsertRows(manager, view, changed.map(toSearchRow));
    return { changed: removed + changed.length };
  },

  async read(manager, after, limit) {
    const rows = await manager.find(FreelancerEntity, {
      where: { number: MoreThan(Number(after ?? 0)) },
      order: { number: 'ASC' },
      take: limit,
    });
    return rows.map(keyed);
  },

  readKeys: (manager, after, limit) => numbersAfter(manager, 'freelancer', after, limit),

  async find(manager, keys) {
    const rows = await manager.find(FreelancerEntity, { where: { number: In(keys.map(Number)) } });
    return rows.map(keyed);
  },
};

function keyed(row: FreelancerRow): { key: string; value: FreelancerValue } {
  return { key: String(row.number), value: toWireValue(fromRow(row)) };
}
