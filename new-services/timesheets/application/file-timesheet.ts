import type { OnceOnly } from '../../service-kit/idempotency/once.ts';
import { fileTimesheet, type Work } from '../domain/timesheet.ts';
import type { AddOutcome, Clock, NumberSource, TimesheetStore } from './timesheet-store.ts';

/** A number can be taken by a synced row between being handed out and being used. */
const attempts = 5;

/** Files a sheet under the next number, once per idempotency key. */
export async function file(
  { store, numbers, now }: { store: TimesheetStore; numbers: NumberSource; now: Clock },
  work: Work,
  once: OnceOnly | null,
): Promise<AddOutcome> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await store.add(fileTimesheet(work, await numbers.next(), now()), once);
    if (outcome.kind !== 'number-taken' || attempt === attempts) return outcome;
  }
}
