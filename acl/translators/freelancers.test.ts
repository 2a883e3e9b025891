import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RawRow } from '../translator-kit/row-reader.ts';
import { canonicalRow, freelancer } from './freelancers/arbitrary.ts';
import {
  bodyToBlockReason,
  bodyToCreate,
  bodyToEdit,
  dataSet,
  FREELANCER_NAMESPACE,
  fitsLegacyColumns,
  freelancerId,
  newToDetail,
  newToListRow,
  newToRow,
  quirks,
  rowToNew,
  searchToNew,
} from './freelancers.ts';

const plainRow = {
  frl_id: 17,
  frl_name: 'Müller, Hans',
  frl_match: 'MUELLER, HANS',
  frl_email: 'hans@example.org',
  frl_phone: null,
  frl_stat: 'B',
  blk_reason: 'unpaid',
  rate_ct: 9505,
  cur: 'EUR',
  skills_csv: 'java,sql',
  city: 'Köln',
  country: 'DE',
  avail_from: '2026-02-28',
  notes: null,
  del_flag: 'N',
  created: '2019-03-11 08:09:10',
  changed: '2026-11-23 16:00:59',
} as const;

/** One awkward row per row quirk: the column that makes it awkward, and that column's canonical form. */
const awkward: Readonly<Record<string, { given: RawRow; canonical: RawRow }>> = {
  'blank-text-is-null': { given: { frl_email: '', city: ' ' }, canonical: { frl_email: null, city: null } },
  'zero-date-is-now': { given: { avail_from: '0000-00-00' }, canonical: { avail_from: null } },
  'null-skills': { given: { skills_csv: null }, canonical: { skills_csv: '' } },
  'empty-skills-dropped': { given: { skills_csv: ',java,,sql,' }, canonical: { skills_csv: 'java,sql' } },
  'skill-spaces-trimmed': { given: { skills_csv: 'java, sql' }, canonical: { skills_csv: 'java,sql' } },
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
        id: freelancerId(17),
        number: 17,
        name: { first: 'Hans', last: 'Müller' },
        matchcode: 'MUELLER, HANS',
        status: 'blocked',
        blockReason: 'unpaid',
        hourlyRate: { amount: '95.05', currency: 'EUR' },
        skills: ['java', 'sql'],
        email: 'hans@example.org',
        phone: null,
        city: 'Köln',
        country: 'DE',
        notes: null,
        availableFrom: '2026-02-28',
        archived: false,
        createdAt: '2019-03-11T08:09:10.000Z',
        updatedAt: '2026-11-23T16:00:59.000Z',
      },
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

  test('takes numbers as every driver gives them', () => {
    expect(translated({ ...plainRow, frl_id: '17', rate_ct: 9505n }).value).toEqual(
      translated(plainRow).value,
    );
  });

  test('takes dates as Sequelize keeps them on SQLite', () => {
    const row = { ...plainRow, created: '2019-03-11 08:09:10.000 +00:00', avail_from: '2026-02-28 00:00:00' };
    expect(translated(row).value).toEqual(translated(plainRow).value);
  });

  test.each([
    ['frl_stat', 'X', "frl_stat: expected one of A, I, B, got 'X'"],
    ['frl_stat', null, 'frl_stat: expected one of A, I, B, got NULL'],
    ['rate_ct', -1, "rate_ct: expected a whole number from 0 to 2147483647, got '-1'"],
    ['rate_ct', 9.5, "rate_ct: expected a whole number from 0 to 2147483647, got '9.5'"],
    ['frl_id', 0, "frl_id: expected a whole number from 1 to 2147483647, got '0'"],
    ['avail_from', '2026-02-30', "avail_from: expected a day that exists, or NULL, got '2026-02-30'"],
    ['avail_from', '2026-02-00', "avail_from: expected a day that exists, or NULL, got '2026-02-00'"],
    ['created', '0000-00-00 00:00:00', "created: expected a date with a time, got '0000-00-00 00:00:00'"],
    ['changed', '2026-01-01 24:00:00', "changed: expected a date with a time, got '2026-01-01 24:00:00'"],
    ['del_flag', 'y', "del_flag: expected one of N, Y, got 'y'"],
    ['frl_name', '  ', "frl_name: expected a name, got '  '"],
    ['cur', 'EURO', "cur: expected a currency of 1 to 3 characters, got 'EURO'"],
    ['cur', ' ', "cur: expected a currency of 1 to 3 characters, got ' '"],
    ['frl_match', undefined, 'frl_match: expected a text, got no such column'],
  ])('refuses %s %p with a reason', (column, value, reason) => {
    expect(rowToNew({ ...plainRow, [column]: value })).toEqual({ ok: false, reason });
  });

  test('gives every reason at once', () => {
    const result = rowToNew({ ...plainRow, frl_stat: 'X', rate_ct: -1 });
    expect(result).toEqual({ ok: false, reason: expect.stringMatching(/^frl_stat: .*; rate_ct: /) });
  });

  test.each([
    ['Müller, Hans', 'Hans', 'Müller'],
    ['Berg, Karl, Jr.', 'Karl, Jr.', 'Berg'],
    ['Cher', '', 'Cher'],
    ['Miller,Jim', '', 'Miller,Jim'],
    ['Ito, ', '', 'Ito, '],
    [', Ann', '', ', Ann'],
    ['Иванов, Пётр', 'Пётр', 'Иванов'],
  ])('splits the name %p into first %p and last %p', (text, first, last) => {
    const { value } = translated({ ...plainRow, frl_name: text });
    expect(value.name).toEqual({ first, last });
    expect(newToRow(value).frl_name).toBe(text);
  });
});

