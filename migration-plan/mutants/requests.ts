import { AWKWARD_ROWS } from '#acl/gateway/freelancers/awkward-rows.ts';

/** One request of the round that every mutant is asked. The path is the monolith's. */
export type Request = {
  readonly as: 'admin' | 'disp' | 'guest' | 'nobody';
  readonly method: string;
  readonly path: string;
  /** Sent as JSON, or as it is when it is a text. */
  readonly body?: unknown;
};

const LIST = '/api/freelancers';
/** Rows 1 to this come from the seeder, the awkward ones behind them. */
export const SEEDED = 150;

const read = (path: string, as: Request['as'] = 'admin', method = 'GET'): Request => ({ as, method, path });
const list = (...queries: readonly string[]) => queries.map((query) => read(LIST + query));
const one = (...ids: readonly (string | number)[]) => ids.map((id) => read(`${LIST}/${id}`));
const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** What an office asks on an ordinary day, and what a careless client asks. */
export const reads: readonly Request[] = [
  ...list('', '?page=2', '?page=3&size=50', '?page=999', '?page=-3', '?page=abc', '?size=100', '?size=1'),
  ...list('?size=0', '?size=7&page=99', '?page=1&page=2'),
  ...['name', '-name', 'rate', '-rate', 'id', '-id'].flatMap((sort) => list(`?sort=${sort}&del=all`)),
  ...list('?sort=rate&size=30&page=2', '?sort=-name&page=3', '?sort=NAME', '?sort=rate&sort=-rate'),
  ...list('?stat=A', '?stat=I', '?stat=B', '?stat=X', '?del=Y', '?del=all&stat=B'),
  ...list('?skill=java', '?skill=JAVA', '?skill=ja', '?skill=c%2B%2B', '?skill=java,sql', '?skill=%25java_'),
  ...list('?skill=stra%C3%9Fenbau', '?q=java', '?q=m%C3%BCller', '?q=j%C3%B6rg', '?q=gmx.example', '?q=@'),
  ...list('?q=%25_', '?q=a%25', '?q=%D0%98%D0%B2%D0%B0%D0%BD', '?q=,', '?q=%5C', "?q='", '?q=stra%C3%9Fe'),
  ...list('?rate_min=9000', '?rate_max=9000', '?rate_min=9000&rate_max=9000', '?rate_min=5', '?rate_max=0'),
  ...list('?rate_min=101', '?rate_min=abc', '?rate_max=-1'),
  ...list('?avail_by=01.01.2027', '?avail_by=31.12.2020', '?avail_by=30.02.2027', '?avail_by=1.1.2027'),
  ...list('?q=java&stat=A&sort=-rate', '?skill=java&rate_max=8000&sort=rate', '?q=an&del=all&page=2&size=5'),
  ...one(...upTo(1, 8), 17, 61, 80, 89, 117, ...upTo(SEEDED + 1, SEEDED + AWKWARD_ROWS)),
  ...one('999999', '0', '2147483648', '007', '12abc', '1.9', 'abc'),
  read(LIST, 'admin', 'HEAD'),
  read(`${LIST}/1`, 'admin', 'HEAD'),
  read(`${LIST}/1`, 'guest'),
  read(LIST, 'nobody'),
  read(`${LIST}/1`, 'nobody'),
];

const send = (method: string, path: string, body?: unknown, as: Request['as'] = 'disp'): Request => ({
  as,
  method,
  path: LIST + path,
  ...(body === undefined ? {} : { body }),
});

const full = {
  frl_name: '  Zażółć, Änne Maria, Dr. ',
  frl_email: ' Aenne@Example.org ',
  frl_phone: '+49 221 1',
  frl_stat: 'I',
  blk_reason: 'on leave',
  rate_ct: '9505',
  cur: 'CHF',
  skills_csv: ' Java, SQL,,java , c++',
  city: 'Łódź',
  country: 'PL',
  avail_from: '29.02.2028',
  notes: 'line one\nline two',
};

/** Each changes a row of its own, so that legacy's answers do not depend on their order. */
export const writes: readonly Request[] = [
  send('POST', '', full),
  send('POST', '', { frl_name: 'Cher' }),
  send('POST', '', { frl_name: 'Rate, R', rate_ct: 1999 }),
  send('POST', '', { frl_name: 'Rate, R', rate_ct: 5 }),
  send('POST', '', { frl_name: 'Rate, R', rate_ct: 'x' }),
  send('POST', '', { frl_name: 'Day, D', avail_from: '31.12.2027' }),
  send('POST', '', { frl_name: 'Day, D', avail_from: '30.02.2027' }),
  send('POST', '', { frl_name: ' ' }),
  send('POST', '', { frl_name: 'A', frl_stat: 'X' }),
  send('POST', '', { frl_name: 'x'.repeat(121) }),
  send('POST', '', { frl_name: 'Other, Zoé', frl_email: 'ZOE.Lefevre1@gmx.example' }),
  send('POST', '', { frl_name: 'Guest, G' }, 'guest'),
  send('POST', '', { frl_name: 'Stranger, S' }, 'nobody'),
  send('POST', '', '{'),
  send('PUT', '/2', { frl_name: 'Größe, Neu' }),
  send('PUT', '/5', { rate_ct: '7050' }),
  send('PUT', '/6', { skills_csv: 'go, Rust,go' }),
  send('PUT', '/7', { notes: 'A long story. '.repeat(200) }),
  send('PUT', '/8', { city: '', country: null, frl_phone: ' 0221 1 ' }),
  send('PUT', '/9', { frl_email: 'zoe.lefevre1@gmx.example' }),
  send('PUT', '/10', {}),
  send('PUT', '/11', { frl_stat: 'B', blk_reason: 'rude' }),
  send('PUT', '/12', { avail_from: '' }),
  send('PUT', '/13', { avail_from: '31.01.2027', cur: '' }),
  send('PUT', '/14', { frl_stat: 'x' }),
  send('PUT', '/999999', { city: 'X' }),
  send('PUT', '/abc', { city: 'X' }),
  send('PUT', '/15', { city: 'X' }, 'guest'),
  send('POST', '/17/activate'),
  send('POST', '/18/activate'),
  send('POST', '/999999/activate'),
  send('POST', '/19/block', { reason: ' unpaid ' }),
  send('POST', '/80/block', { reason: 'again' }),
  send('POST', '/20/block', {}),
  send('POST', '/999999/block', { reason: 'x' }),
  send('DELETE', '/21', undefined, 'admin'),
  send('DELETE', '/22'),
  send('DELETE', '/999999', undefined, 'admin'),
];
