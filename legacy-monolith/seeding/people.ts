import { fold } from '../lib/matchcode.ts';
import { FIRST_DAY, isoDay, LAST_DAY, officeTime } from './calendar.ts';
import {
  BLOCK_REASONS,
  COMPANY_FORMS,
  COMPANY_WORDS,
  MAIL_HOSTS,
  MONONYMS,
  PLACES,
  PROJECT_WORDS,
  SKILLS,
} from './names.ts';
import { type Prng, prng } from './prng.ts';

/** One row, column by column; every value is what the database holds. */
export type Row = Readonly<Record<string, string | number | null>>;

/** How many rows of each; whole numbers ≥ 0. */
export type Sizes = {
  readonly freelancers: number;
  readonly customers: number;
  readonly projects: number;
  readonly timesheets: number;
};

/** Row number `id` (from 1) of the freelancers. Canonical: a name is "Last, First" or one word, the match is its fold. */
export function freelancer(seed: number, id: number, of: number): Row {
  const r = prng(`${seed}/freelancer/${id}`);
  const place = r.pickEarly(PLACES);
  const mononym = r.chance(0.01);
  const first = mononym ? '' : r.pick(place.first);
  const last = mononym ? r.pick(MONONYMS) : r.pick(place.last);
  const name = mononym ? last : `${last}, ${first}`;
  const created = dayOf(id, of, r);
  const changed = Math.min(LAST_DAY, created + Math.floor(r.next() ** 3 * (LAST_DAY - created + 1)));
  const createdAt = officeTime(created, r.next());
  const changedAt = officeTime(changed, r.next());
  const status = r.chance(0.03) ? 'B' : r.chance(0.1) ? 'I' : 'A';
  const local = [first, last]
    .map((part) =>
      fold(part)
        .toLowerCase()
        .replace(/[^a-z]/g, ''),
    )
    .filter(Boolean);
  return {
    frl_id: id,
    frl_name: name,
    frl_match: fold(name),
    frl_email: r.chance(0.06) ? null : `${local.join('.') || 'frl'}${id}@${r.pickEarly(MAIL_HOSTS)}`,
    frl_phone: r.chance(0.2)
      ? null
      : r.chance(0.05)
        ? ''
        : `${place.dial} ${r.int(20, 999)} ${r.int(10000, 9999999)}`,
    frl_stat: status,
    blk_reason: status === 'B' ? r.pick(BLOCK_REASONS) : null,
    rate_ct: rate(r),
    cur: 'EUR',
    skills_csv: skills(r),
    city: r.chance(0.08) ? null : r.chance(0.02) ? '' : r.pickEarly(place.cities),
    country: r.chance(0.05) ? null : place.country,
    avail_from: r.chance(0.55) ? null : isoDay(changed + r.int(-60, 240)),
    notes: r.chance(0.7) ? null : r.chance(0.1) ? '' : note(r, changed),
    del_flag: r.chance(0.04) ? 'Y' : 'N',
    created: createdAt,
    changed: [createdAt, changedAt].sort()[1]!,
  };
}

/** Row number `id` of the customers; parents have smaller numbers. */
export function customer(seed: number, id: number, of: number): Row {
  const r = prng(`${seed}/customer/${id}`);
  const place = r.pickEarly(PLACES);
  const name = `${r.pick(COMPANY_WORDS)}${r.chance(0.5) ? '' : ' '}${r.pick(COMPANY_WORDS)} ${r.pickEarly(COMPANY_FORMS)}`;
  const created = dayOf(id, of, r);
  const changed = Math.min(LAST_DAY, created + r.int(1, 900));
  return {
    cus_id: id,
    cus_no: `C${String(id).padStart(7, '0')}`,
    cus_name: name,
    cus_match: fold(name),
    cus_parent_id: id > 1 && r.chance(0.15) ? 1 + Math.floor(r.next() ** 2 * (id - 1)) : null,
    cus_stat: r.chance(0.08) ? 'I' : 'A',
    cus_email: r.chance(0.1) ? null : `office${id}@customer.example`,
    cus_phone: r.chance(0.2) ? null : `${place.dial} ${r.int(20, 999)} ${r.int(1000, 999999)}`,
    vat_id: r.chance(0.2) ? null : `${place.country}${r.int(100000000, 999999999)}`,
    street: r.chance(0.1) ? null : `${r.pick(place.last)}straße ${r.int(1, 180)}`,
    zip: r.chance(0.1) ? null : String(r.int(10000, 99999)),
    city: r.chance(0.05) ? null : r.pickEarly(place.cities),
    country: place.country,
    pay_days: r.pick([14, 30, 30, 30, 45, 60]),
    disc_pct: r.chance(0.8) ? '0.00' : r.pick(['2.00', '2.50', '3.00', '10.00']),
    is_vip: r.chance(0.03) ? 1 : 0,
    del_flag: r.chance(0.03) ? 'Y' : 'N',
    created: officeTime(created, r.next()),
    changed: officeTime(changed, r.next()),
  };
}

