import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canBeFiled, hundredthsOf } from './hours.ts';
import { upperByLetter } from './letter-case.ts';
import {
  type Action,
  approveTimesheet,
  can,
  editTimesheet,
  fileTimesheet,
  hasRoom,
  payTimesheet,
  rejectTimesheet,
  statuses,
  submitTimesheet,
  type Timesheet,
} from './timesheet.ts';
import { TIMESHEET_NAMESPACE, timesheetId } from './timesheet-id.ts';

const then = new Date('2026-01-01T00:00:00Z');
const now = new Date('2026-02-01T00:00:00Z');
const draft = fileTimesheet(
  {
    freelancerNumber: 3,
    projectNumber: 4,
    day: '2026-01-05',
    hours: '7.50',
    hourlyRate: { amount: '80.00', currency: 'EUR' },
    billable: true,
    note: 'Übergabe',
  },
  17,
  then,
);

describe('a timesheet', () => {
  test('begins as a draft under the id of its number', () => {
    expect(draft).toMatchObject({ id: timesheetId(17), status: 'draft', version: 1, rejectionReason: null });
    expect(TIMESHEET_NAMESPACE).toBe('447840f8-8953-5af6-9de9-88265f1834f3');
  });

  test.each<[Action, string]>([
    ['edit', 'draft submitted rejected'],
    ['remove', 'draft rejected'],
    ['submit', 'draft'],
    ['approve', 'submitted'],
    ['reject', 'submitted approved'],
    ['pay', 'approved'],
  ])('can %s when it is %s, and never else', (action, from) => {
    const possible = statuses.filter((status) => can(action, { ...draft, status }));
    expect(possible.join(' ')).toBe(from);
  });

  test('goes from draft over submitted and approved to paid, each a version of its own', () => {
    const submitted = submitTimesheet(draft, now);
    const approved = approveTimesheet(submitted, 9, now);
    const paid = payTimesheet(approved, 71, now);
    expect([submitted, approved, paid].map(({ status, version }) => [status, version])).toEqual([
      ['submitted', 2],
      ['approved', 3],
      ['paid', 4],
    ]);
    expect(paid).toMatchObject({ approvedBy: 9, approvedAt: now, paymentNumber: 71, createdAt: then });
  });

  test('that is rejected keeps the reason in place of the note and forgets who approved it', () => {
    const approved: Timesheet = { ...draft, status: 'approved', approvedBy: 9, approvedAt: then };
    expect(rejectTimesheet(approved, 'wrong project', now)).toMatchObject({
      status: 'rejected',
      rejectionReason: 'wrong project',
      note: null,
      approvedBy: null,
      approvedAt: null,
    });
  });

  test('that is rejected and edited is a draft whose note is the reason, until one is written', () => {
    const rejected = rejectTimesheet({ ...draft, status: 'submitted' }, 'wrong project', now);
    const again = editTimesheet(rejected, { hours: '1.00' }, now);
    expect(again).toMatchObject({
      status: 'draft',
      rejectionReason: null,
      note: 'wrong project',
      hours: '1.00',
    });
    expect(editTimesheet(rejected, { note: null }, now).note).toBeNull();
  });

  test('that is submitted stays so when it is edited, and every edit is a change', () => {
    const edited = editTimesheet({ ...draft, status: 'submitted' }, {}, now);
    expect(edited).toMatchObject({ status: 'submitted', version: 2, updatedAt: now, note: 'Übergabe' });
  });
});

describe('hours', () => {
  test('are filed in quarters, from one to a day', () => {
    expect(['0.25', '7.50', '24.00'].filter(canBeFiled)).toEqual(['0.25', '7.50', '24.00']);
    expect(['0.00', '-0.25', '0.30', '24.25', '80.00'].filter(canBeFiled)).toEqual([]);
  });

  test('fill a day up to 24 and not beyond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 96 }), fc.integer({ min: 1, max: 96 }), (others, own) => {
        const hours = (own / 4).toFixed(2);
        expect(hasRoom(others * 25, { ...draft, hours })).toBe(others + own <= 96);
      }),
      {
        examples: [
          [92, 4],
          [93, 4],
        ],
      },
    );
  });

  test('are hundredths, exactly, and nothing else', () => {
    expect(hundredthsOf('9999.99')).toBe(999_999);
    expect(() => hundredthsOf('7.5')).toThrow(RangeError);
  });
});

test('upper case never changes the length', () => {
  expect(upperByLetter('straße älter ŉ')).toBe('STRAßE ÄLTER ŉ');
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (s) => upperByLetter(s).length === s.length));
});
