import { businessDay, isoDay, LAST_DAY, MONTHS, monthDays, officeTime } from './calendar.ts';
import type { Damage } from './damage.ts';
import { atWork, type Engagement } from './engagements.ts';
import { type Prng, prng } from './prng.ts';
import type { Row } from './row.ts';
import { DISPATCHERS } from './users.ts';
import { REJECT_REASONS, SHEET_TEXTS } from './words.ts';

/** One timesheet without its number and its payment; those come with the month it is in. */
export type Sheet = {
  readonly row: Row;
  readonly day: number;
  readonly quarters: number;
  readonly rateCt: number;
  readonly isPaid: boolean;
  readonly isApproved: boolean;
  readonly isBillable: boolean;
};

/** When the hours of a month are paid: on the tenth of the next one. */
export function runDay(month: number): number {
  return businessDay(monthDays(month).next + 9);
}
/** Run time of day, the same for everything the run writes. */
export function runTime(seed: number, month: number): string {
  return officeTime(runDay(month), prng(`${seed}/run/${month}`).next());
}

/** What somebody is paid for an hour on a project, in cents. Mostly round. */
export function rateOf(seed: number, { projectId, freelancerId }: Engagement): number {
  const r = prng(`${seed}/rate/${projectId}/${freelancerId}`);
  return r.chance(0.06) ? r.int(4000, 16000) : r.int(10, 28) * 500;
}

/** The hours of one engagement in month number `month`. */
export function* sheetsOf(seed: number, e: Engagement, month: number, damage: Damage): Generator<Sheet> {
  const { first, next } = monthDays(month);
  const r = prng(`${seed}/sheets/${e.projectId}/${e.freelancerId}/${e.from}/${month}`);
  const rateCt = rateOf(seed, e);
  const piled = e.perDay === 1 && e.from === e.to;
  for (let day = Math.max(first, e.from); day < next && day <= e.to; day++) {
    if (!piled && !atWork(seed, e.freelancerId, day)) continue;
    const count = day === e.to ? e.onLastDay : e.perDay;
    for (let n = 0; n < count; n++) yield sheet(seed, { e, day, month, count, rateCt, n }, r, damage);
  }
}

type Place = {
  readonly e: Engagement;
  readonly day: number;
  readonly month: number;
  readonly count: number;
  readonly rateCt: number;
  readonly n: number;
};

function sheet(seed: number, { e, day, month, count, rateCt, n }: Place, r: Prng, damage: Damage): Sheet {
  const key = `${e.projectId}/${e.freelancerId}/${day}/${n}`;
  const usual = r.chance(0.7) ? 32 : r.chance(0.5) ? 16 : r.int(2, 40);
  const long = damage.hits('hours-over-24', key, 0.0004);
  // 80 for 8,0
  const quarters = long ? 320 : count === 1 ? usual : Math.max(1, Math.floor(32 / count));
  let stat = statusOf(day, month, r.next());
  if (day < LAST_DAY - 400 && stat === 'paid' && damage.hits('forgotten-draft', key, 0.001)) stat = 'draft';
  const [isPaid, isRejected] = [stat === 'paid', stat === 'rej'];
  const isApproved = stat === 'appr' || isPaid;
  const created = Math.min(LAST_DAY, r.chance(0.8) ? day : day + r.int(1, 4));
  // late ones are approved after the run
  const late = stat === 'appr' && runDay(month) <= LAST_DAY;
  const decided = late ? runDay(month) + r.int(1, 8) : Math.min(created + r.int(1, 6), runDay(month) - 1);
  const decidedAt = officeTime(Math.min(LAST_DAY, decided), r.next());
  const createdAt = officeTime(created, r.next());
  const approver = r.pick(DISPATCHERS);
  const said = r.chance(0.75) ? null : damage.has('empty-text') && r.chance(0.1) ? '' : r.pick(SHEET_TEXTS);
  const text = isRejected ? r.pick(REJECT_REASONS) : said;
  if (text === '') damage.planted('empty-text');
  const billable = !r.chance(0.05);
  return {
    row: {
      frl_id: e.freelancerId,
      prj_id: e.projectId,
      tsh_day: isoDay(day),
      tsh_hours: (quarters / 4).toFixed(2),
      tsh_stat: stat,
      rate_ct: rateCt,
      is_billable: billable ? 1 : 0,
      tsh_text: text,
      appr_usr_id: !isApproved || damage.hits('no-approver', key, 0.001) ? null : approver,
      appr_at: isApproved ? later(createdAt, decidedAt) : null,
      pay_id: null,
      created: createdAt,
      changed: isPaid
        ? runTime(seed, month)
        : stat === 'draft'
          ? createdAt
          : later(createdAt, stat === 'subm' ? officeTime(created, r.next()) : decidedAt),
    },
    day,
    quarters,
    rateCt,
    isPaid,
    isApproved,
    isBillable: billable,
  };
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}

// What is over and run is paid; the last month is still on its way through the office.
function statusOf(day: number, month: number, share: number): string {
  if (share > 0.975) return 'rej';
  if (month < MONTHS.length - 2) return 'paid';
  if (month === MONTHS.length - 2) return share < 0.94 ? 'paid' : share < 0.965 ? 'appr' : 'subm';
  const age = LAST_DAY - day;
  if (age < 5) return share < 0.65 ? 'draft' : 'subm';
  if (age < 15) return share < 0.1 ? 'draft' : share < 0.65 ? 'subm' : 'appr';
  return share < 0.03 ? 'draft' : share < 0.25 ? 'subm' : 'appr';
}
