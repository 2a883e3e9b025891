import type { TimesheetRow, TimesheetValue } from './model.ts';

/** Legacy's words for the states, in the order in which they are passed. */
export const LEGACY_STATUS = {
  draft: 'draft',
  submitted: 'subm',
  approved: 'appr',
  rejected: 'rej',
  paid: 'paid',
} as const satisfies Record<TimesheetValue['status'], TimesheetRow['tsh_stat']>;

const NEW_STATUS: ReadonlyMap<unknown, TimesheetValue['status']> = new Map(
  (Object.keys(LEGACY_STATUS) as TimesheetValue['status'][]).map((status) => [LEGACY_STATUS[status], status]),
);

/** Undefined for what is none of legacy's words. */
export function statusFromLegacy(word: unknown): TimesheetValue['status'] | undefined {
  return NEW_STATUS.get(word);
}
