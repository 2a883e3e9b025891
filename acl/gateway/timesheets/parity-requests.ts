import fc from 'fast-check';
import type { RawRequest } from '../../testing/raw-http.ts';

const LIST = '/api/timesheets';
const get = (tail: string): RawRequest => ({ method: 'GET', path: LIST + tail });
const LETTERS = ['straße', 'STRASSE', 'ß', 'ẞ', 'ſ', 's', 'ŉ', 'ǰ', 'ÿ', 'Ÿ', 'ı', 'i', 'İ', 'ﬁ', 'fi'];

/** Reads that legacy clients send, and those that only odd ones send. */
export const writtenReads: readonly RawRequest[] = [
  ...[
    '',
    '?',
    '/',
    '?page=2',
    '?page=999999',
    '?page=0',
    '?page=-3',
    '?page=abc',
    '?page=2abc',
    '?page=',
  ].map(get),
  ...['?size=5', '?size=100', '?size=101', '?size=0', '?size=1e3', '?size=7&page=99', '?size='].map(get),
  ...['day', '-day', 'hours', '-hours', 'id', '-id', 'text', 'DAY', '', '--day'].flatMap((sort) => [
    get(`?sort=${sort}`),
    get(`?sort=${sort}&page=3&size=30`),
    get(`?sort=${sort}&page=9999&size=33`),
  ]),
  ...[
    'draft',
    'subm',
    'appr',
    'rej',
    'paid',
    'draft,rej',
    'X',
    'paid,X',
    'DRAFT',
    '%20draft',
    ',',
    'constructor',
  ].map((stat) => get(`?stat=${stat}`)),
  ...[
    '1',
    '2',
    '1x',
    '0',
    '-4',
    'abc',
    '',
    '999999',
    '2147483647',
    '2147483648',
    '99999999999',
    '1.9',
    '+1',
  ].flatMap((id) => [get(`?frl=${id}`), get(`?prj=${id}`)]),
  ...[
    ...[
      '2025-06',
      '06.2025',
      '2025-13',
      '2025-00',
      '2025-6',
      '1989-12',
      '1990-01',
      '12.2025',
      '',
      '2024-02',
      '9999-11',
    ],
    ...['%202025-06%20', '02.2024', '2025-06-01'],
  ].map((month) => get(`?month=${month}`)),
  ...[
    ...['from=01.06.2025', 'to=01.06.2025', 'from=01.06.2025&to=30.06.2025', 'from=30.06.2025&to=01.06.2025'],
    ...[
      'from=2025-06-01',
      'to=31.02.2026',
      'from=01.01.0000',
      'from=01.01.0001&to=01.01.0001',
      'to=31.12.9999',
    ],
    ...[
      'month=2025-06&from=15.06.2025',
      'month=2025-06&to=15.06.2025',
      'month=2025-06&from=01.01.2026',
      'from=1.1.2025',
    ],
    ...[
      'q=a&q=b',
      'page=1&page=2',
      'sort=hours&sort=-hours',
      'q[]=a',
      'q[x]=a',
      'unknown=1',
      'Q=a',
      'stat=paid&stat=',
    ],
    ...[
      'frl=1&frl=2',
      'frl[]=1',
      '&&&',
      '=',
      'size=3&size=x',
      'frl=1&prj=1&month=2015-01&stat=draft,paid&q=x',
    ],
  ].map((query) => get(`?${query}`)),
  ...[
    ...[
      'a',
      'A',
      'meeting',
      '%25',
      '_',
      '%25_%25',
      'a%25',
      '%25%20done',
      'x%20%25%20%25',
      '%20%20around',
      '%00a',
      "'",
    ],
    ...[
      '"',
      '%5C',
      ';',
      '--',
      '%FF',
      '%',
      '%zz',
      '%F0%9F%98%80',
      '%E6%9D%8E',
      '%09',
      'x'.repeat(255),
      'x'.repeat(256),
    ],
    ...['x'.repeat(9000), 's%C3%BCd', 'S%C3%9CD', '%E2%80%9Es%C3%BCd', '50%20%25%20_', '+', '50'],
    ...LETTERS.map(encodeURIComponent),
  ].map((q) => get(`?q=${q}`)),
  ...['1', '2', '12abc', '007', '%31', '1.9', '1e1', '%201', '+1', '-1', '0', '999999', '2147483648'].map(
    (id) => get(`/${id}`),
  ),
  ...[
    'abc',
    'NaN',
    '%zz',
    '%',
    '%C3',
    '%2F',
    '..',
    '99999999999999999999',
    '1/',
    '1//',
    '1/x',
    'x/submit',
  ].map((id) => get(`/${id}`)),
  ...[
    '/API/Timesheets',
    '/api/TIMESHEETS/1',
    '/api/timesheets/1/',
    '/api//timesheets',
    '/api/timesheetsx',
  ].map((path): RawRequest => ({ method: 'GET', path })),
  ...['submit', 'approve', 'reject'].map((step) => get(`/1/${step}`)),
  ...['HEAD', 'OPTIONS', 'PATCH'].flatMap((method) =>
    ['', '?q=a&size=3', '/1', '/999999', '/abc', '/1/submit', '/1/approve', '/1/reject', '/1/2/3'].map(
      (tail) => ({
        method,
        path: LIST + tail,
      }),
    ),
  ),
  ...['PUT', 'DELETE'].map((method) => ({ method, path: LIST })),
  ...['{', '[1', '"x"', 'null', '{"a":1}x'].flatMap((body) =>
    ['GET', 'POST'].map((method) => ({
      method,
      path: LIST,
      body,
      headers: { 'content-type': 'application/json' },
    })),
  ),
  {
    method: 'POST',
    path: LIST,
    body: JSON.stringify({ tsh_text: 'x'.repeat(1_100_000) }),
    headers: { 'content-type': 'application/json' },
  },
];

