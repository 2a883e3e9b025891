import { germanFromIso, germanTimeFromIso } from '../legacy-values/dates.ts';
import type { TimesheetValue } from './model.ts';
import { newToRow } from './new-to-row.ts';

/** What other contexts call the two that a sheet names by number. */
export type Names = { readonly freelancer: string; readonly project: string };
/** A timesheet in the legacy JSON, in list and detail alike. Legacy clients compare bytes: so the order of keys counts. */
export type LegacyTimesheet = Readonly<Record<string, string | number | null>>;

export function newToLegacy(value: TimesheetValue, names: Names): LegacyTimesheet {
  const row = newToRow(value);
  return {
    tsh_id: row.tsh_id,
    frl_id: row.frl_id,
    frl_name: names.freelancer,
    prj_id: row.prj_id,
    prj_title: names.project,
    tsh_day: germanFromIso(row.tsh_day),
    tsh_hours: row.tsh_hours,
    tsh_stat: row.tsh_stat,
    rate_ct: row.rate_ct,
    is_billable: row.is_billable === 0 ? 'N' : 'Y',
    tsh_text: row.tsh_text ?? '',
    appr_usr_id: row.appr_usr_id,
    appr_at: value.approvedAt === null ? '' : germanTimeFromIso(value.approvedAt),
    pay_id: row.pay_id,
    created: germanFromIso(value.createdAt),
    changed: germanTimeFromIso(value.updatedAt),
  };
}
