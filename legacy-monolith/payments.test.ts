import { describe, expect, test } from '@jest/globals';
import { describeOffice, OLD } from './testing/office.ts';

const KEYS =
  'pay_id frl_id frl_name pay_run amount cur pay_stat paid_at ref_txt ext_no imp_id created changed'.split(
    ' ',
  );
const STATES = ['open', 'paid', 'fail'];

type Row = Record<string, string | number | null>;
type Sheet = { tsh_id: number; frl_id: number };

describeOffice('payments', (office) => {
  const list = async (query: string): Promise<{ rows: Row[]; total: number; sum: string }> =>
    (await office.guest.get(`/api/payments?${query}`).expect(200)).body;
  const project = async () =>
    (
      await office.disp
        .post('/api/projects')
        .send({ prj_title: 'Werk', cus_id: 1, date_from: '01.01.1990' })
        .expect(200)
    ).body.prj_id as number;
  const freelancer = async (rate_ct: number) =>
    (await office.disp.post('/api/freelancers').send({ frl_name: 'Lohn, Lena', rate_ct }).expect(200)).body
      .frl_id as number;
  /** An approved sheet; months before 2016 have no seeded ones. */
  const approved = async (body: {
    frl_id: number;
    prj_id: number;
    tsh_day: string;
    tsh_hours: unknown;
  }): Promise<Sheet> => {
    const { tsh_id } = (await office.disp.post('/api/timesheets').send(body).expect(200)).body;
    await office.disp.post(`/api/timesheets/${tsh_id}/submit`).expect(200);
    return (await office.disp.post(`/api/timesheets/${tsh_id}/approve`).expect(200)).body;
  };
  const run = (month: unknown) => office.disp.post('/api/payments/run').send({ month });
  /** The one payment of a month that has only this test's hours. */
  const paymentOf = async (month: string, hours: unknown = 8, rate = 8000) => {
    const [frl_id, prj_id] = [await freelancer(rate), await project()];
    const sheet = await approved({
      frl_id,
      prj_id,
      tsh_day: `07.${month.slice(5)}.${month.slice(0, 4)}`,
      tsh_hours: hours,
    });
    await run(month).expect(200);
    const { rows } = await list(`frl=${frl_id}`);
    expect(rows).toHaveLength(1);
    return { tsh_id: sheet.tsh_id, pay_id: Number(rows[0]!.pay_id), frl_id };
  };

  describe('the run', () => {
    test('makes one payment for each freelancer over what is approved in the month, and writes the timesheets', async () => {
      const [anna, berta, prj_id] = [await freelancer(3333), await freelancer(8000), await project()];
      const add = (frl_id: number, tsh_day: string, tsh_hours: unknown) =>
        approved({ frl_id, prj_id, tsh_day, tsh_hours });
      // each sheet is rounded by itself: 0.25 h at 33.33 is 8.33, twice 16.66
      const two = [await add(anna, '01.06.1995', '0,25'), await add(anna, '30.06.1995', '0,25')];
      const one = await add(berta, '15.06.1995', 8);
      const outside = await add(berta, '01.07.1995', 8);
      const draft = (
        await office.disp
          .post('/api/timesheets')
          .send({ frl_id: berta, prj_id, tsh_day: '16.06.1995', tsh_hours: 1 })
          .expect(200)
      ).body;
      const res = await run('1995-06').expect(200);
      expect(res.text).toBe('{"ok":true,"month":"1995-06","payments":2,"timesheets":3,"sum":"656.66"}');
      const { rows } = await list('run=1995-06&sort=amount');
      expect(rows.map((row) => [row.frl_id, row.amount])).toEqual([
        [anna, '16.66'],
        [berta, '640.00'],
      ]);
      expect(Object.keys(rows[0]!)).toEqual(KEYS);
      expect(rows[0]).toMatchObject({
        frl_name: 'Lohn, Lena',
        pay_run: '1995-06',
        cur: 'EUR',
        pay_stat: 'open',
        paid_at: '',
        ref_txt: 'HONORAR 1995-06',
        ext_no: '',
        imp_id: null,
      });
      // paid, although the bank knows of nothing yet
      for (const { tsh_id, frl_id } of [...two, one])
        expect((await office.guest.get(`/api/timesheets/${tsh_id}`)).body).toMatchObject({
          tsh_stat: 'paid',
          pay_id: rows.find((row) => row.frl_id === frl_id)!.pay_id,
        });
      for (const [{ tsh_id }, stat] of [
        [outside, 'appr'],
        [draft, 'draft'],
      ])
        expect((await office.guest.get(`/api/timesheets/${tsh_id}`)).body).toMatchObject({
          tsh_stat: stat,
          pay_id: null,
        });
      expect(
        await office.count(
          `chg_log WHERE chg_tab = 'payments' AND chg_txt = 'run 1995-06' AND chg_usr = 'disp'`,
        ),
      ).toBe(2);
      expect((await run('06.1995').expect(200)).body).toEqual({
        ok: true,
        month: '1995-06',
        payments: 0,
        timesheets: 0,
        sum: '0.00',
      });
    });

    test('pays what was approved after the first run in a second payment', async () => {
      const { frl_id, prj_id } = await paymentOf('1995-03').then(async (made) => ({
        ...made,
        prj_id: await project(),
      }));
      await approved({ frl_id, prj_id, tsh_day: '08.03.1995', tsh_hours: 1 });
      expect((await run('1995-03').expect(200)).body).toMatchObject({ payments: 1, timesheets: 1 });
      expect((await list(`frl=${frl_id}`)).total).toBe(2);
    });

    test('of two at once one pays and one finds nothing', async () => {
      const [frl_id, prj_id] = [await freelancer(8000), await project()];
      for (let day = 10; day < 20; day++)
        await approved({ frl_id, prj_id, tsh_day: `${day}.04.1995`, tsh_hours: 1 });
      const answers = await Promise.all(Array.from({ length: 4 }, () => run('1995-04').expect(200)));
      expect(answers.map((res) => res.body.timesheets).sort()).toEqual([0, 0, 0, 10]);
      expect((await list(`frl=${frl_id}`)).sum).toBe('800.00');
    });

    test.each([
      [undefined, 'month invalid'],
      ['', 'month invalid'],
      ['1995-13', 'month invalid'],
      ['1995-6', 'month invalid'],
      ['1989-12', 'month invalid'],
      [199506, 'month invalid'],
      ['01.06.1995', 'month invalid'],
      ['2999-01', 'month is not over'],
    ])('refuses %j: %s', async (month, error) => {
      expect((await run(month).expect(400)).body).toEqual({ error });
    });

    test('takes the month that is not over yet, for all that the message says', async () => {
      const now = new Date().toISOString().slice(0, 7);
      expect((await run(now).expect(200)).body.month).toBe(now);
    });
  });

  describe('list', () => {
    test('has rows, total and the sum of all pages, newest first', async () => {
      const res = await office.guest.get('/api/payments?size=3').expect(200);
      expect(Object.keys(res.body)).toEqual(['rows', 'total', 'sum']);
      expect(res.body.total).toBe(await office.count('payments'));
      const cents = Number(await office.value('SELECT SUM(ROUND(amount * 100)) FROM payments'));
      expect(res.body.sum).toBe((cents / 100).toFixed(2));
      const ids = res.body.rows.map((row: Row) => Number(row.pay_id));
      expect(ids).toEqual([...ids].sort((a, b) => b - a));
      expect(ids[0]).toBe(Number(await office.value('SELECT MAX(pay_id) FROM payments')));
      expect(await list('frl=999999')).toEqual({ rows: [], total: 0, sum: '0.00' });
    });

    test.each([
      ['page=0', 'page=1'],
      ['page=2x&size=3', 'page=2&size=3'],
      ['size=abc', 'size=20'],
      ['size=1000', 'size=100'],
      ['sort=nonsense', 'sort=-id'],
      ['stat=X', ''],
      ['stat=paid,open', ''],
      ['run=2026-13', ''],
      ['run=06.2025', 'run=2025-06'],
      ['frl=x', ''],
      ['page=9999', 'page=1000000'],
    ])('%s is the same as %s', async (odd, plain) => {
      expect(await list(odd)).toEqual(await list(plain));
    });

    test('stat, frl and run narrow it down, all together', async () => {
      const { frl_id } = await paymentOf('1996-02');
      expect((await list(`frl=${frl_id}&run=1996-02&stat=open`)).total).toBe(1);
      expect((await list(`frl=${frl_id}&run=1996-02&stat=paid`)).total).toBe(0);
      expect((await list(`frl=${frl_id}&run=1996-03`)).total).toBe(0);
      for (const stat of STATES)
        expect((await list(`stat=${stat}`)).total).toBe(
          await office.count(`payments WHERE pay_stat = '${stat}'`),
        );
      expect((await list('frl=99999999999')).total).toBe(0);
    });

    test.each(['id', 'amount', '-amount', 'run', '-run'])('sort=%s, ties by id downwards', async (sort) => {
      const found = (await list(`sort=${sort}&size=100`)).rows;
      const key = (row: Row) => {
        if (sort.endsWith('amount')) return Number(row.amount);
        return sort === 'id' ? Number(row.pay_id) : String(row.pay_run);
      };
      const sign = sort.startsWith('-') ? -1 : 1;
      const wanted = [...found].sort((a, b) =>
        key(a) === key(b) ? Number(b.pay_id) - Number(a.pay_id) : key(a) < key(b) ? -sign : sign,
      );
      expect(found.map((row) => row.pay_id)).toEqual(wanted.map((row) => row.pay_id));
    });
  });

  test('one has its timesheets by day, and keeps its money when the freelancer is gone', async () => {
    const { pay_id, frl_id, tsh_id } = await paymentOf('1996-05', '1,5', 9999);
    const res = await office.guest.get(`/API/Payments/${pay_id}x/`).expect(200);
    expect(Object.keys(res.body)).toEqual([...KEYS, 'timesheets']);
    expect(res.body).toMatchObject({
      // 149.985, half up
      amount: '149.99',
      timesheets: [
        { tsh_id, prj_id: expect.any(Number), tsh_day: '07.05.1996', tsh_hours: '1.50', rate_ct: 9999 },
      ],
    });
    await office.db.query(`DELETE FROM freelancers WHERE frl_id = ${frl_id}`);
    expect((await office.guest.get(`/api/payments/${pay_id}`).expect(200)).body).toMatchObject({
      frl_id: null,
      frl_name: '',
      amount: '149.99',
      timesheets: [],
    });
    expect((await list('run=1996-05')).rows[0]).toMatchObject({ frl_id: null, frl_name: '' });
  });

  describe('paid', () => {
    test('on a day that is given or now; once', async () => {
      const { pay_id } = await paymentOf('1997-01');
      const paid = (body: object) => office.admin.post(`/api/payments/${pay_id}/paid`).send(body);
      for (const paid_at of ['31.02.2026', '2026-01-01', 5, {}])
        expect((await paid({ paid_at }).expect(400)).body).toEqual({ error: 'paid_at invalid' });
      await office.makeOld(`payments WHERE pay_id = ${pay_id}`);
      const res = await paid({ paid_at: '05.02.1997' }).expect(200);
      expect(res.body).toMatchObject({
        pay_stat: 'paid',
        paid_at: '05.02.1997',
        changed: expect.not.stringMatching(OLD),
      });
      const now = await paymentOf('1997-02');
      const today = await office.admin
        .post(`/api/payments/${now.pay_id}/paid`)
        .send({ paid_at: '' })
        .expect(200);
      expect(today.body.paid_at).toMatch(/^\d\d\.\d\d\.20\d\d$/);
      expect(
        await office.count(`chg_log WHERE chg_tab = 'payments' AND chg_id = ${pay_id} AND chg_txt = 'paid'`),
      ).toBe(1);
    });

    test.each(STATES)('from %s', async (stat) => {
      const { pay_id } = await paymentOf(`1997-${String(STATES.indexOf(stat) + 3).padStart(2, '0')}`);
      await office.db.query(`UPDATE payments SET pay_stat = '${stat}' WHERE pay_id = ${pay_id}`);
      const res = await office.admin.post(`/api/payments/${pay_id}/paid`);
      if (stat === 'open') expect([res.status, res.body.pay_stat]).toEqual([200, 'paid']);
      else expect([res.status, res.body]).toEqual([409, { error: 'not open' }]);
    });
  });

  describe('fail', () => {
    test('opens the timesheets again, and the next run takes them', async () => {
      const { pay_id, tsh_id, frl_id } = await paymentOf('1998-01');
      const fail = (body: object) => office.admin.post(`/api/payments/${pay_id}/fail`).send(body);
      for (const body of [{}, { reason: ' ' }, { reason: null }])
        expect((await fail(body).expect(400)).body).toEqual({ error: 'reason missing' });
      const res = await fail({ reason: `IBAN ${'x'.repeat(200)}` }).expect(200);
      // the reason takes the place of the reference
      expect(res.body).toMatchObject({ pay_stat: 'fail', timesheets: [], paid_at: '' });
      expect(res.body.ref_txt).toHaveLength(140);
      expect((await office.guest.get(`/api/timesheets/${tsh_id}`)).body).toMatchObject({
        tsh_stat: 'appr',
        pay_id: null,
      });
      expect((await run('1998-01').expect(200)).body).toMatchObject({ payments: 1, timesheets: 1 });
      expect((await list(`frl=${frl_id}&sort=id`)).rows.map((row) => row.pay_stat)).toEqual(['fail', 'open']);
    });

    test('a reason is cut by the letters of JavaScript, of which an emoji has two', async () => {
      const { pay_id } = await paymentOf('1998-07');
      const reason = `${'r'.repeat(139)}😀`;
      const res = await office.admin.post(`/api/payments/${pay_id}/fail`).send({ reason }).expect(200);
      expect(res.body.ref_txt).toBe(`${'r'.repeat(139)}\ufffd`);
    });

    test.each(STATES)('from %s', async (stat) => {
      const { pay_id } = await paymentOf(`1998-${String(STATES.indexOf(stat) + 2).padStart(2, '0')}`);
      await office.db.query(`UPDATE payments SET pay_stat = '${stat}' WHERE pay_id = ${pay_id}`);
      const res = await office.admin.post(`/api/payments/${pay_id}/fail`).send({ reason: 'x' });
      if (stat === 'open') expect([res.status, res.body.pay_stat]).toEqual([200, 'fail']);
      else expect([res.status, res.body]).toEqual([409, { error: 'not open' }]);
    });

    test('of paid and failed at once exactly one happens', async () => {
      const { pay_id, tsh_id } = await paymentOf('1998-08');
      const [paid, failed] = await Promise.all([
        office.admin.post(`/api/payments/${pay_id}/paid`),
        office.admin.post(`/api/payments/${pay_id}/fail`).send({ reason: 'x' }),
      ]);
      expect([paid.status, failed.status].sort()).toEqual([200, 409]);
      expect((await office.guest.get(`/api/timesheets/${tsh_id}`)).body.tsh_stat).toBe(
        paid.status === 200 ? 'paid' : 'appr',
      );
    });
  });

  test('odd ids', async () => {
    for (const id of ['999999', '0', '2147483648']) {
      expect((await office.guest.get(`/api/payments/${id}`).expect(404)).body).toEqual({
        error: 'payment not found',
      });
      await office.admin.post(`/api/payments/${id}/paid`).expect(404);
      await office.admin.post(`/api/payments/${id}/fail`).send({ reason: 'x' }).expect(404);
    }
    // `run` is a word for POST only
    for (const res of [
      await office.guest.get('/api/payments/run').expect(500),
      await office.admin.post('/api/payments/x/paid').expect(500),
      await office.admin.post('/api/payments/x/fail').send({ reason: 'x' }).expect(500),
    ])
      expect(res.body).toEqual({ error: 'invalid id' });
  });

  test('dis may run, only adm may say paid and failed, ro nothing', async () => {
    const refused = [
      office.guest.post('/api/payments/run').send({ month: '2000-01' }),
      office.guest.post('/api/payments/1/paid'),
      office.disp.post('/api/payments/1/paid'),
      office.disp.post('/api/payments/1/fail').send({ reason: 'x' }),
    ];
    for (const request of refused) expect((await request.expect(403)).text).toBe('{"error":"no rights"}');
  });
});
