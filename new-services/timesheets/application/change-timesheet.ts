import {
  type Action,
  approveTimesheet,
  can,
  type Edit,
  editTimesheet,
  payTimesheet,
  rejectTimesheet,
  submitTimesheet,
  type Timesheet,
} from '../domain/timesheet.ts';
import type { ChangeOutcome, Clock, Decision, TimesheetStore } from './timesheet-store.ts';

type Ports = { readonly store: TimesheetStore; readonly now: Clock };

/** Which sheet, and which of its versions a caller accepts to change; null for any. */
export type Which = { readonly id: string; readonly expected: readonly number[] | null };

export function edit(ports: Ports, which: Which, edit: Edit): Promise<ChangeOutcome> {
  return change(ports, which, 'edit', (sheet, now) => ({ timesheet: editTimesheet(sheet, edit, now) }));
}

export function submit(ports: Ports, which: Which): Promise<ChangeOutcome> {
  return change(ports, which, 'submit', (sheet, now) => ({ timesheet: submitTimesheet(sheet, now) }));
}

export function approve(ports: Ports, which: Which, approvedBy: number): Promise<ChangeOutcome> {
  return change(ports, which, 'approve', (sheet, now) => ({
    timesheet: approveTimesheet(sheet, approvedBy, now),
  }));
}

export function reject(ports: Ports, which: Which, reason: string): Promise<ChangeOutcome> {
  return change(ports, which, 'reject', (sheet, now) => ({ timesheet: rejectTimesheet(sheet, reason, now) }));
}

export function pay(ports: Ports, which: Which, paymentNumber: number): Promise<ChangeOutcome> {
  return change(ports, which, 'pay', (sheet, now) => ({
    timesheet: payTimesheet(sheet, paymentNumber, now),
  }));
}

export function remove(ports: Ports, which: Which): Promise<ChangeOutcome> {
  return change(ports, which, 'remove', (sheet) => ({ removed: sheet }));
}

function change(
  { store, now }: Ports,
  { id, expected }: Which,
  action: Action,
  decide: (current: Timesheet, now: Date) => Decision,
): Promise<ChangeOutcome> {
  const decideWhen = (current: Timesheet): Decision => {
    if (expected !== null && !expected.includes(current.version))
      return { refused: { kind: 'stale', version: current.version } };
    if (!can(action, current)) return { refused: { kind: 'wrong-status', action, status: current.status } };
    return decide(current, now());
  };
  return store.change(id, decideWhen, { checksDay: action === 'edit' });
}
