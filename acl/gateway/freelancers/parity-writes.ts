/** One step of a sequence that is sent to both sides. `:new` stands for the id that the side gave its last new row. */
export type Write = {
  readonly name: string;
  readonly as: 'admin' | 'disp' | 'guest' | 'nobody';
  readonly method: 'POST' | 'PUT' | 'DELETE' | 'GET';
  readonly path: string;
  /** Sent as JSON, or as a form when it is a text. */
  readonly body?: unknown;
};

const LIST = '/api/freelancers';
const NEW = `${LIST}/:new`;

const post = (name: string, body: unknown): Write => ({ name, as: 'disp', method: 'POST', path: LIST, body });
const put = (name: string, body: unknown, path = NEW): Write => ({
  name,
  as: 'disp',
  method: 'PUT',
  path,
  body,
});
const act = (name: string, path: string, body?: unknown): Write => ({
  name,
  as: 'disp',
  method: 'POST',
  path,
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
  frl_id: 7,
  frl_match: 'X',
  del_flag: 'Y',
  created: '01.01.2000',
  unknown: { deep: true },
};

/** A walk through all that the contract says about writing. Both sides start with the same data. */
export const writes: readonly Write[] = [
  { ...post('without a session', full), as: 'nobody' },
  { ...post('read only', full), as: 'guest' },
  post('no body', undefined),
  post('a blank name', { frl_name: '  ' }),
  post('a name that is null', { frl_name: null, frl_stat: 'X' }),
  post('an unknown status before a bad rate', { frl_name: 'A', frl_stat: 'X', rate_ct: -1 }),
  post('a status that is null', { frl_name: 'A', frl_stat: null }),
  ...[-1, 1.5, '1.5', 'x', '', null, true, [], {}, '-3', ' 12 ', '007', 1e21].map((rate_ct) =>
    post(`the rate ${JSON.stringify(rate_ct)}`, { frl_name: 'Rate, R', rate_ct }),
  ),
  post('a rate that the column does not hold', { frl_name: 'Rate, R', rate_ct: 2_147_483_648 }),
  post('a bad rate before a bad date', { frl_name: 'A', rate_ct: 'x', avail_from: 'x' }),
  ...['30.02.2027', '2027-01-01', '1.1.2027', 20270101, true, {}, ' '].map((avail_from) =>
    post(`the date ${JSON.stringify(avail_from)}`, { frl_name: 'A', avail_from }),
  ),
  post('a date that is null', { frl_name: 'Null, Date', avail_from: null }),
  post('an empty date', { frl_name: 'Empty, Date', avail_from: '' }),
  post('everything', full),
  post('the same e-mail in another case', { frl_name: 'B', frl_email: 'AENNE@example.ORG' }),
  post('a name alone', { frl_name: 'Cher' }),
  post('a name that is a number', { frl_name: 42 }),
  post('a name that String() cannot make text of', { frl_name: { toString: 1 } }),
  post('a note that String() cannot make text of', { frl_name: 'A', notes: [{ toString: null }] }),
  post('a note that is too long', { frl_name: 'A', notes: 'x'.repeat(65_536) }),
  post('an empty e-mail', { frl_name: 'D, D', frl_email: '' }),
  post('a second empty e-mail', { frl_name: 'E, E', frl_email: ' ' }),
  post('as a form', 'frl_name=Form%2C+F%C3%BCr&rate_ct=100&skills_csv=a%2Cb'),
  post('a name that is too long', { frl_name: 'x'.repeat(121) }),
  post('a name whose matchcode is too long', { frl_name: 'ü'.repeat(61) }),
  post('a name as long as it gets', { frl_name: `${'x'.repeat(110)}, ${'y'.repeat(8)}` }),
  post('a phone that is too long', { frl_name: 'A', frl_phone: '1'.repeat(41) }),
  post('a country that is too long', { frl_name: 'A', country: 'DEU' }),
  post('a currency that is too long', { frl_name: 'A', cur: 'EURO' }),
  post('skills that are too long', {
    frl_name: 'A',
    skills_csv: Array.from({ length: 200 }, (_, i) => `s${i}`).join(),
  }),
  post('a list as body', [{ frl_name: 'A' }]),
  post('the row that is edited', { ...full, frl_email: 'edit@example.org', frl_stat: 'A', blk_reason: '' }),
  { ...put('without a session', { city: 'X' }), as: 'nobody' },
  { ...put('read only', { city: 'X' }), as: 'guest' },
  put('nothing', {}),
  put('no body', undefined),
  put('the name', { frl_name: 'Größe, Neu' }),
  put('a blank name', { frl_name: '' }),
  put('a bad status before a bad name', { frl_stat: 'x', frl_name: ' ' }),
  put('rate alone', { rate_ct: 1 }),
  put('currency alone', { cur: 'EUR' }),
  put('an empty currency', { cur: '' }),
  put('a bad rate', { rate_ct: '9,5' }),
  put('a rate that does not fit', { rate_ct: '99999999999999999999' }),
  put('status with a reason', { frl_stat: 'B', blk_reason: 'rude' }),
  put('status back', { frl_stat: 'A' }),
  put('no skills', { skills_csv: '' }),
  put('skills that are null', { skills_csv: null }),
  put('a taken e-mail', { frl_email: 'aenne@EXAMPLE.org' }),
  put('its own e-mail in another case', { frl_email: 'EDIT@example.org' }),
  put('no e-mail', { frl_email: null }),
  put('empty texts', { city: '', country: null, notes: '', frl_phone: '' }),
  put('a date', { avail_from: '01.02.2027' }),
  put('no date', { avail_from: '' }),
  put('a bad date', { avail_from: '01.02.27' }),
  put('what cannot be set', { frl_match: 'X', del_flag: 'Y', created: '01.01.2000', frl_id: 3 }),
  put('a row that is not there', { city: 'X' }, `${LIST}/999999`),
  put('no number', { city: 'X' }, `${LIST}/abc`),
  put('a missing row before a bad body', { frl_stat: 'X' }, `${LIST}/0`),
  put('a seeded row', { city: 'Neustadt', notes: 'moved' }, `${LIST}/5`),
  { ...act('activate read only', `${NEW}/activate`), as: 'guest' },
  act('activate an active one', `${NEW}/activate`),
  act('block without a reason', `${NEW}/block`, {}),
  act('block with a blank reason', `${NEW}/block`, { reason: ' ' }),
  act('block with a reason that is too long', `${NEW}/block`, { reason: 'x'.repeat(256) }),
  act('block', `${NEW}/block`, { reason: ' unpaid ' }),
  act('block again', `${NEW}/block`, { reason: 'again' }),
  act('block again without a reason', `${NEW}/block`),
  act('activate', `${NEW}/activate`, { any: 'thing' }),
  act('activate nobody', `${LIST}/999999/activate`),
  act('activate no number', `${LIST}/x/activate`),
  act('block nobody', `${LIST}/999999/block`, {}),
  { name: 'delete as dispatcher', as: 'disp', method: 'DELETE', path: NEW },
  { name: 'delete', as: 'admin', method: 'DELETE', path: NEW },
  { name: 'delete again', as: 'admin', method: 'DELETE', path: NEW },
  { name: 'delete nobody', as: 'admin', method: 'DELETE', path: `${LIST}/999999` },
  { name: 'delete no number', as: 'admin', method: 'DELETE', path: `${LIST}/x` },
  put('edit a deleted one', { city: 'Gone' }),
  act('block a deleted one', `${NEW}/block`, { reason: 'gone' }),
];

/** Reads after each write: the list in every order, so that ties and the search view are seen too. */
export const readsAfterWrites: readonly string[] = [
  `${LIST}/:new`,
  `${LIST}?del=all&sort=-id&size=15`,
  `${LIST}?del=Y`,
  `${LIST}?sort=rate&page=999`,
  `${LIST}?q=aenne&del=all`,
  `${LIST}?q=groesse&del=all`,
  `${LIST}?skill=C%2B%2B&del=all`,
];
