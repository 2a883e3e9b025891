import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RawRow } from '../translator-kit/row-reader.ts';
import { canonicalRow, timesheet } from './timesheets/arbitrary.ts';
import {
  bodyToEdit,
  bodyToFiling,
  bodyToReason,
  dataSet,
  fitsLegacyColumn,
  newToLegacy,
  newToRow,
  quirks,
  rowToNew,
  searchToNew,
  TIMESHEET_NAMESPACE,
  timesheetId,
} from './timesheets.ts';

const plainRow = {
  tsh_id: 17,
  frl_id: 3,
  prj_id: 4,
  tsh_day: '2026-02-28',
  tsh_hours: '7.50',
  tsh_stat: 'appr',
  rate_ct: 9505,
  is_billable: 1,
  tsh_text: 'Übergabe',
  appr_usr_id: 9,
  appr_at: '2026-03-01 08:09:10',
  pay_id: null,
  created: '2019-03-11 08:09:10',
  changed: '2026-11-23 16:00:59',
} as const;
const names = { freelancer: 'Fleiß, Änne', project: 'Werk' };

/** One awkward row per row quirk: the column that makes it awkward, and that column's canonical form. */
const awkward: Readonly<Record<string, { given: RawRow; canonical: RawRow }>> = {
  'blank-text-is-null': { given: { tsh_text: '' }, canonical: { tsh_text: null } },
  'small-numbers-for-flags': { given: { is_billable: -3 }, canonical: { is_billable: 1 } },
};

function translated(row: RawRow) {
  const result = rowToNew(row);
  if (!result.ok) throw new Error(result.reason);
  return result;
}

