import { instantFromColumn, readDateColumn } from './calendar.ts';

/** A row as a database driver hands it over: column name to value, nothing promised about the values. */
export type RawRow = Readonly<Record<string, unknown>>;

const MAX_INT = 2_147_483_647;

/** Reads columns one by one; collects every reason in `reasons` instead of stopping at the first. */
export class RowReader {
  readonly reasons: string[] = [];
  readonly #row: RawRow;

  constructor(row: RawRow) {
    this.#row = row;
  }

  raw(column: string): unknown {
    return this.#row[column];
  }

  integer(column: string, min = -MAX_INT - 1, max = MAX_INT): number {
    const raw = this.#row[column];
    const isWhole = typeof raw === 'number' || typeof raw === 'bigint' || /^-?\d+$/.test(String(raw));
    const value = isWhole ? Number(raw) : Number.NaN;
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    return this.refuse(column, `a whole number from ${min} to ${max}`, 0);
  }

  text(column: string): string {
    const raw = this.#row[column];
    return typeof raw === 'string' ? raw : this.refuse(column, 'a text', '');
  }

  /** `12.5` and 12.5 are `12.50`; digits are never cut off. */
  decimal(column: string, scale = 2): string {
    const raw = this.#row[column];
    const text = typeof raw === 'number' || typeof raw === 'bigint' ? String(raw) : raw;
    const parts = typeof text === 'string' ? /^(-?)0*(\d{1,15}?)(?:\.(\d*?)0*)?$/.exec(text) : null;
    const [, sign = '', whole = '', fraction = ''] = parts ?? [];
    if (parts === null || fraction.length > scale)
      return this.refuse(column, `a decimal with up to ${scale} places`, `0.${'0'.repeat(scale)}`);
    const digits = `${whole}.${fraction.padEnd(scale, '0')}`;
    return /[1-9]/.test(digits) ? sign + digits : digits;
  }

  /** TINYINT(1), BOOLEAN or BIT. */
  boolean(column: string): boolean {
    const raw = this.#row[column];
    const text = String(raw);
    if (text === '1' || raw === true) return true;
    if (text === '0' || raw === false) return false;
    return this.refuse(column, '0 or 1', false);
  }

  date(column: string): string {
    const raw = this.#row[column];
    const day = typeof raw === 'string' ? readDateColumn(raw) : null;
    return day === null || day === 'zero' ? this.refuse(column, 'a day that exists', '0001-01-01') : day;
  }

  instant(column: string): string {
    const raw = this.#row[column];
    const instant = typeof raw === 'string' ? instantFromColumn(raw) : null;
    return instant ?? this.refuse(column, 'a date with a time', '');
  }

  /** NULL is null; everything else is read by `read`. */
  nullable<T>(column: string, read: (this: this, column: string) => T): T | null {
    return this.#row[column] === null ? null : read.call(this, column);
  }

  protected refuse<T>(column: string, expected: string, placeholder: T): T {
    const raw = this.#row[column];
    const got =
      raw === undefined ? 'no such column' : raw === null ? 'NULL' : `'${String(raw).slice(0, 40)}'`;
    this.reasons.push(`${column}: expected ${expected}, got ${got}`);
    return placeholder;
  }
}