/** Row number `id` of the projects. */
export function project(seed: number, id: number, sizes: Sizes): Row {
  const r = prng(`${seed}/project/${id}`);
  const from = dayOf(id, sizes.projects, r);
  const to = from + 20 + Math.floor(r.next() ** 3 * 1200);
  const place = r.pickEarly(PLACES);
  const status =
    to < LAST_DAY
      ? r.chance(0.06)
        ? 'canc'
        : 'done'
      : r.pickEarly(['run', 'open', 'hold', 'plan'] as const);
  const early = (count: number) => 1 + Math.floor(r.next() ** 2 * count);
  return {
    prj_id: id,
    prj_no: `P${String(id).padStart(7, '0')}`,
    prj_title:
      `${r.pick(COMPANY_WORDS)} ${r.pick(PROJECT_WORDS)} ${r.pick(['', '2.0', 'II', 'Phase 1', '– Los 3'])}`.trim(),
    cus_id: early(sizes.customers),
    cus_end_id: r.chance(0.12) ? early(sizes.customers) : null,
    prj_stat: status,
    date_from: isoDay(from),
    date_to: r.chance(0.1) ? null : isoDay(to),
    budget_ct: r.chance(0.2) ? 0 : r.int(5, 900) * 100_000,
    is_remote: r.chance(0.4) ? 1 : 0,
    city: r.chance(0.2) ? null : r.pickEarly(place.cities),
    descr: r.chance(0.5) ? null : `${r.pickEarly(SKILLS)}, ${r.pickEarly(SKILLS)}`,
    del_flag: r.chance(0.02) ? 'Y' : 'N',
    created: officeTime(from - 14, r.next()),
    changed: officeTime(Math.min(LAST_DAY, to), r.next()),
  };
}

// Ids grow with time, evenly over the ten years.
function dayOf(id: number, of: number, r: Prng): number {
  const share = Math.min(0.9999, (id - 1 + r.next()) / of);
  return FIRST_DAY + Math.floor(share * (LAST_DAY - FIRST_DAY));
}

// Most between 50 and 120 EUR in steps of 5, so there are many ties; a few very dear ones, a few without a rate.
function rate(r: Prng): number {
  if (r.chance(0.01)) return 0;
  if (r.chance(0.02)) return r.int(1, 40000);
  const bell = (r.next() + r.next() + r.next()) / 3;
  const tail = r.chance(0.03) ? r.next() ** 2 * 25000 : 0;
  return Math.round((3000 + bell * 11000 + tail) / 500) * 500;
}

function skills(r: Prng): string {
  if (r.chance(0.04)) return '';
  const wanted = 1 + Math.floor(r.next() ** 2 * 7) + (r.chance(0.03) ? 12 : 0);
  const chosen = new Set<string>();
  for (let i = 0; i < wanted; i++) chosen.add(r.pickEarly(SKILLS));
  return [...chosen].join(',');
}

function note(r: Prng, day: number): string {
  const text = r.pick([
    'calls back',
    'only remote',
    'möchte 4 Tage/Woche',
    'Ref. geprüft',
    'zł rate on request',
    'zweite Nr. bei Fr. Weiß',
  ]);
  return `${isoDay(day)} ${r.pick(['mk', 'ts', 'jb'])}: ${text}${r.chance(0.2) ? `\n${isoDay(day - 90)} mk: first contact` : ''}`;
}
