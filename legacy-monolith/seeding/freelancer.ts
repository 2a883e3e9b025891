import { fold } from '../lib/matchcode.ts';
import { FIRST_DAY, isoDay, LAST_DAY, officeTime } from './calendar.ts';
import type { Damage } from './damage.ts';
import { MAIL_HOSTS, MONONYMS, PLACES, SKILLS } from './names.ts';
import { type Prng, prng } from './prng.ts';
import type { Row } from './row.ts';
import { BLOCK_REASONS } from './words.ts';

/** Row number `id` (from 1) of the freelancers. Canonical: a name is "Last, First" or one word, the match is its fold. */
export function freelancer(seed: number, id: number, of: number, damage: Damage): Row {
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
  const empty = (ratio: number) => r.chance(ratio) && damage.planted('empty-text');
  const email = r.chance(0.06) ? null : `${local.join('.') || 'frl'}${id}@${r.pickEarly(MAIL_HOSTS)}`;
  const phone = `${place.dial} ${r.int(20, 999)} ${r.int(10000, 9999999)}`;
  const city = r.pickEarly(place.cities);
  const reason = r.pick(BLOCK_REASONS);
  const free = isoDay(changed + r.int(-60, 240));
  const stale = status !== 'B' && damage.hits('stale-reason', id, 0.01);
  return {
    frl_id: id,
    frl_name: name,
    frl_match: fold(name),
    frl_email: email !== null && damage.hits('upper-mail', id, 0.02) ? email.toUpperCase() : email,
    frl_phone: r.chance(0.2) ? null : empty(0.05) ? '' : phone,
    frl_stat: status,
    blk_reason: status === 'B' || stale ? reason : null,
    rate_ct: rate(r),
    cur: 'EUR',
    skills_csv: brokenSkills(skills(r), id, damage),
    city: r.chance(0.08)
      ? null
      : empty(0.02)
        ? ''
        : damage.hits('trailing-space', id, 0.01)
          ? `${city} `
          : city,
    country: r.chance(0.05) ? null : place.country,
    avail_from: damage.hits('zero-date', `f${id}`, 0.02) ? '0000-00-00' : r.chance(0.55) ? null : free,
    notes: r.chance(0.7) ? null : empty(0.1) ? '' : note(r, changed),
    del_flag: r.chance(0.04) ? 'Y' : 'N',
    created: createdAt,
    changed: [createdAt, changedAt].sort()[1]!,
  };
}

/** Ids grow with time, evenly over the ten years. */
export function dayOf(id: number, of: number, r: Prng): number {
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

function skills(r: Prng): string[] {
  if (r.chance(0.04)) return [];
  const wanted = 1 + Math.floor(r.next() ** 2 * 7) + (r.chance(0.03) ? 12 : 0);
  const chosen = new Set<string>();
  for (let i = 0; i < wanted; i++) chosen.add(r.pickEarly(SKILLS));
  return [...chosen];
}

function brokenSkills(list: readonly string[], id: number, damage: Damage): string {
  const csv = list.join(',');
  if (list.length === 0) return csv;
  if (damage.hits('double-skill', id, 0.015)) return `${csv},${list[0]!.toUpperCase()}`;
  if (!damage.hits('stray-commas', id, 0.015)) return csv;
  return [`${csv},`, `,${csv}`, `${list[0]},,${csv}`, list.length > 1 ? list.join(', ') : `${csv} ,`][
    id % 4
  ]!;
}

function note(r: Prng, day: number): string {
  const text = r.pick([
    'calls back',
    'only remote 🏠',
    'möchte 4 Tage/Woche',
    'Ref. geprüft',
    'zł rate on request',
    'zweite Nr. bei Fr. Weiß',
    '面談済み',
    'отличные отзывы ⭐⭐⭐',
  ]);
  return `${isoDay(day)} ${r.pick(['mk', 'ts', 'jb'])}: ${text}${r.chance(0.2) ? `\n${isoDay(day - 90)} mk: first contact` : ''}`;
}
