import { columnFromInstant } from '../../translator-kit/calendar.ts';
import { wholeCents } from '../legacy-values/money.ts';
import type { FreelancerRow, FreelancerValue } from './model.ts';
import { joinName } from './name.ts';

const LETTER = { active: 'A', inactive: 'I', blocked: 'B' } as const;

/** The canonical legacy row of a freelancer. Throws RangeError on an amount that is no whole number of cents. */
export function newToRow(value: FreelancerValue): FreelancerRow {
  return {
    frl_id: value.number,
    frl_name: joinName(value.name),
    frl_match: value.matchcode,
    frl_email: value.email,
    frl_phone: value.phone,
    frl_stat: LETTER[value.status],
    blk_reason: value.blockReason,
    rate_ct: wholeCents('hourlyRate.amount', value.hourlyRate.amount),
    cur: value.hourlyRate.currency,
    skills_csv: value.skills.join(','),
    city: value.city,
    country: value.country,
    avail_from: value.availableFrom,
    notes: value.notes,
    del_flag: value.archived ? 'Y' : 'N',
    created: columnFromInstant(value.createdAt),
    changed: columnFromInstant(value.updatedAt),
  };
}
