import type { FreelancerValue } from './freelancers/model.ts';
import { newToRow } from './freelancers/new-to-row.ts';
import { quirkColumns } from './freelancers/quirks.ts';
import { rowToNew } from './freelancers/row-to-new.ts';

export type { Edit, Profile, Refusal } from './freelancers/body.ts';
export {
  bodyToBlockReason,
  bodyToCreate,
  bodyToEdit,
  DATABASE_ERROR,
  EMAIL_EXISTS,
  fitsLegacyColumns,
} from './freelancers/body.ts';
export { newToDetail, newToListRow } from './freelancers/contract.ts';
export { FREELANCER_NAMESPACE, freelancerId } from './freelancers/identity.ts';
export type { FreelancerRow, FreelancerValue, Translated } from './freelancers/model.ts';
export { quirks } from './freelancers/quirks.ts';
export { searchToNew } from './freelancers/search.ts';
export { newToRow, rowToNew };

/** What the relay loads: one entry per table of `data/freelancers.yaml`. */
export const dataSet = {
  tables: {
    freelancers: {
      key: 'frl_id',
      toSync(row: Readonly<Record<string, unknown>>) {
        const key = String(row.frl_id);
        const result = rowToNew(row);
        return result.ok
          ? { key, value: result.value, quirks: result.quirks }
          : { key, rejected: result.reason };
      },
      fromSync: (value: unknown) => newToRow(value as FreelancerValue),
      quirkColumns,
    },
  },
};