describe('newToRow', () => {
  test('keeps every freelancer of the new service', () => {
    fc.assert(
      fc.property(freelancer, (value) => {
        expect(translated(newToRow(value)).value).toEqual(value);
      }),
    );
  });

  test('loses where a last name with a comma ends, and keeps the whole name', () => {
    const value = { ...translated(plainRow).value, name: { first: 'Jo', last: 'Roe, Jr.' } };
    const row = newToRow(value);
    expect(row.frl_name).toBe('Roe, Jr., Jo');
    expect(newToRow(translated(row).value)).toEqual(row);
  });

  test('refuses an amount that is no whole number of cents', () => {
    const value = translated(plainRow).value;
    expect(() => newToRow({ ...value, hourlyRate: { amount: '95.005', currency: 'EUR' } })).toThrow(
      RangeError,
    );
  });
});

describe('the legacy JSON', () => {
  test('has the detail in contract order, NULL as an empty text, German dates', () => {
    expect(JSON.stringify(newToDetail(translated(plainRow).value))).toBe(
      '{"frl_id":17,"frl_name":"Müller, Hans","frl_match":"MUELLER, HANS","frl_email":"hans@example.org",' +
        '"frl_phone":"","frl_stat":"B","blk_reason":"unpaid","rate_ct":9505,"cur":"EUR","skills_csv":"java,sql",' +
        '"city":"Köln","country":"DE","avail_from":"28.02.2026","notes":"","del_flag":"N",' +
        '"created":"11.03.2019","changed":"23.11.2026 16:00"}',
    );
  });

  test('has the list row in contract order', () => {
    expect(JSON.stringify(newToListRow(translated({ ...plainRow, avail_from: null }).value))).toBe(
      '{"frl_id":17,"frl_name":"Müller, Hans","frl_stat":"B","rate_ct":9505,"cur":"EUR","skills_csv":"java,sql",' +
        '"city":"Köln","avail_from":"","del_flag":"N"}',
    );
  });

  test('shows in the list what the detail shows', () => {
    fc.assert(
      fc.property(freelancer, (value) => {
        expect(newToDetail(value)).toMatchObject(newToListRow(value));
      }),
    );
  });
});

describe('searchToNew', () => {
  const nothing = { archived: 'exclude', sort: 'matchcode' };

  test('fills in what legacy assumes', () => {
    expect(searchToNew({})).toEqual({ query: nothing, page: 1, size: 20, matchesNothing: false, quirks: [] });
  });

  test.each([
    [{ q: 'müller_%' }, { q: 'MUELLER' }],
    [{ q: '%_' }, {}],
    [{ q: 'Иванов' }, {}],
    [{ q: ['a', 'b'] }, { q: 'B' }],
    [{ stat: 'B' }, { status: 'blocked' }],
    [{ stat: 'b' }, {}],
    [{ stat: 'constructor' }, {}],
    [
      { rate_min: '9505', rate_max: '12000x' },
      { rateMin: '95.05', rateMax: '120.00' },
    ],
    [{ rate_min: 'x', rate_max: '' }, {}],
    [{ rate_min: '-5', rate_max: '99999999999' }, {}],
    [{ avail_by: '28.02.2026' }, { availableBy: '2026-02-28' }],
    [{ avail_by: '30.02.2026' }, {}],
    [{ avail_by: '2026-02-28' }, {}],
    [{ del: 'Y' }, { archived: 'only' }],
    [{ del: 'all' }, { archived: 'include' }],
    [{ del: 'y' }, {}],
    [{ sort: '-rate' }, { sort: '-rate' }],
    [{ sort: 'id' }, { sort: 'number' }],
    [{ sort: 'city' }, {}],
    [{ skill: ' ja%v\0a' }, { skills: 'java' }],
  ])('translates %j', (legacy, query) => {
    expect(searchToNew(legacy).query).toEqual({ ...nothing, ...query });
  });

  test.each([
    [{ page: '3', size: '50' }, 3, 50],
    [{ page: '0', size: '0' }, 1, 20],
    [{ page: '-1', size: '-1' }, 1, 20],
    [{ page: '2abc', size: '1e3' }, 2, 1],
    [{ page: 'x', size: '101' }, 1, 100],
    [{ page: ['1', '4'] }, 4, 20],
  ])('reads paging %j', (legacy, page, size) => {
    expect(searchToNew(legacy)).toMatchObject({ page, size });
  });

  test.each([
    [{ rate_max: '-1' }],
    [{ rate_min: '99999999999' }],
    [{ skill: 'java,sql' }],
    [{ skill: 'x'.repeat(501) }],
    [{ q: 'x'.repeat(501) }],
  ])('knows that %j matches nothing', (legacy) => {
    expect(searchToNew(legacy).matchesNothing).toBe(true);
  });
});

