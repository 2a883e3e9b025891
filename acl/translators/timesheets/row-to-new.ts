import { type RawRow, RowReader } from '../../translator-kit/row-reader.ts';
import { amountFromCents } from '../legacy-values/money.ts';
import { timesheetId } from './identity.ts';
import type { TimesheetValue, Translated } from './model.ts';
import type { RowQuirk } from './quirks.ts';
import { LEGACY_STATUS, statusFromLegacy } from './status.ts';

/**
 * Translates one legacy row. Rows with values that mean something in only one way are canonicalised, and each such
 * canonicalisation is named; a row that cannot be understood is `{ok: false}` with every reason in one line. Hours that no
 * day has are carried as they came: they were paid.
 */
export function rowToNew(row: RawRow): Translated<TimesheetValue> {
  const reader = new TimesheetReader(row);
  const number = reader.integer('tsh_id', 1);
  const status = reader.status('tsh_stat');
  const text = reader.optional('tsh_text');
  const isRejected = status === 'rejected';
  const value: TimesheetValue = {
    id: timesheetId(number),
    number,
    freelancerNumber: reader.integer('frl_id', 1),
    projectNumber: reader.integer('prj_id', 1),
    day: reader.date('tsh_day'),
    hours: reader.decimal('tsh_hours'),
    status,
    hourlyRate: { amount: amountFromCents(reader.integer('rate_ct', 0)), currency: 'EUR' },
    billable: reader.flag('is_billable'),
    note: isRejected ? null : text,
    // `reason-over-text`: legacy has one column for both.
    rejectionReason: isRejected ? text : null,
    approvedBy: reader.nullable('appr_usr_id', reader.integer),
    approvedAt: reader.nullable('appr_at', reader.instant),
    paymentNumber: reader.nullable('pay_id', reader.integer),
    createdAt: reader.instant('created'),
    updatedAt: reader.instant('changed'),
  };
  if (reader.reasons.length > 0) return { ok: false, reason: reader.reasons.join('; ') };
  return { ok: true, value, quirks: [...reader.quirks] };
}

/** The columns of this table that mean more than their type says. */
class TimesheetReader extends RowReader {
  readonly quirks = new Set<RowQuirk>();

  status(column: string): TimesheetValue['status'] {
    const words = Object.values(LEGACY_STATUS).join(', ');
    return statusFromLegacy(this.raw(column)) ?? this.refuse(column, `one of ${words}`, 'draft');
  }

  optional(column: string): string | null {
    const raw = this.raw(column);
    if (raw === null) return null;
    if (typeof raw !== 'string') return this.refuse(column, 'a text or NULL', null);
    if (raw !== '') return raw;
    this.quirks.add('blank-text-is-null');
    return null;
  }

  /** TINYINT(1), which holds more than 0 and 1. */
  flag(column: string): boolean {
    const number = this.integer(column, -128, 127);
    if (number !== 0 && number !== 1) this.quirks.add('small-numbers-for-flags');
    return number !== 0;
  }
}
