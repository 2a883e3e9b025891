import { dayNumber, FIRST_DAY, isoDay, isWeekend, LAST_DAY, officeTime } from './calendar.ts';
import { ROLES } from './names.ts';
import { project, type Row, type Sizes } from './people.ts';
import { prng } from './prng.ts';

/** One freelancer on one project. `weight` is the share of all timesheets that falls on it. */
export type Assignment = {
  readonly row: Row;
  readonly projectId: number;
  readonly freelancerId: number;
  readonly customerId: number;
  readonly rateCt: number;
  readonly startDay: number;
  readonly weight: number;
};

/** Everyone on project `projectId`; computed from the seed, so nothing is kept between two passes. */
export function assignmentsOf(seed: number, projectId: number, sizes: Sizes): Assignment[] {
  if (sizes.freelancers === 0) return [];
  const r = prng(`${seed}/assignment/${projectId}`);
  const parent = project(seed, projectId, sizes);
  const start = dayNumber(String(parent.date_from));
  const heads = Math.min(sizes.freelancers, 1 + Math.floor(r.next() ** 3 * 12));
  const chosen = new Set<number>();
  while (chosen.size < heads) chosen.add(1 + Math.floor(r.next() ** 1.5 * sizes.freelancers));
  return [...chosen].map((freelancerId) => {
    const rateCt = r.int(10, 26) * 500;
    const startDay = start + r.int(0, 40);
    return {
      projectId,
      freelancerId,
      customerId: Number(parent.cus_id),
      rateCt,
      startDay,
      weight: 1 / (0.02 + r.next()),
      row: {
        prj_id: projectId,
        frl_id: freelancerId,
        role_txt: r.chance(0.15) ? null : r.pickEarly(ROLES),
        rate_ct: rateCt,
        date_from: isoDay(startDay),
        date_to: r.chance(0.3) ? null : isoDay(startDay + r.int(20, 500)),
        created: officeTime(start, r.next()),
      },
    };
  });
}

/** The hours of one assignment in one month, and the money that followed; `payment` is null while nothing is paid. */
export type MonthOfWork = {
  readonly month: string;
  readonly timesheets: readonly Row[];
  readonly paidCt: number;
};

const WORKDAYS_AT_MOST = 2400;

/** `count` timesheets of an assignment, month by month; `tsh_id` and `pay_id` are set by the caller. */
export function* monthsOfWork(seed: number, assignment: Assignment, count: number): Generator<MonthOfWork> {
  const r = prng(`${seed}/assignment/${assignment.projectId}/${assignment.freelancerId}`);
  const perDay = Math.ceil(count / WORKDAYS_AT_MOST);
  const daysNeeded = Math.ceil((Math.ceil(count / perDay) * 7) / 5) + 4;
  let day = Math.max(FIRST_DAY, Math.min(assignment.startDay, LAST_DAY - daysNeeded));
  let left = count;
  let month = '';
  let rows: Row[] = [];
  let paidCt = 0;
  while (left > 0) {
    if (isWeekend(day)) {
      day += 1;
      continue;
    }
    const iso = isoDay(day);
    if (iso.slice(0, 7) !== month) {
      if (rows.length > 0) yield { month, timesheets: rows, paidCt };
      month = iso.slice(0, 7);
      rows = [];
      paidCt = 0;
    }
    for (let i = 0; i < perDay && left > 0; i++, left--) {
      const quarters = r.chance(0.7) ? 32 : r.int(1, 44);
      const status = statusOf(day, r.next());
      if (status === 'paid') paidCt += Math.round((quarters * assignment.rateCt) / 4);
      const approved = status === 'appr' || status === 'paid';
      rows.push({
        frl_id: assignment.freelancerId,
        prj_id: assignment.projectId,
        tsh_day: iso,
        tsh_hours: (quarters / 4).toFixed(2),
        tsh_stat: status,
        rate_ct: assignment.rateCt,
        is_billable: r.chance(0.95) ? 1 : 0,
        tsh_text: r.chance(0.75) ? null : r.pick(['Meeting', 'Bugfix', 'Tests', 'on-site', 'Übergabe', '']),
        appr_usr_id: approved ? r.int(1, 2) : null,
        appr_at: approved ? officeTime(day + 3, r.next()) : null,
        created: officeTime(day, r.next()),
        changed: officeTime(day + 3, r.next()),
      });
    }
    day += 1;
  }
  if (rows.length > 0) yield { month, timesheets: rows, paidCt };
}

// The last two months are still on their way through the office.
function statusOf(day: number, share: number): string {
  const age = LAST_DAY - day;
  if (share > 0.97) return 'rej';
  if (age > 60) return 'paid';
  if (age > 30) return share < 0.6 ? 'paid' : 'appr';
  return share < 0.3 ? 'draft' : share < 0.6 ? 'subm' : 'appr';
}