describe('the body of a write', () => {
  const refused = (status: number, error: string) => ({ ok: false, refusal: { status, error } });

  test('of a new row is completed as legacy does', () => {
    expect(bodyToCreate({ frl_name: ' Berg, Ann ', skills_csv: 'Java, SQL,,java', rate_ct: '9505' })).toEqual(
      {
        ok: true,
        value: {
          name: { first: 'Ann', last: 'Berg' },
          status: 'active',
          blockReason: null,
          hourlyRate: { amount: '95.05', currency: 'EUR' },
          skills: ['Java', 'SQL'],
          email: null,
          phone: null,
          city: null,
          country: null,
          notes: null,
          availableFrom: null,
        },
      },
    );
  });

  test('of an edit states what differs and nothing else', () => {
    const current = translated(plainRow).value;
    expect(bodyToEdit({}, current)).toEqual({ ok: true, value: {} });
    const odd = { ...current, hourlyRate: { amount: '95.05', currency: 'eur' } };
    expect(bodyToEdit({ rate_ct: 9505, cur: 'eur' }, odd)).toEqual({ ok: true, value: {} });
    expect(bodyToEdit({ rate_ct: 1, cur: 'eur' }, odd)).toEqual({
      ok: true,
      value: { hourlyRate: { amount: '0.01' } },
    });
    expect(bodyToEdit({ cur: 'CHF', city: '' }, current)).toEqual({
      ok: true,
      value: { hourlyRate: { currency: 'CHF' }, city: null },
    });
  });

  test('is refused for the first fault in the order of the contract', () => {
    const faults = { frl_name: '', frl_stat: 'X', rate_ct: -1, avail_from: 'x' };
    expect(bodyToCreate(faults)).toEqual(refused(400, 'frl_name missing'));
    expect(bodyToCreate({ ...faults, frl_name: 'A' })).toEqual(refused(400, 'frl_stat invalid'));
    expect(bodyToCreate({ ...faults, frl_name: 'A', frl_stat: 'A' })).toEqual(
      refused(400, 'rate_ct invalid'),
    );
    expect(bodyToCreate({ frl_name: 'A', avail_from: 'x' })).toEqual(refused(400, 'avail_from invalid'));
    expect(bodyToBlockReason(null)).toEqual(refused(400, 'reason missing'));
  });

  test('that comes from a legacy detail changes nothing', () => {
    const texts = ['email', 'phone', 'blockReason', 'city', 'notes'] as const;
    fc.assert(
      fc.property(canonicalRow, (row) => {
        const value = translated({ ...row, skills_csv: 'a,b', frl_name: 'Berg, Ann' }).value;
        const trimmed = (text: string | null) => text?.replaceAll('\0', '').trim() || null;
        const untrimmed = texts.filter((field) => trimmed(value[field]) !== value[field]);
        expect(bodyToEdit(newToDetail(value), value)).toEqual({
          ok: true,
          value: Object.fromEntries(untrimmed.map((field) => [field, trimmed(value[field])])),
        });
      }),
    );
  });

  test.each([
    [{ notes: 'x'.repeat(65_536) }],
    [{ notes: 'ü'.repeat(32_768) }],
    [{ name: { first: '', last: 'ü'.repeat(61) } }],
    [{ hourlyRate: { amount: '21474836.48', currency: 'EUR' } }],
    [{ country: 'DEU' }],
  ])('does not fit legacy columns when it is too long', (profile) => {
    expect(fitsLegacyColumns(profile)).toBe(false);
  });

  test('fits legacy columns up to their last character', () => {
    const name = { first: '', last: '😀'.repeat(120) };
    const hourlyRate = { amount: '21474836.47', currency: 'EUR' };
    expect(fitsLegacyColumns({ name, hourlyRate, notes: 'x'.repeat(65_535), country: 'DE' })).toBe(true);
  });
});

describe('quirks', () => {
  test('are all seen in behaviour, and none is missing from the list', () => {
    const seen = [
      ...Object.values(awkward).flatMap(({ given }) => translated({ ...plainRow, ...given }).quirks),
      ...searchToNew({ q: '% x' }).quirks,
    ];
    expect(quirks.map(({ name }) => name).sort()).toEqual(seen.sort());
  });
});

describe('the data set', () => {
  const { toSync, key } = dataSet.tables.freelancers;

  test('is keyed by frl_id and hands the relay values or reasons', () => {
    expect(key).toBe('frl_id');
    expect(toSync(plainRow)).toEqual({ key: '17', value: translated(plainRow).value, quirks: [] });
    expect(toSync({ ...plainRow, frl_stat: 'X' })).toEqual({
      key: '17',
      rejected: expect.stringContaining('frl_stat'),
    });
  });

  test('gives the ids that the service gives', () => {
    expect(FREELANCER_NAMESPACE).toBe('f49084ef-d7be-5adb-af80-977b709a7eae');
    expect(freelancerId(17)).toBe('81b85895-6469-5170-8fe4-cdc948be5501');
  });
});
