import type { TimesheetValue } from './timesheets/model.ts';
import { newToRow } from './timesheets/new-to-row.ts';
import { quirkColumns } from './timesheets/quirks.ts';
import { rowToNew } from './timesheets/row-to-new.ts';

export type { BodyToNew, Edit, Filing, Refusal } from './timesheets/body.ts';
export { bodyToEdit, bodyToFiling, bodyToReason, fitsLegacyColumn } from './timesheets/body.ts';
export type { Names } from './timesheets/contract.ts';
export { newToLegacy } from './timesheets/contract.ts';
export { TIMESHEET_NAMESPACE, timesheetId } from './timesheets/identity.ts';
export type { TimesheetValue } from './timesheets/model.ts';
export { quirks } from './timesheets/quirks.ts';
export { searchToNew } from './timesheets/search.ts';
export { newToRow, rowToNew };

/** What the relay loads: one entry per table of `data/timesheets.yaml`. */
export const dataSet = {
  tables: {
    timesheets: {
      key: 'tsh_id',
      toSync(row: Readonly<Record<string, unknown>>) {
        const key = String(row.tsh_id);
        const result = rowToNew(row);
        return result.ok
          ? { key, value: result.value, quirks: result.quirks }
          : { key, rejected: result.reason };
      },
      fromSync: (value: unknown) => newToRow(value as TimesheetValue),
      quirkColumns,
    },
  },
};
