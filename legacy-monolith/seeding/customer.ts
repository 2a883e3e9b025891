import iconv from 'iconv-lite';
import { fibuName } from '../lib/fibu-name.ts';
import { fold } from '../lib/matchcode.ts';
import { LAST_DAY, officeTime } from './calendar.ts';
import type { Damage } from './damage.ts';
import { dayOf } from './freelancer.ts';
import { PLACES } from './names.ts';
import { prng } from './prng.ts';
import type { Row } from './row.ts';
import { COMPANY_FORMS, COMPANY_WORDS, FOREIGN_COMPANIES } from './words.ts';

/** Row number `id` of the customers; parents have smaller numbers, but for those that are their own. */
export function customer(seed: number, id: number, of: number, damage: Damage): Row {
  const r = prng(`${seed}/customer/${id}`);
  const place = r.pickEarly(PLACES);
  const own = nameOf(seed, id);
  // never of one that is a duplicate itself
  const name =
    id % 2 === 0 && damage.hits('duplicate-customer', id, 0.04) ? nearly(nameOf(seed, id - 1), id) : own;
  const shown = damage.hits('double-escaped', id, 0.01) ? `${name} &amp; Partner` : name;
  const created = dayOf(id, of, r);
  const changed = Math.min(LAST_DAY, created + r.int(1, 900));
  const parent = r.chance(0.15) ? 1 + Math.floor(r.next() ** 2 * (id - 1)) : null;
  const vip = r.chance(0.03);
  const street = `${r.pick(place.last)}straße ${r.int(1, 180)}`;
  const city = r.pickEarly(place.cities);
  const createdAt = officeTime(created, r.next());
  return {
    cus_id: id,
    cus_no: `C${String(id).padStart(7, '0')}`,
    cus_name: damage.hits('trailing-space', `c${id}`, 0.01) ? `${shown} ` : shown,
    cus_match: fold(shown),
    cus_short: r.chance(0.4)
      ? `${fold(shown)
          .replace(/[^A-Z]/g, '')
          .slice(0, 10)}${id}`
      : null,
    fibu_name: fibu(shown, id, of, damage),
    cus_parent_id: damage.hits('own-parent', id, 0.005) ? id : id > 1 ? parent : null,
    cus_stat: r.chance(0.08) ? 'I' : 'A',
    cus_email: r.chance(0.1) ? null : mail(id, damage),
    cus_phone: r.chance(0.2) ? null : `${place.dial} ${r.int(20, 999)} ${r.int(1000, 999999)}`,
    vat_id: r.chance(0.2) ? null : `${place.country}${r.int(100000000, 999999999)}`,
    street: r.chance(0.1) ? null : damage.hits('line-break', id, 0.01) ? `${street}\r\nHinterhaus` : street,
    zip: r.chance(0.1) ? null : damage.hits('empty-text', `c${id}`, 0.03) ? '' : String(r.int(10000, 99999)),
    city: r.chance(0.05) ? null : city,
    country: place.country,
    pay_days: r.pick([14, 30, 30, 30, 45, 60]),
    disc_pct: r.chance(0.8) ? '0.00' : r.pick(['2.00', '2.50', '3.00', '10.00']),
    is_vip: damage.hits('vip-of-2', id, 0.01) ? 2 : vip ? 1 : 0,
    del_flag: r.chance(0.03) ? 'Y' : 'N',
    created: createdAt,
    changed: officeTime(changed, r.next()),
  };
}

function nameOf(seed: number, id: number): string {
  const r = prng(`${seed}/company/${id}`);
  if (r.chance(0.04)) return `${r.pick(FOREIGN_COMPANIES)} ${id}`;
  // every other word: two neighbours are never the same by chance
  const first = COMPANY_WORDS[2 * r.int(0, COMPANY_WORDS.length / 2 - 1) + (id % 2)]!;
  return `${first}${r.chance(0.5) ? '' : ' '}${r.pick(COMPANY_WORDS)} ${r.pickEarly(COMPANY_FORMS)}`;
}

/** The same company as somebody else typed it: in capitals, or with another legal form. */
function nearly(name: string, id: number): string {
  if (id % 4 === 0) return name.toUpperCase() === name ? name.toLowerCase() : name.toUpperCase();
  const form = COMPANY_FORMS.find((one) => name.endsWith(` ${one}`));
  return form === undefined ? name : `${name.slice(0, -form.length)}${form === 'GmbH' ? 'Ges. mbH' : 'GmbH'}`;
}

function mail(id: number, damage: Damage): string {
  const address = `office${id}@customer.example`;
  return damage.hits('upper-mail', `c${id}`, 0.02) ? address.toUpperCase() : address;
}

/** The first fifth is older than the column. The broken ones came over as UTF-8 that was taken for Latin-1. */
function fibu(name: string, id: number, of: number, damage: Damage): string | null {
  if (id <= of / 5 && id % 3 === 0) return null;
  const wrong = iconv.decode(Buffer.from(name, 'utf8'), 'win1252').slice(0, 40);
  const garbled = /[^ -~]/.test(name) && !/[\ufffd\p{Cc}]/u.test(wrong);
  return garbled && damage.hits('mojibake', id, 0.1) ? wrong.trim() : fibuName(name);
}
