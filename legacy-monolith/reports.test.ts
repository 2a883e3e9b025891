import { expect, test } from '@jest/globals';
import { describeOffice } from './testing/office.ts';

const KEYS = 'cus_id cus_no cus_name projects freelancers hours cost net credits open margin_pct'.split(' ');

type Row = Record<string, string | number>;

describeOffice('reports', (office) => {
  const monthly = async (query: string): Promise<{ month: string; rows: Row[]; totals: Row }> =>
    (await office.guest.get(`/api/reports/monthly?${query}`).expect(200)).body;
  const imported = (records: string[], sum: string) =>
    office.disp
      .post('/api/imports')
      .set('content-type', 'text/plain')
      .send(['00;FIBU;20260701;1', ...records, `99;${records.length};${sum}`, ''].join('\r\n'))
      .expect(200)
      .then((res) => expect(res.body.rec_bad).toBe(0));
  const customer = async (cus_name: string) =>
    (await office.disp.post('/api/customers').send({ cus_name }).expect(200)).body as {
      cus_id: number;
      cus_no: string;
    };
  const hours = async (cus_id: number, frl_id: number, day: string, tsh_hours: number, stat = 'draft') => {
    const { prj_id } = (
      await office.disp.post('/api/projects').send({ prj_title: 'x', cus_id, date_from: day }).expect(200)
    ).body;
    const { tsh_id } = (
      await office.disp.post('/api/timesheets').send({ frl_id, prj_id, tsh_day: day, tsh_hours }).expect(200)
    ).body;
    await office.db.query(`UPDATE timesheets SET tsh_stat = '${stat}' WHERE tsh_id = ${tsh_id}`);
  };

  test('joins hours, invoices and credit notes of a month, customer by customer, in euros as numbers', async () => {
    const [a, b] = [await customer('Berichtswesen B'), await customer('Berichtswesen A')];
    const frl_id = (
      await office.disp.post('/api/freelancers').send({ frl_name: 'x', rate_ct: 3333 }).expect(200)
    ).body.frl_id;
    // drafts count, rejected ones do not, neither does another month
    await hours(a.cus_id, frl_id, '01.05.1999', 0.25);
    await hours(a.cus_id, frl_id, '31.05.1999', 0.25, 'paid');
    await hours(a.cus_id, frl_id, '15.05.1999', 7, 'rej');
    await hours(a.cus_id, frl_id, '01.06.1999', 8);
    await hours(b.cus_id, frl_id, '02.05.1999', 1);
    await imported(
      [
        `10;REP-1;${a.cus_no};;31.05.1999;01.07.1999;100,10;19,02;119,12;O`,
        `10;REP-2;${a.cus_no};;01.05.1999;01.07.1999;50,00;0,00;50,00;B`,
        `10;REP-3;${a.cus_no};;15.05.1999;01.07.1999;999,00;0,00;999,00;S`,
        `10;REP-4;${a.cus_no};;01.04.1999;01.07.1999;7,00;0,00;7,00;T`,
        `40;REP-5;REP-4;20.05.1999;1,50;`,
      ],
      '1.176,62',
    );
    const report = await monthly('month=1999-05');
    expect(Object.keys(report)).toEqual(['month', 'rows', 'totals']);
    expect(Object.keys(report.rows[0]!)).toEqual(KEYS);
    expect(report).toEqual({
      month: '1999-05',
      rows: [
        {
          cus_id: b.cus_id,
          cus_no: b.cus_no,
          cus_name: 'Berichtswesen A',
          projects: 1,
          freelancers: 1,
          hours: 1,
          cost: 33.33,
          net: 0,
          credits: 0,
          open: 0,
          // nothing invoiced is 0, not minus infinity
          margin_pct: 0,
        },
        {
          cus_id: a.cus_id,
          cus_no: a.cus_no,
          cus_name: 'Berichtswesen B',
          projects: 2,
          freelancers: 1,
          hours: 0.5,
          // each sheet rounded by itself
          cost: 16.66,
          net: 150.1,
          credits: 1.5,
          // whatever was not paid at the end of the month, of any month before
          open: 126.12,
          margin_pct: 88.9,
        },
      ],
      totals: {
        projects: 3,
        // one and the same, for two customers
        freelancers: 2,
        hours: 1.5,
        cost: 49.99,
        net: 150.1,
        credits: 1.5,
        open: 126.12,
        margin_pct: 66.7,
      },
    });
    const order = async (sort: string) =>
      (await monthly(`month=1999-05&sort=${sort}`)).rows.map((row) => row.cus_id);
    expect(await order('-cost')).toEqual([b.cus_id, a.cus_id]);
    expect(await order('-net')).toEqual([a.cus_id, b.cus_id]);
    expect(await order('name')).toEqual([b.cus_id, a.cus_id]);
    // what is still open is in every month from then on
    expect((await monthly('month=2000-01')).rows).toMatchObject([
      { cus_id: a.cus_id, hours: 0, open: 126.12 },
    ]);
    expect((await monthly('month=1998-01')).rows).toEqual([]);
  });

  test('a month in either form, without one the last one, anything else is a 400', async () => {
    const [year, month] = new Date().toISOString().split('-').map(Number) as [number, number];
    const before = new Date(Date.UTC(year, month - 2, 1)).toISOString().slice(0, 7);
    expect((await monthly('')).month).toBe(before);
    expect((await monthly('month=')).month).toBe(before);
    expect(await monthly('month=06.2025')).toEqual(await monthly('month=2025-06'));
    expect((await monthly('month=2025-01&month=2025-06')).month).toBe('2025-06');
    for (const odd of ['2025-13', '2025-6', 'x', '1989-12', '13.2025'])
      expect((await office.guest.get(`/api/reports/monthly?month=${odd}`).expect(400)).body).toEqual({
        error: 'month invalid',
      });
  });

  test('reads what is in the tables now, and not what the nightly job counted', async () => {
    const before = await monthly('month=2025-03');
    await office.db.query(
      "INSERT INTO stat_month (sta_month, cus_name, created) VALUES ('2025-03', 'x', '2025-04-01 00:00:00')",
    );
    expect(await monthly('month=2025-03')).toEqual(before);
    await office.db.query('DELETE FROM stat_month');
  });

  test('fits the seeded hours and invoices to the cent', async () => {
    const { totals } = await monthly('month=2025-03');
    const cost = await office.value(
      "SELECT SUM(ROUND(tsh_hours * rate_ct)) FROM timesheets WHERE tsh_day LIKE '2025-03%' AND tsh_stat <> 'rej'",
    );
    expect(Math.round(Number(totals.cost) * 100)).toBe(Number(cost));
    const net = await office.value(
      "SELECT SUM(ROUND(net * 100)) FROM invoices WHERE inv_date LIKE '2025-03%' AND inv_stat <> 'canc' AND cus_id IS NOT NULL",
    );
    expect(Math.round(Number(totals.net) * 100)).toBe(Number(net));
  });
});
