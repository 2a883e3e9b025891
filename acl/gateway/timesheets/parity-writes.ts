import type { Write } from '../../testing/parity-side.ts';

const LIST = '/api/timesheets';
const NEW = `${LIST}/:new`;
/** Freelancers and projects that `prepare` of the suite has made: see there. */
export type Cast = {
  readonly free: number;
  readonly blocked: number;
  readonly deleted: number;
  readonly assigned: number;
  readonly open: number;
  readonly done: number;
  readonly cancelled: number;
  readonly gone: number;
};

/** A walk through all that the contract says about writing. Both sides start with the same data. */
export function writesOf(cast: Cast): readonly Write[] {
  const plain = { frl_id: cast.free, prj_id: cast.open, tsh_day: '02.03.2026', tsh_hours: '1' };
  const post = (name: string, change?: unknown): Write => ({
    name,
    as: 'disp',
    method: 'POST',
    path: LIST,
    ...(change === undefined
      ? {}
      : { body: typeof change === 'string' ? change : { ...plain, ...(change as object) } }),
  });
  const put = (name: string, body?: unknown, path = NEW): Write => ({
    name,
    as: 'disp',
    method: 'PUT',
    path,
    ...(body === undefined ? {} : { body }),
  });
  const act = (name: string, step: string, body?: unknown, path = NEW): Write => ({
    name,
    as: 'disp',
    method: 'POST',
    path: `${path}/${step}`,
    ...(body === undefined ? {} : { body }),
  });
  const remove = (name: string, path = NEW): Write => ({ name, as: 'disp', method: 'DELETE', path });
  const edits = [
    put('nothing', {}),
    put('no body'),
    put('text and flag', { tsh_text: ' Übergabe ', is_billable: 'N' }),
    put('a bad day before bad hours', { tsh_day: '2026-03-02', tsh_hours: 'x' }),
    put('a day that is null', { tsh_day: null }),
    put('bad hours', { tsh_hours: 25 }),
    put('empty hours', { tsh_hours: '' }),
    put('a text that is too long', { tsh_text: 'x'.repeat(256) }),
    put('a text that is too long, and hours too many', { tsh_text: 'x'.repeat(256), tsh_hours: 24 }),
    put('hours too many', { tsh_hours: 24 }),
    put('a text that String() cannot make text of', { tsh_text: { toString: 1 } }),
    put('what cannot be set', { frl_id: 1, prj_id: 1, tsh_stat: 'paid', rate_ct: 1, pay_id: 1 }),
    put('no text', { tsh_text: null }),
    put('day and hours', { tsh_day: '29.02.2028', tsh_hours: '2,5' }),
    put('back', { tsh_day: '02.03.2026', tsh_hours: 1 }),
  ];
  /** All that can be done to a sheet, to be said in each of its states; what changes the state comes last. */
  const everything = (state: string, steps: readonly string[]): readonly Write[] => [
    ...edits.map((write) => ({ ...write, name: `${state}: ${write.name}` })),
    ...steps.map((step) =>
      act(`${state}: ${step}`, step, step === 'reject' ? { reason: `no, ${state}` } : undefined),
    ),
  ];
  return [
    { ...post('without a session', {}), as: 'nobody' },
    { ...post('read only', {}), as: 'guest' },
    post('no body'),
    ...[
      undefined,
      null,
      '',
      ' ',
      '2026-03-02',
      '31.02.2026',
      '1.3.2026',
      20260302,
      true,
      {},
      '01.01.0000',
    ].map((tsh_day) => post(`the day ${JSON.stringify(tsh_day)}`, { tsh_day, tsh_hours: 'x' })),
    post('a day that String() cannot make text of', { tsh_day: { toString: 1 } }),
    ...[
      undefined,
      null,
      '',
      0,
      -1,
      '0,12',
      '0.125',
      ' 8.374 ',
      '024',
      24.25,
      24.12,
      'x',
      true,
      [8],
      '1e1',
      '1.00000',
    ].map((tsh_hours, n) =>
      post(`the hours ${JSON.stringify(tsh_hours)}`, {
        tsh_hours,
        tsh_day: `0${1 + (n % 9)}.0${1 + Math.floor(n / 9)}.2027`,
      }),
    ),
    ...[undefined, null, 0, -1, 999_999, 'x', true, [1], '', 1.5, 2_147_483_648].map((frl_id) =>
      post(`the freelancer ${JSON.stringify(frl_id)}`, { frl_id, prj_id: 999_999 }),
    ),
    ...['0x1', ' 1.0 ', '1e0', '+1'].map((frl_id, n) =>
      post(`the freelancer ${frl_id}`, { frl_id, tsh_day: `0${1 + n}.05.2027` }),
    ),
    ...[undefined, null, 0, 999_999, 'x', true, ''].map((prj_id) =>
      post(`the project ${JSON.stringify(prj_id)}`, { prj_id, frl_id: cast.blocked }),
    ),
    post('a freelancer who is blocked, before a project that is closed', {
      frl_id: cast.blocked,
      prj_id: cast.done,
    }),
    post('a freelancer who is deleted', { frl_id: cast.deleted }),
    ...[cast.done, cast.cancelled, cast.gone].map((prj_id) =>
      post(`project ${prj_id}, which is closed, before too many hours`, { prj_id, tsh_hours: 24 }),
    ),
    post('at the rate of the assignment', { frl_id: cast.assigned }),
    post('everything', {
      tsh_hours: '7,6',
      is_billable: 'N',
      tsh_text: ' x\0 ',
      tsh_stat: 'paid',
      rate_ct: 1,
      pay_id: 1,
      tsh_day: '03.03.2026',
    }),
    ...['Y', 'n', false, 0, '', null].map((is_billable) =>
      post(`billable ${JSON.stringify(is_billable)}`, {
        is_billable,
        tsh_hours: 0.25,
        tsh_day: '04.03.2026',
      }),
    ),
    ...[5, true, [], ['a', 'b'], {}, ''].map((tsh_text) =>
      post(`the text ${JSON.stringify(tsh_text)}`, { tsh_text, tsh_hours: 0.25, tsh_day: '05.03.2026' }),
    ),
    post(
      'as a form',
      `frl_id=${cast.free}&prj_id=${cast.open}&tsh_day=06.03.2026&tsh_hours=1%2C5&tsh_text=F%C3%BCr`,
    ),
    post('a text as long as it gets', { tsh_text: '😀'.repeat(255), tsh_day: '07.03.2026' }),
    post('a text that is too long', { tsh_text: 'x'.repeat(256), tsh_day: '07.03.2026' }),
    post('a text that is too long, on a day that is full', {
      tsh_text: 'x'.repeat(256),
      tsh_day: '07.03.2026',
      tsh_hours: 23.25,
    }),
    post('a day that is full', { tsh_day: '07.03.2026', tsh_hours: 23.25 }),
    post('a day that is just full', { tsh_day: '07.03.2026', tsh_hours: 23 }),
    post('a form of nothing', 'x'),
    post('two hours of the day of what follows', { tsh_hours: 2 }),
    post('the sheet that is worked with', { tsh_text: 'first' }),
    { ...put('without a session', {}), as: 'nobody' },
    { ...put('read only', {}), as: 'guest' },
    { ...act('submit read only', 'submit'), as: 'guest' },
    ...everything('draft', ['approve', 'reject', 'submit']),
    ...everything('submitted', ['submit']),
    remove('delete a submitted one'),
    ...[undefined, {}, { reason: ' ' }, { reason: null }, { reason: [] }].map((body) =>
      act('reject without a reason', 'reject', body),
    ),
    act('reject with what String() cannot make text of', 'reject', { reason: { toString: 1 } }),
    { ...act('reject read only', 'reject', { reason: 'x' }), as: 'guest' },
    act('reject with a reason that is cut in the middle of an emoji', 'reject', {
      reason: ` ${'r'.repeat(199)}😀 tail`,
    }),
    ...['submit', 'approve', 'reject'].map((step) => act(`rejected: ${step}`, step, { reason: 'again' })),
    put('a rejected one starts again, its reason for a text', {}),
    act('submit again', 'submit'),
    { ...act('approve as somebody else', 'approve'), as: 'admin' },
    ...everything('approved', ['submit', 'approve']),
    remove('delete an approved one'),
    act('reject an approved one', 'reject', { reason: 'wrong project' }),
    put('a rejected one with another text', { tsh_text: 'second', tsh_hours: 1.25 }),
    act('submit once more', 'submit', { any: 'thing' }),
    act('reject once more', 'reject', { reason: 'no' }),
    post('so much that the rejected one has no room', { tsh_hours: 21 }),
    remove('delete a draft'),
    post('another one', { tsh_day: '08.03.2026' }),
    act('submit another one', 'submit'),
    act('reject another one', 'reject', { reason: 'gone' }),
    { ...remove('delete read only'), as: 'guest' },
    { ...remove('delete without a session'), as: 'nobody' },
    remove('delete a rejected one'),
    remove('delete it again'),
    put('what is deleted', {}),
    act('submit what is deleted', 'submit'),
    ...['999999', '0', 'abc', '2147483648', '12abc'].flatMap((id) => [
      put(`number ${id}`, { tsh_day: 'x' }, `${LIST}/${id}`),
      act(`submit number ${id}`, 'submit', undefined, `${LIST}/${id}`),
      act(`approve number ${id}`, 'approve', undefined, `${LIST}/${id}`),
      act(`reject number ${id} without a reason`, 'reject', {}, `${LIST}/${id}`),
      act(`reject number ${id}`, 'reject', { reason: 'x' }, `${LIST}/${id}`),
      remove(`delete number ${id}`, `${LIST}/${id}`),
    ]),
  ];
}

/** Reads after each write: the list in several orders, so that ties are seen too. */
export const readsAfterWrites: readonly string[] = [
  NEW,
  `${LIST}?sort=-id&size=5`,
  `${LIST}?month=2026-03&sort=hours&size=5`,
  `${LIST}?q=%C3%BCbergabe&page=999&size=3`,
];
