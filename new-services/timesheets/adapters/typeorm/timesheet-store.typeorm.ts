import type { DataSource, EntityManager } from 'typeorm';
import { violates } from '../../../service-kit/database/failures.ts';
import { type OnceOnly, takeKey } from '../../../service-kit/idempotency/once.ts';
import { ownedWrite } from '../../../service-kit/sync/owned-write.ts';
import type { AddOutcome, ChangeOutcome, TimesheetStore } from '../../application/timesheet-store.ts';
import { hasRoom, type Timesheet } from '../../domain/timesheet.ts';
import { fromDocument, type TimesheetDocument, toDocument } from './timesheet-document.ts';
import { fromRow, TimesheetEntity, toRow } from './timesheet-row.ts';

/** First half of the advisory lock on a freelancer; the second one is the freelancer's number. */
const freelancerLock = 7_105_003;

/** `stream` is the sync stream that timesheets travel in. */
export function typeormTimesheetStore(dataSource: DataSource, stream: string): TimesheetStore {
  return {
    async find(id) {
      const row = await dataSource.manager.findOneBy(TimesheetEntity, { id });
      return row === null ? null : fromRow(row);
    },

    async add(timesheet, once) {
      try {
        return await ownedWrite(dataSource, stream, async (manager, changed) => {
          const outcome = await addOnce(manager, timesheet, once);
          if (outcome.kind === 'added') changed(String(timesheet.number));
          return outcome;
        });
      } catch (error) {
        if (error instanceof DayFull) return { kind: 'day-full' };
        if (violates(error, 'timesheet_pkey') || violates(error, 'timesheet_number_unique')) {
          return { kind: 'number-taken' };
        }
        throw error;
      }
    },

    change(id, decide, { checksDay } = { checksDay: false }) {
      return ownedWrite(dataSource, stream, async (manager, changed): Promise<ChangeOutcome> => {
        const row = await manager.findOne(TimesheetEntity, {
          where: { id },
          lock: { mode: 'pessimistic_write' },
        });
        if (row === null) return { kind: 'not-found' };
        const decision = decide(fromRow(row));
        if ('refused' in decision) return decision.refused;
        if ('removed' in decision) {
          await manager.delete(TimesheetEntity, { id });
          changed(String(row.number));
          return { kind: 'done', timesheet: decision.removed };
        }
        const { timesheet } = decision;
        if (checksDay && !(await dayHasRoom(manager, timesheet))) return { kind: 'day-full' };
        await manager.update(TimesheetEntity, { id }, toRow(timesheet));
        changed(String(timesheet.number));
        return { kind: 'done', timesheet };
      });
    },
  };
}

/** Leaves the transaction, so that the idempotency key stays free for the same request later. */
class DayFull extends Error {
  override readonly name = 'DayFull';
}

async function addOnce(
  manager: EntityManager,
  timesheet: Timesheet,
  once: OnceOnly | null,
): Promise<AddOutcome> {
  if (once !== null) {
    const taken = await takeKey(manager, once, toDocument(timesheet), timesheet.createdAt);
    if (taken.kind === 'key-reused') return { kind: 'key-reused' };
    if (taken.kind === 'repeated')
      return { kind: 'repeated', timesheet: fromDocument(taken.answer as TimesheetDocument) };
  }
  if (!(await dayHasRoom(manager, timesheet))) throw new DayFull();
  await manager.insert(TimesheetEntity, toRow(timesheet));
  return { kind: 'added', timesheet };
}

/** Holds the freelancer until the transaction ends: two sheets that each had room for themselves would be too much together. */
async function dayHasRoom(manager: EntityManager, timesheet: Timesheet): Promise<boolean> {
  const { id, freelancerNumber, day } = timesheet;
  await manager.query('SELECT pg_advisory_xact_lock($1, $2)', [freelancerLock, freelancerNumber]);
  const [row] = await manager.query(
    `SELECT coalesce(sum(hours * 100), 0)::bigint AS hundredths FROM timesheet
     WHERE freelancer_number = $1 AND day = $2 AND status <> 'rejected' AND id <> $3`,
    [freelancerNumber, day, id],
  );
  return hasRoom(Number(row.hundredths), timesheet);
}
