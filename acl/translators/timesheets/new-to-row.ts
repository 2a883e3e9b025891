import { columnFromInstant } from '../../translator-kit/calendar.ts';
import { wholeCents } from '../legacy-values/money.ts';
import type { TimesheetRow, TimesheetValue } from './model.ts';
import { LEGACY_STATUS } from './status.ts';

/** The canonical legacy row of a timesheet. Throws RangeError on an amount that is no whole number of cents. */
export function newToRow(value: TimesheetValue): TimesheetRow {
  return {
    tsh_id: value.number,
    frl_id: value.freelancerNumber,
    prj_id: value.projectNumber,
    tsh_day: value.day,
    tsh_hours: value.hours,
    tsh_stat: LEGACY_STATUS[value.status],
    rate_ct: wholeCents('hourlyRate.amount', value.hourlyRate.amount),
    is_billable: value.billable ? 1 : 0,
    tsh_text: value.rejectionReason ?? value.note,
    appr_usr_id: value.approvedBy,
    appr_at: value.approvedAt === null ? null : columnFromInstant(value.approvedAt),
    pay_id: value.paymentNumber,
    created: columnFromInstant(value.createdAt),
    changed: columnFromInstant(value.updatedAt),
  };
}
