import { In, MoreThan } from 'typeorm';
import { upsertRows } from '../../../service-kit/database/upsert-rows.ts';
import { numbersAfter } from '../../../service-kit/numbers/numbers-after.ts';
import type { SyncStream } from '../../../service-kit/sync/sync-stream.ts';
import { timesheetId } from '../../domain/timesheet-id.ts';
import {
  fromWireValue,
  type TimesheetValue,
  timesheetValueSchema,
  toWireValue,
} from '../http/timesheet-wire.ts';
import { fromRow, TimesheetEntity, timesheetColumns, toRow } from '../typeorm/timesheet-row.ts';

const aggregates = {
  table: 'timesheet',
  key: 'id',
  columns: timesheetColumns.filter((column) => column !== 'version'),
  version: 'version',
};

/** Carries timesheets of the other store in: the key is the number, the value is kept as it came, also a day of 80 hours. */
export const timesheetStream: SyncStream<TimesheetValue> = {
  name: 'timesheets',
  keyOrder: 'numeric',
  numbers: [{ prefix: '', sequence: 'timesheet_number' }],
  value: timesheetValueSchema,
  destinationOf: (key) => timesheetId(Number(key)),
  mismatch(key, value, destination) {
    if (String(value.number) !== key) return `number: expected ${key}, the key, got ${value.number}`;
    return value.id === destination
      ? null
      : `id: expected ${destination}, which follows from the number, got ${value.id}`;
  },

  async apply(manager, { values, tombstones }) {
    const gone = In(tombstones.map((row) => row.destination));
    const removed =
      tombstones.length === 0 ? 0 : ((await manager.delete(TimesheetEntity, { id: gone })).affected ?? 0);
    if (values.length === 0) return { changed: removed };
    const rows = values.map(({ value }) => toRow(fromWireValue(value, 1)));
    const written = await upsertRows(manager, aggregates, rows);
    return { changed: removed + written.length };
  },

  async read(manager, after, limit) {
    const rows = await manager.find(TimesheetEntity, {
      where: { number: MoreThan(Number(after ?? 0)) },
      order: { number: 'ASC' },
      take: limit,
    });
    return rows.map(keyed);
  },

  readKeys: (manager, after, limit) => numbersAfter(manager, 'timesheet', after, limit),

  async find(manager, keys) {
    const rows = await manager.find(TimesheetEntity, { where: { number: In(keys.map(Number)) } });
    return rows.map(keyed);
  },
};

function keyed(row: Parameters<typeof fromRow>[0]): { key: string; value: TimesheetValue } {
  return { key: String(row.number), value: toWireValue(fromRow(row)) };
}