const escaped = fc
  .string({ unit: 'grapheme', maxLength: 4 })
  .map((text) => encodeURIComponent(text.toWellFormed()));
/** Left out in four of five requests: with every filter at once nothing would be found, and compared. */
const optional = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const german = fc
  .date({ min: new Date('2015-01-01'), max: new Date('2026-12-31'), noInvalidDate: true })
  .map((day) => day.toISOString().slice(0, 10).split('-').reverse().join('.'));

/** Searches as the list screen sends them: any mixture of its fields. */
export const generatedRead: fc.Arbitrary<RawRequest> = fc
  .record({
    q: optional(
      fc.oneof(
        fc.constantFrom('e', 'an', 'Meet', '%C3%BC', ' ', '+', ...LETTERS.map(encodeURIComponent)),
        escaped,
      ),
    ),
    page: optional(fc.oneof(fc.integer({ min: -1, max: 30 }).map(String), escaped)),
    size: optional(fc.oneof(fc.integer({ min: -1, max: 130 }).map(String), escaped)),
    sort: optional(fc.constantFrom('day', '-day', 'hours', '-hours', 'id', '-id', 'x')),
    stat: optional(
      fc.subarray(['draft', 'subm', 'appr', 'rej', 'paid', 'x']).map((words) => words.join(',')),
    ),
    frl: optional(fc.integer({ min: -1, max: 40 })),
    prj: optional(fc.integer({ min: -1, max: 26 })),
    month: optional(
      fc
        .tuple(fc.integer({ min: 2016, max: 2026 }), fc.integer({ min: 1, max: 12 }))
        .map(([year, month]) => `${year}-${String(month).padStart(2, '0')}`),
    ),
    from: optional(german),
    to: optional(german),
  })
  .map((fields) => {
    const pairs = Object.entries(fields).filter(([, value]) => value !== undefined);
    const query = pairs.map(([name, value]) => `${name}=${value}`.replaceAll(' ', '%20')).join('&');
    return get(`?${query}`);
  });
