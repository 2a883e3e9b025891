import { instantFromColumn, readDateColumn } from './dates.ts';
import { freelancerId } from './identity.ts';
import type { FreelancerValue, RawRow, Translated } from './model.ts';
import { amountFromCents } from './money.ts';
import { splitName } from './name.ts';
import type { RowQuirk } from './quirks.ts';

const STATUS = { A: 'active', I: 'inactive', B: 'blocked' } as const;
const MAX_INT = 2_147_483_647;

/**
 * Translates one legacy row. Rows with values that mean something in only one way are canonicalised, and each such
 * canonicalisation is named; a row that cannot be understood is `{ok: false}` with every reason in one line.
 */
export function rowToNew(row: RawRow): Translated<FreelancerValue> {
  const reader = new RowReader(row);
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
    availableFrom: reader.date('avail_from'),
    archived: reader.letter('del_flag', ['N', 'Y']) === 'Y',
    createdAt: reader.instant('created'),
    updatedAt: reader.instant('changed'),
  };
  if (reader.reasons.length > 0) return { ok: false, reason: reader.reasons.join('; ') };
  return { ok: true, value, quirks: [...reader.quirks] };
}

/** Reads columns one by one; collects every reason and quirk instead of stopping at the first. */
class RowReader {
  readonly reasons: string[] = [];
  readonly quirks = new Set<RowQuirk>();
  readonly #row: RawRow;

  constructor(row: RawRow) {
    this.#row = row;
  }

  integer(column: string, min: number): number {
    const raw = this.#row[column];
    const isWhole = typeof raw === 'number' || typeof raw === 'bigint' || /^-?\d+$/.test(String(raw));
    const value = isWhole ? Number(raw) : Number.NaN;
    if (Number.isInteger(value) && value >= min && value <= MAX_INT) return value;
    return this.#refuse(column, `a whole number from ${min} to ${MAX_INT}`, 0);
  }

  letter<L extends string>(column: string, letters: readonly [L, ...L[]]): L {
    const found = letters.find((letter) => letter === this.#row[column]);
    return found ?? this.#refuse(column, `one of ${letters.join(', ')}`, letters[0]);
  }

  text(column: string): string {
    const raw = this.#row[column];
    return typeof raw === 'string' ? raw : this.#refuse(column, 'a text', '');
  }

  name(column: string): string {
    const raw = this.#row[column];
    if (typeof raw === 'string' && raw.trim() !== '') return raw;
    return this.#refuse(column, 'a name', '');
  }

  optional(column: string): string | null {
    const raw = this.#row[column];
    if (raw === null) return null;
    if (typeof raw !== 'string') return this.#refuse(column, 'a text or NULL', null);
    if (raw.trim() !== '') return raw;
    this.quirks.add('blank-text-is-null');
    return null;
  }

  /** Legacy never checked it: `eur` and `€` are carried as they came. */
  currency(column: string): string {
    const raw = this.#row[column];
    const isCarried = typeof raw === 'string' && raw.trim() !== '' && [...raw].length <= 3;
    return isCarried ? raw : this.#refuse(column, 'a currency of 1 to 3 characters', 'EUR');
  }

  skills(column: string): readonly string[] {
    const raw = this.#row[column];
    if (raw === null) {
      this.quirks.add('null-skills');
      return [];
    }
    if (typeof raw !== 'string') return this.#refuse(column, 'a text', []);
    if (raw === '') return [];
    const elements = raw.split(',');
    const skills = elements.map((element) => element.trim()).filter((skill) => skill !== '');
    if (skills.length < elements.length) this.quirks.add('empty-skills-dropped');
    if (elements.some((element) => element !== element.trim())) this.quirks.add('skill-spaces-trimmed');
    return skills;
  }

  date(column: string): string | null {
    const raw = this.#row[column];
    if (raw === null) return null;
    const day = typeof raw === 'string' ? readDateColumn(raw) : null;
    if (day === null) return this.#refuse(column, 'a day that exists, or NULL', null);
    if (day !== 'zero') return day;
    this.quirks.add('zero-date-is-now');
    return null;
  }

  instant(column: string): string {
    const raw = this.#row[column];
    const instant = typeof raw === 'string' ? instantFromColumn(raw) : null;
    return instant ?? this.#refuse(column, 'a date with a time', '');
  }

  #refuse<T>(column: string, expected: string, placeholder: T): T {
    const raw = this.#row[column];
    const got =
      raw === undefined ? 'no such column' : raw === null ? 'NULL' : `'${String(raw).slice(0, 40)}'`;
    this.reasons.push(`${column}: expected ${expected}, got ${got}`);
    return placeholder;
  }
}
