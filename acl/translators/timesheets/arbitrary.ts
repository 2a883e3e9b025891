import fc from 'fast-check';
import { timesheetId } from './identity.ts';
import type { TimesheetRow, TimesheetValue } from './model.ts';

const number = fc.integer({ min: 1, max: 2_147_483_647 });
const optionalNumber = fc.option(number, { nil: null });
const optional = fc.option(fc.string({ minLength: 1, maxLength: 20 }), { nil: null });
const day = fc
  .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const second = fc
  .date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('2200-01-01T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 19));
const column = second.map((text) => text.replace('T', ' '));
const instant = second.map((text) => `${text}.000Z`);
const decimal = (most: number) =>
  fc.integer({ min: 0, max: most }).map((hundredths) => {
    const digits = String(hundredths).padStart(3, '0');
    return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
  });

/** Rows that the monolith itself writes: they come back from the new model unchanged. */
export const canonicalRow: fc.Arbitrary<TimesheetRow> = fc.record({
  tsh_id: number,
  frl_id: number,
  prj_id: number,
  tsh_day: day,
  tsh_hours: decimal(999_999),
  tsh_stat: fc.constantFrom('draft', 'subm', 'appr', 'rej', 'paid'),
  rate_ct: fc.integer({ min: 0, max: 2_147_483_647 }),
  is_billable: fc.constantFrom(0, 1),
  tsh_text: optional,
  appr_usr_id: optionalNumber,
  appr_at: fc.option(column, { nil: null }),
  pay_id: optionalNumber,
  created: column,
  changed: column,
});

/** Timesheets as the new service makes them: of note and reason a rejected one has the one, all others the other. */
export const timesheet: fc.Arbitrary<TimesheetValue> = fc
  .record({
    number,
    freelancerNumber: number,
    projectNumber: number,
    day,
    hours: decimal(2400),
    status: fc.constantFrom(
      'draft' as const,
      'submitted' as const,
      'approved' as const,
      'rejected' as const,
      'paid' as const,
    ),
    hourlyRate: fc.record({ amount: decimal(2_147_483_647), currency: fc.constant('EUR' as const) }),
    billable: fc.boolean(),
    text: optional,
    approvedBy: optionalNumber,
    approvedAt: fc.option(instant, { nil: null }),
    paymentNumber: optionalNumber,
    createdAt: instant,
    updatedAt: instant,
  })
  .map(({ text, ...value }) => {
    const isRejected = value.status === 'rejected';
    return {
      ...value,
      id: timesheetId(value.number),
      note: isRejected ? null : text,
      rejectionReason: isRejected ? text : null,
    };
  });
