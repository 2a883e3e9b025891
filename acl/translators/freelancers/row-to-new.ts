import { readDateColumn } from '../../translator-kit/calendar.ts';
import { type RawRow, RowReader } from '../../translator-kit/row-reader.ts';
import { amountFromCents } from '../legacy-values/money.ts';
import { freelancerId } from './identity.ts';
import type { FreelancerValue, Translated } from './model.ts';
import { splitName } from './name.ts';
import type { RowQuirk } from './quirks.ts';

const STATUS = { A: 'active', I: 'inactive', B: 'blocked' } as const;

/**
 * Translates one legacy row. Rows with values that mean something in only one way are canonicalised, and each such
 * canonicalisation is named; a row that cannot be understood is `{ok: false}` with every reason in one line.
 */
export function rowToNew(row: RawRow): Translated<FreelancerValue> {
  const reader = new FreelancerReader(row);
  const number = reader.integer('frl_id', 1);
  const stat = reader.letter('frl_stat', ['A', 'I', 'B']);
  const value: FreelancerValue = {
    id: freelancerId(number),
    number,
    name: splitName(reader.name('frl_name')),
    matchcode: reader.text('frl_match'),
    status: STATUS[stat],
    blockReason: reader.optional('blk_reason'),
    hourlyRate: { amount: amountFromCents(reader.integer('rate_ct', 0)), currency: reader.currency('cur') },
    skills: reader.skills('skills_csv'),
    email: reader.optional('frl_email'),
    phone: reader.optional('frl_phone'),
    city: reader.optional('city'),
    country: reader.optional('country'),
    notes: reader.optional('notes'),
    availableFrom: reader.availability('avail_from'),
    archived: reader.letter('del_flag', ['N', 'Y']) === 'Y',
    createdAt: reader.instant('created'),
    updatedAt: reader.instant('changed'),
  };
  if (reader.reasons.length > 0) return { ok: false, reason: reader.reasons.join('; ') };
  return { ok: true, value, quirks: [...reader.quirks] };
}

/** The columns of this table that mean more than their type says. */
class FreelancerReader extends RowReader {
  readonly quirks = new Set<RowQuirk>();

  letter<L extends string>(column: string, letters: readonly [L, ...L[]]): L {
    const found = letters.find((letter) => letter === this.raw(column));
    return found ?? this.refuse(column, `one of ${letters.join(', ')}`, letters[0]);
  }

  name(column: string): string {
    const raw = this.raw(column);
    if (typeof raw === 'string' && raw.trim() !== '') return raw;
    return this.refuse(column, 'a name', '');
  }

  optional(column: string): string | null {
    const raw = this.raw(column);
    if (raw === null) return null;
    if (typeof raw !== 'string') return this.refuse(column, 'a text or NULL', null);
    if (raw.trim() !== '') return raw;
    this.quirks.add('blank-text-is-null');
    return null;
  }

  /** Legacy never checked it: `eur` and `€` are carried as they came. */
  currency(column: string): string {
    const raw = this.raw(column);
    const isCarried = typeof raw === 'string' && raw.trim() !== '' && [...raw].length <= 3;
    return isCarried ? raw : this.refuse(column, 'a currency of 1 to 3 characters', 'EUR');
  }

  skills(column: string): readonly string[] {
    const raw = this.raw(column);
    if (raw === null) {
      this.quirks.add('null-skills');
      return [];
    }
    if (typeof raw !== 'string') return this.refuse(column, 'a text', []);
    if (raw === '') return [];
    const elements = raw.split(',');
    const skills = elements.map((element) => element.trim()).filter((skill) => skill !== '');
    if (skills.length < elements.length) this.quirks.add('empty-skills-dropped');
    if (elements.some((element) => element !== element.trim())) this.quirks.add('skill-spaces-trimmed');
    return skills;
  }

  /** Null means available now. */
  availability(column: string): string | null {
    const raw = this.raw(column);
    if (raw === null) return null;
    const day = typeof raw === 'string' ? readDateColumn(raw) : null;
    if (day === null) return this.refuse(column, 'a day that exists, or NULL', null);
    if (day !== 'zero') return day;
    this.quirks.add('zero-date-is-now');
    return null;
  }
}
