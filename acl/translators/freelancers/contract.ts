import { germanFromIso, germanTimeFromIso } from '../legacy-values/dates.ts';
import type { FreelancerValue } from './model.ts';
import { newToRow } from './new-to-row.ts';

/** A row of the legacy list. Legacy clients compare bytes: the order of the keys is part of the contract. */
export type ListRow = Readonly<Record<string, string | number>>;
/** The legacy detail, keys in contract order. */
export type Detail = Readonly<Record<string, string | number>>;

export function newToListRow(value: FreelancerValue): ListRow {
  const row = newToRow(value);
  return {
    frl_id: row.frl_id,
    frl_name: row.frl_name,
    frl_stat: row.frl_stat,
    rate_ct: row.rate_ct,
    cur: row.cur,
    skills_csv: row.skills_csv,
    city: row.city ?? '',
    avail_from: row.avail_from === null ? '' : germanFromIso(row.avail_from),
    del_flag: row.del_flag,
  };
}

export function newToDetail(value: FreelancerValue): Detail {
  const row = newToRow(value);
  return {
    frl_id: row.frl_id,
    frl_name: row.frl_name,
    frl_match: row.frl_match,
    frl_email: row.frl_email ?? '',
    frl_phone: row.frl_phone ?? '',
    frl_stat: row.frl_stat,
    blk_reason: row.blk_reason ?? '',
    rate_ct: row.rate_ct,
    cur: row.cur,
    skills_csv: row.skills_csv,
    city: row.city ?? '',
    country: row.country ?? '',
    avail_from: row.avail_from === null ? '' : germanFromIso(row.avail_from),
    notes: row.notes ?? '',
    del_flag: row.del_flag,
    created: germanFromIso(value.createdAt),
    changed: germanTimeFromIso(value.updatedAt),
  };
}