describe('rowToNew', () => {
  test('puts every column where the new model has it', () => {
    expect(translated(plainRow)).toEqual({
      ok: true,
      quirks: [],
      value: {
        id: timesheetId(17),
        number: 17,
        freelancerNumber: 3,
        projectNumber: 4,
        day: '2026-02-28',
        hours: '7.50',
        status: 'approved',
        hourlyRate: { amount: '95.05', currency: 'EUR' },
        billable: true,
        note: 'Übergabe',
        rejectionReason: null,
        approvedBy: 9,
        approvedAt: '2026-03-01T08:09:10.000Z',
        paymentNumber: null,
        createdAt: '2019-03-11T08:09:10.000Z',
        updatedAt: '2026-11-23T16:00:59.000Z',
      },
    });
  });

  test('takes the text of a rejected one for the reason, and no other', () => {
    expect(translated({ ...plainRow, tsh_stat: 'rej' }).value).toMatchObject({
      status: 'rejected',
      note: null,
      rejectionReason: 'Übergabe',
    });
  });

  test('gives every row that the monolith writes back unchanged, and names no quirk for it', () => {
    fc.assert(
      fc.property(canonicalRow, (row) => {
        const result = translated(row);
        expect(newToRow(result.value)).toEqual(row);
        expect(result.quirks).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test('gives awkward rows back in their canonical form, and names exactly their quirks', () => {
    fc.assert(
      fc.property(canonicalRow, fc.constantFrom(...Object.keys(awkward)), (row, quirk) => {
        const { given, canonical } = awkward[quirk]!;
        const result = translated({ ...row, ...given });
        expect(newToRow(result.value)).toEqual({ ...row, ...canonical });
        expect(result.quirks).toEqual([quirk]);
        expect(translated(newToRow(result.value))).toEqual({ ...result, quirks: [] });
      }),
    );
  });

  test('takes numbers, decimals and dates as every driver gives them', () => {
    const row = { ...plainRow, tsh_id: '17', rate_ct: 9505n, tsh_hours: 7.5, tsh_day: '2026-02-28 00:00:00' };
    expect(translated(row).value).toEqual(translated(plainRow).value);
  });

  test('carries hours that no day has', () => {
    expect(translated({ ...plainRow, tsh_hours: 80 }).value.hours).toBe('80.00');
    expect(translated({ ...plainRow, tsh_hours: '-0.10' }).value.hours).toBe('-0.10');
  });

  test.each([
    ['tsh_stat', 'approved', "tsh_stat: expected one of draft, subm, appr, rej, paid, got 'approved'"],
    ['tsh_stat', 'constructor', "tsh_stat: expected one of draft, subm, appr, rej, paid, got 'constructor'"],
    ['rate_ct', -1, "rate_ct: expected a whole number from 0 to 2147483647, got '-1'"],
    ['tsh_hours', '7.505', "tsh_hours: expected a decimal with up to 2 places, got '7.505'"],
    ['tsh_day', '0000-00-00', "tsh_day: expected a day that exists, got '0000-00-00'"],
    ['appr_at', '2026-01-01 24:00:00', "appr_at: expected a date with a time, got '2026-01-01 24:00:00'"],
    ['is_billable', null, 'is_billable: expected a whole number from -128 to 127, got NULL'],
    ['frl_id', null, 'frl_id: expected a whole number from 1 to 2147483647, got NULL'],
    ['tsh_text', undefined, 'tsh_text: expected a text or NULL, got no such column'],
  ])('refuses %s %p with a reason', (column, value, reason) => {
    expect(rowToNew({ ...plainRow, [column]: value })).toEqual({ ok: false, reason });
  });
});

describe('newToRow', () => {
  test('keeps every timesheet of the new service', () => {
    fc.assert(
      fc.property(timesheet, (value) => {
        expect(translated(newToRow(value)).value).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  test('refuses an amount that is no whole number of cents', () => {
    const hourlyRate = { amount: '95.005', currency: 'EUR' } as const;
    expect(() => newToRow({ ...translated(plainRow).value, hourlyRate })).toThrow(RangeError);
  });
});

test('the legacy JSON has all its keys in contract order, NULL as an empty text or as null, German dates', () => {
  const { value } = translated({ ...plainRow, tsh_text: null });
  expect(JSON.stringify(newToLegacy(value, names))).toBe(
    '{"tsh_id":17,"frl_id":3,"frl_name":"Fleiß, Änne","prj_id":4,"prj_title":"Werk","tsh_day":"28.02.2026",' +
      '"tsh_hours":"7.50","tsh_stat":"appr","rate_ct":9505,"is_billable":"Y","tsh_text":"","appr_usr_id":9,' +
      '"appr_at":"01.03.2026 08:09","pay_id":null,"created":"11.03.2019","changed":"23.11.2026 16:00"}',
  );
});

describe('searchToNew', () => {
  test('fills in what legacy assumes', () => {
    expect(searchToNew({})).toEqual({ query: { sort: 'day' }, page: 1, size: 20, matchesNothing: false });
  });

  test.each([
    [{ q: ' sü%d_ ' }, { q: 'süd' }],
    [{ q: '% x' }, { q: ' x' }],
    [{ q: '%_' }, {}],
    [
      { frl: '3x', prj: '99999999999' },
      { freelancerNumber: '3', projectNumber: '2147483647' },
    ],
    [{ frl: 'x' }, {}],
    [{ stat: 'paid,X,rej' }, { status: 'paid,rejected' }],
    [{ stat: 'constructor' }, {}],
    [{ month: '2024-02' }, { from: '2024-02-01', to: '2024-02-29' }],
    [{ month: ' 12.2025 ' }, { from: '2025-12-01', to: '2025-12-31' }],
    [{ month: '1989-12' }, {}],
    [{ month: '2025-13' }, {}],
    [
      { month: '2025-06', from: '10.06.2025', to: '31.12.2025' },
      { from: '2025-06-10', to: '2025-06-30' },
    ],
    [{ from: '31.02.2026', to: '2026-01-01' }, {}],
    [{ sort: '-hours' }, { sort: '-hours' }],
    [{ sort: ['hours', 'id'] }, { sort: 'number' }],
    [{ sort: 'text' }, {}],
  ])('translates %j', (legacy, query) => {
    expect(searchToNew(legacy).query).toEqual({ sort: 'day', ...query });
  });

  test.each([[{ frl: '0' }], [{ prj: '-4' }], [{ q: 'x'.repeat(256) }]])(
    'knows that %j matches nothing',
    (legacy) => {
      expect(searchToNew(legacy).matchesNothing).toBe(true);
    },
  );
});

describe('the body of a write', () => {
  const refused = (error: string) => ({ ok: false, refusal: { status: 400, error } });

  test('of a new sheet is read as legacy reads it', () => {
    const body = {
      frl_id: ' 0x10 ',
      prj_id: true,
      tsh_day: '29.02.2028',
      tsh_hours: '7,6',
      is_billable: 'n',
      tsh_text: ' ',
    };
    expect(bodyToFiling(body)).toEqual({
      ok: true,
      value: {
        freelancerNumber: 16,
        projectNumber: null,
        day: '2028-02-29',
        hours: '7.50',
        billable: true,
        note: null,
      },
    });
  });

  test('is refused for the first fault in the order of the contract', () => {
    expect(bodyToFiling({})).toEqual(refused('tsh_day missing'));
    expect(bodyToFiling({ tsh_day: '2026-01-01' })).toEqual(refused('tsh_day invalid'));
    expect(bodyToFiling({ tsh_day: '01.01.2026' })).toEqual(refused('tsh_hours missing'));
    expect(bodyToFiling({ tsh_day: '01.01.2026', tsh_hours: 24.2 })).toEqual(refused('tsh_hours invalid'));
    expect(bodyToEdit({ tsh_day: null, tsh_hours: 0 })).toEqual(refused('tsh_day invalid'));
    expect(bodyToEdit({ tsh_hours: '' })).toEqual(refused('tsh_hours invalid'));
    expect(bodyToReason({ reason: ' ' })).toEqual(refused('reason missing'));
  });

  test('of an edit states what is stated', () => {
    expect(bodyToEdit(null)).toEqual({ ok: true, value: {} });
    expect(bodyToEdit({ is_billable: 'N', tsh_text: null })).toEqual({
      ok: true,
      value: { billable: false, note: null },
    });
  });

  test('cuts a reason by the units of JavaScript', () => {
    expect(bodyToReason({ reason: ` ${'r'.repeat(199)}😀` })).toEqual({
      ok: true,
      value: `${'r'.repeat(199)}\ufffd`,
    });
  });

  test('fits the column up to 255 characters, however many units', () => {
    expect(fitsLegacyColumn('😀'.repeat(255))).toBe(true);
    expect(fitsLegacyColumn('x'.repeat(256))).toBe(false);
    expect(fitsLegacyColumn(undefined)).toBe(true);
  });

  test('of hours is read by quarters, half up', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2412 }), (hundredths) => {
        const body = { tsh_day: '01.01.2026', tsh_hours: String(hundredths / 100).replace('.', ',') };
        const read = bodyToFiling(body);
        const quarters = Math.floor((hundredths / 100) * 4 + 0.5);
        expect(read.ok ? read.value.hours : null).toBe(quarters === 0 ? null : (quarters / 4).toFixed(2));
      }),
    );
  });
});

test('quirks are all seen in behaviour, and none is missing from the list', () => {
  const seen = Object.values(awkward).flatMap(({ given }) => translated({ ...plainRow, ...given }).quirks);
  expect(quirks.map(({ name }) => name).sort()).toEqual(seen.sort());
});

describe('the data set', () => {
  const { toSync, key } = dataSet.tables.timesheets;

  test('is keyed by tsh_id and hands the relay values or reasons', () => {
    expect(key).toBe('tsh_id');
    expect(toSync(plainRow)).toEqual({ key: '17', value: translated(plainRow).value, quirks: [] });
    expect(toSync({ ...plainRow, tsh_stat: 'X' })).toEqual({
      key: '17',
      rejected: expect.stringContaining('tsh_stat'),
    });
  });

  test('gives the ids that the service gives', () => {
    expect(TIMESHEET_NAMESPACE).toBe('447840f8-8953-5af6-9de9-88265f1834f3');
    expect(timesheetId(17)).toBe('fc6188e6-874a-5f7f-ba1c-bb36955fc045');
  });
});
