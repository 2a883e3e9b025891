import { FIRST_DAY, isoDay, LAST_DAY, officeTime } from './calendar.ts';
import type { Damage } from './damage.ts';
import { dayOf } from './freelancer.ts';
import { PLACES, SKILLS } from './names.ts';
import { prng } from './prng.ts';
import type { Row, Sizes } from './row.ts';
import { COMPANY_WORDS, PROJECT_WORDS } from './words.ts';

/** What hours, money and dates hang on. `end` is when work really ends, whatever `date_to` says. */
export type ProjectCore = {
  readonly from: number;
  readonly end: number;
  readonly customerId: number;
  readonly status: string;
};

/** Work is going on somewhere at every time, however few projects there are. */
const AT_ONCE = 3;
const HISTORY = LAST_DAY - FIRST_DAY;

export function projectCore(seed: number, id: number, sizes: Sizes): ProjectCore {
  const r = prng(`${seed}/project/${id}`);
  const from = id === 1 ? FIRST_DAY : dayOf(id, sizes.projects, r);
  const end = from + 20 + Math.floor(r.next() ** 3 * 1200) + Math.ceil((AT_ONCE * HISTORY) / sizes.projects);
  const u = r.next();
  const status =
    end < LAST_DAY
      ? u < 0.06
        ? 'canc'
        : 'done'
      : from > LAST_DAY - Math.min(200, Math.max(30, (2 * HISTORY) / sizes.projects))
        ? u < 0.5
          ? 'plan'
          : 'open'
        : u < 0.12
          ? 'hold'
          : 'run';
  return { from, end, status, customerId: early(r.next(), sizes.customers) };
}

// A few customers have most of the projects.
function early(share: number, count: number): number {
  return 1 + Math.floor(share ** 3 * count);
}

/** Row number `id` of the projects. */
export function project(seed: number, id: number, sizes: Sizes, damage: Damage): Row {
  const { from, end, customerId, status } = projectCore(seed, id, sizes);
  const r = prng(`${seed}/project-row/${id}`);
  const place = r.pickEarly(PLACES);
  const title =
    `${r.pick(COMPANY_WORDS)} ${r.pick(PROJECT_WORDS)} ${r.pick(['', '2.0', 'II', 'Phase 1', '– Los 3'])}`.trim();
  const open = r.chance(0.1);
  const created = officeTime(from - 14, r.next());
  return {
    prj_id: id,
    prj_no: `P${String(id).padStart(7, '0')}`,
    prj_title: damage.hits('trailing-space', `p${id}`, 0.01) ? `${title} ` : title,
    cus_id: customerId,
    cus_end_id: r.chance(0.12) ? early(r.next(), sizes.customers) : null,
    prj_stat: status,
    date_from: isoDay(from),
    date_to: dateTo(id, from, open ? null : end, damage),
    budget_ct: r.chance(0.2) ? 0 : r.int(5, 900) * 100_000,
    is_remote: r.chance(0.4) ? 1 : 0,
    city: r.chance(0.2) ? null : r.pickEarly(place.cities),
    descr: r.chance(0.5) ? null : `${r.pickEarly(SKILLS)}, ${r.pickEarly(SKILLS)}`,
    del_flag: r.chance(0.02) ? 'Y' : 'N',
    created,
    changed: officeTime(Math.min(LAST_DAY, end), r.next()),
  };
}

function dateTo(id: number, from: number, end: number | null, damage: Damage): string | null {
  if (damage.hits('zero-date', `p${id}`, 0.01)) return '0000-00-00';
  if (end !== null && damage.hits('end-before-start', id, 0.005)) return isoDay(from - 365);
  return end === null ? null : isoDay(end);
}
