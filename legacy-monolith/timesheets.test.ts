import { describe, expect, test } from '@jest/globals';
import { describeOffice, OLD } from './testing/office.ts';

const KEYS =
  'tsh_id frl_id frl_name prj_id prj_title tsh_day tsh_hours tsh_stat rate_ct is_billable tsh_text appr_usr_id appr_at pay_id created changed'.split(
    ' ',
  );
const STATES = ['draft', 'subm', 'appr', 'rej', 'paid'];

type Row = Record<string, string | number | null>;

describeOffice('timesheets', (office) => {
  const list = async (query: string): Promise<{ rows: Row[]; total: number }> => {
    const res = await office.guest.get(`/api/timesheets?${query}`).expect(200);
    return { rows: res.body, total: Number(res.headers['x-total-count']) };
  };
  const freelancer = async (body: object = {}) =>
    (
      await office.disp
        .post('/api/freelancers')
        .send({ frl_name: 'Fleiß', rate_ct: 8000, ...body })
        .expect(200)
    ).body.frl_id as number;
  const project = async () =>
    (
      await office.disp
        .post('/api/projects')
        .send({ prj_title: 'Werk', cus_id: 1, date_from: '01.01.2026' })
        .expect(200)
    ).body.prj_id as number;
  /** A sheet of a freelancer and a project that no other test knows. */
  const sheet = async (body: object = {}) => {
    const whole = {
      frl_id: await freelancer(),
      prj_id: await project(),
      tsh_day: '02.03.2026',
      tsh_hours: 8,
    };
    const res = await office.disp
      .post('/api/timesheets')
      .send({ ...whole, ...body })
      .expect(200);
    expect(res.body.error).toBeUndefined();
    return res.body;
  };
  const inState = (id: number, stat: string) =>
    office.db.query(`UPDATE timesheets SET tsh_stat = '${stat}' WHERE tsh_id = ${id}`);
  const say = (id: number | string, what: string, body: object = {}) =>
    office.disp.post(`/api/timesheets/${id}/${what}`).send(body);

  describe('list', () => {
    test('is a bare array with all fields, the total in a header', async () => {
      const res = await office.guest.get('/api/timesheets').expect(200);
      expect(res.body).toHaveLength(20);
      expect(Object.keys(res.body[0])).toEqual(KEYS);
      expect(Number(res.headers['x-total-count'])).toBe(await office.count('timesheets'));
    });

    test.each([
      ['page=0', 'page=1'],
      ['page=2x&size=3', 'page=2&size=3'],
      ['size=-1', 'size=20'],
      ['size=1000', 'size=100'],
      ['sort=nonsense', 'sort=day'],
      ['frl=abc', ''],
      ['frl=1x', 'frl=1'],
      ['month=2026-13', ''],
      ['month=2026-6', ''],
      ['month=06.2025', 'month=2025-06'],
      ['from=2026-01-01', ''],
      ['to=31.02.2026', ''],
      ['stat=X', ''],
      ['stat=paid,X', 'stat=paid'],
      ['q=%25_', ''],
      ['page=99999', 'page=1000000'],
    ])('%s is the same as %s', async (odd, plain) => {
      expect(await list(odd)).toEqual(await list(plain));
    });

    test('frl, prj, month, from, to, stat and q narrow it down, all together', async () => {
      const made = await sheet({ tsh_day: '31.03.2026', tsh_text: 'Übergabe an „Süd“' });
      const { frl_id, prj_id } = made;
      for (const [tsh_day, tsh_text] of [
        ['01.03.2026', 'Meeting'],
        ['01.04.2026', ''],
      ])
        await office.disp
          .post('/api/timesheets')
          .send({ frl_id, prj_id, tsh_day, tsh_hours: 1, tsh_text })
          .expect(200);
      const of = async (query: string) =>
        (await list(`frl=${frl_id}&prj=${prj_id}&${query}`)).rows.map((row) => row.tsh_day);
      expect(await of('')).toEqual(['01.03.2026', '31.03.2026', '01.04.2026']);
      expect(await of('month=2026-03')).toEqual(['01.03.2026', '31.03.2026']);
      expect(await of('from=31.03.2026')).toEqual(['31.03.2026', '01.04.2026']);
      expect(await of('to=30.03.2026')).toEqual(['01.03.2026']);
      expect(await of('from=02.03.2026&to=31.03.2026&stat=draft,paid&q=SÜD')).toEqual(['31.03.2026']);
      for (const q of ['übergabe', 'ÜBER%25gabe', '„süd“'])
        expect([q, await of(`q=${encodeURI(q).replace('%2525', '%25')}`)]).toEqual([q, ['31.03.2026']]);
      // sharp and plain letters are letters of their own here
      for (const q of ['ubergabe', 'uebergabe']) expect(await of(`q=${q}`)).toEqual([]);
      expect(await of('stat=appr')).toEqual([]);
      expect((await list('frl=99999999999')).total).toBe(0);
      expect((await list('prj=-4')).total).toBe(0);
    });

    test('a wildcard that is dropped leaves its spaces, which are searched for', async () => {
      const { tsh_id } = await sheet({ tsh_text: 'Jokertag nullelf' });
      const of = async (q: string) =>
        (await list(`q=${encodeURIComponent(q)}`)).rows.map((row) => row.tsh_id);
      expect(await of('% nullelf')).toEqual([tsh_id]);
      for (const q of ['% jokertag', 'jokertag _ nullelf']) expect(await of(q)).toEqual([]);
    });

    test.each(['day', '-day', 'hours', '-hours', 'id', '-id'])(
      'sort=%s, ties by id downwards',
      async (sort) => {
        const found: Row[] = [];
        for (let page = 1; page <= 4; page++)
          found.push(...(await list(`sort=${sort}&size=100&page=${page}`)).rows);
        const key = (row: Row) => {
          if (sort.endsWith('day')) return String(row.tsh_day).split('.').reverse().join('-');
          return sort.endsWith('hours') ? Number(row.tsh_hours) : Number(row.tsh_id);
        };
        const sign = sort.startsWith('-') ? -1 : 1;
        const wanted = [...found].sort((a, b) =>
          key(a) === key(b) ? Number(b.tsh_id) - Number(a.tsh_id) : key(a) < key(b) ? -sign : sign,
        );
        expect(found.map((row) => row.tsh_id)).toEqual(wanted.map((row) => row.tsh_id));
        expect(new Set(found.map((row) => row.tsh_id)).size).toBe(400);
      },
    );
  });

  describe('create', () => {
    test('makes a draft; hours in quarters with comma or point, Y and N for billable', async () => {
      const made = await sheet({
        tsh_stat: 'paid',
        rate_ct: 1,
        pay_id: 1,
        tsh_hours: '7,6',
        is_billable: 'N',
        tsh_text: ' x ',
      });
      expect(Object.keys(made)).toEqual(KEYS);
      expect(made).toMatchObject({
        frl_name: 'Fleiß',
        prj_title: 'Werk',
        tsh_day: '02.03.2026',
        tsh_hours: '7.50',
        tsh_stat: 'draft',
        rate_ct: 8000,
        is_billable: 'N',
        tsh_text: 'x',
        appr_usr_id: null,
        appr_at: '',
        pay_id: null,
      });
      for (const billable of ['Y', 'n', false, 0, '', null])
        expect((await sheet({ is_billable: billable })).is_billable).toBe('Y');
      for (const [given, kept] of [
        [24, '24.00'],
        ['0.125', '0.25'],
        [' 8.374 ', '8.25'],
        ['8,375', '8.50'],
        ['024', '24.00'],
      ])
        expect((await sheet({ tsh_hours: given })).tsh_hours).toBe(kept);
    });

    test.each([
      [{ frl_id: 999999, tsh_day: '' }, 'tsh_day missing'],
      [{ tsh_day: undefined }, 'tsh_day missing'],
      [{ tsh_day: '2026-03-02', tsh_hours: 'x' }, 'tsh_day invalid'],
      [{ tsh_hours: null }, 'tsh_hours missing'],
      [{ tsh_hours: 0 }, 'tsh_hours invalid'],
      [{ tsh_hours: '0,12' }, 'tsh_hours invalid'],
      [{ tsh_hours: 24.25 }, 'tsh_hours invalid'],
      [{ tsh_hours: '1e1' }, 'tsh_hours invalid'],
      [{ tsh_hours: '-8' }, 'tsh_hours invalid'],
      [{ tsh_hours: '8:30' }, 'tsh_hours invalid'],
      [{ frl_id: undefined, prj_id: undefined }, 'freelancer unknown'],
      [{ frl_id: 999999, prj_id: 999999 }, 'freelancer unknown'],
      [{ frl_id: '1x' }, 'freelancer unknown'],
      [{ prj_id: 999999 }, 'project unknown'],
      [{ prj_id: null }, 'project unknown'],
    ])('refuses %j: %s', async (body, error) => {
      const whole = { frl_id: 1, prj_id: 1, tsh_day: '02.03.2026', tsh_hours: 8, ...body };
      expect((await office.disp.post('/api/timesheets').send(whole).expect(400)).body).toEqual({ error });
    });

    test('ids of others are what Number() reads, if they are numbers or text', async () => {
      const frl_id = await freelancer();
      const prj_id = await project();
      for (const as of [
        (n: number) => `0x${n.toString(16)}`,
        (n: number) => ` ${n}.0 `,
        (n: number) => `${n}e0`,
      ])
        expect(await sheet({ frl_id: as(frl_id), prj_id: as(prj_id), tsh_hours: 1 })).toMatchObject({
          frl_id,
          prj_id,
        });
      for (const [body, error] of [
        [{ frl_id: true }, 'freelancer unknown'],
        [{ frl_id: [frl_id] }, 'freelancer unknown'],
        [{ prj_id: true }, 'project unknown'],
        [{ prj_id: [prj_id] }, 'project unknown'],
      ] as const) {
        const whole = { frl_id, prj_id, tsh_day: '02.03.2026', tsh_hours: 1, ...body };
        expect((await office.disp.post('/api/timesheets').send(whole).expect(400)).body).toEqual({ error });
      }
    });

    test('for a blocked freelancer or a closed project it is a 200 with an error', async () => {
      const prj_id = await project();
      const frl_id = await freelancer();
      const send = async (body: object) =>
        (
          await office.disp
            .post('/api/timesheets')
            .send({ frl_id, prj_id, tsh_day: '02.03.2026', tsh_hours: 1, ...body })
            .expect(200)
        ).body.error;
      expect(await send({ frl_id: await freelancer({ frl_stat: 'B' }) })).toBe('freelancer blocked');
      const deleted = await freelancer();
      await office.admin.delete(`/api/freelancers/${deleted}`).expect(200);
      expect(await send({ frl_id: deleted })).toBe('freelancer blocked');
      for (const stat of ['done', 'canc', 'plan', 'open', 'run', 'hold']) {
        await office.db.query(`UPDATE projects SET prj_stat = '${stat}' WHERE prj_id = ${prj_id}`);
        expect([stat, await send({})]).toEqual([
          stat,
          stat === 'done' || stat === 'canc' ? 'project closed' : undefined,
        ]);
      }
      await office.db.query(`UPDATE projects SET del_flag = 'Y' WHERE prj_id = ${prj_id}`);
      expect(await send({})).toBe('project closed');
    });

    test('the rate is that of the assignment, without one his own, and stays what it was', async () => {
      const frl_id = await freelancer({ rate_ct: 5000 });
      const prj_id = await project();
      const make = async (tsh_day: string) =>
        (
          await office.disp
            .post('/api/timesheets')
            .send({ frl_id, prj_id, tsh_day, tsh_hours: 1 })
            .expect(200)
        ).body;
      const own = await make('02.03.2026');
      expect(own.rate_ct).toBe(5000);
      await office.disp
        .post(`/api/projects/${prj_id}/freelancers`)
        .send({ frl_id, rate_ct: 7000 })
        .expect(200);
      expect((await make('03.03.2026')).rate_ct).toBe(7000);
      await office.disp.put(`/api/timesheets/${own.tsh_id}`).send({ tsh_hours: 2 }).expect(200);
      expect((await office.guest.get(`/api/timesheets/${own.tsh_id}`)).body.rate_ct).toBe(5000);
    });

    test('a day has 24 hours over all projects, rejected ones left out, also for many at once', async () => {
      const frl_id = await freelancer();
      const prj_id = await project();
      const add = (tsh_hours: unknown, body: object = {}) =>
        office.disp
          .post('/api/timesheets')
          .send({ frl_id, prj_id, tsh_day: '02.03.2026', tsh_hours, ...body });
      const first = (await add(20).expect(200)).body;
      await add(4, { prj_id: await project() }).expect(200);
      expect((await add('0,25').expect(400)).body).toEqual({ error: 'more than 24 hours' });
      await add(24, { tsh_day: '03.03.2026' }).expect(200);
      await inState(first.tsh_id, 'rej');
      const answers = await Promise.all(Array.from({ length: 6 }, () => add(8)));
      expect(answers.map((res) => res.status).sort()).toEqual([200, 200, 400, 400, 400, 400]);
    });

    test('while somebody deletes the project it is unknown, and gone with it a moment later', async () => {
      const frl_id = await freelancer();
      const on = (prj_id: number) =>
        office.disp.post('/api/timesheets').send({ frl_id, prj_id, tsh_day: '02.03.2026', tsh_hours: 1 });
      const gone = (prj_id: number) => office.admin.delete(`/api/projects/${prj_id}`).expect(200);
      const first = await project();
      // SQLite lets nobody in between once the transaction has begun
      if (office.kind.name === 'SQLite') office.meanwhile('before', () => gone(first));
      else
        office.db.models.Timesheet!.addHook('beforeCreate', 'between', async () => {
          office.db.models.Timesheet!.removeHook('beforeCreate', 'between');
          await gone(first);
        });
      const early = await on(first);
      expect([early.status, early.body]).toEqual([400, { error: 'project unknown' }]);
      const second = await project();
      office.meanwhile('after', () => gone(second));
      const late = await on(second);
      expect([late.status, late.body]).toEqual([404, { error: 'timesheet not found' }]);
    });

    test('a text too long for its column is a database error', async () => {
      const body = { frl_id: 1, prj_id: await project(), tsh_day: '02.03.2001', tsh_hours: 1 };
      const frl_id = await freelancer();
      const res = await office.disp
        .post('/api/timesheets')
        .send({ ...body, frl_id, tsh_text: 'x'.repeat(256) })
        .expect(500);
      expect(res.body).toEqual({ error: 'database error' });
    });
  });

  describe('update', () => {
    test('changes day, hours, text and billable, nothing else', async () => {
      const made = await sheet();
      await office.makeOld(`timesheets WHERE tsh_id = ${made.tsh_id}`);
      const res = await office.disp
        .put(`/api/timesheets/${made.tsh_id}`)
        .send({
          tsh_day: '29.02.2028',
          tsh_hours: '1,5',
          tsh_text: 'neu',
          is_billable: 'N',
          frl_id: 1,
          tsh_stat: 'paid',
        })
        .expect(200);
      expect(res.body).toEqual({
        ...made,
        tsh_day: '29.02.2028',
        tsh_hours: '1.50',
        tsh_text: 'neu',
        is_billable: 'N',
        changed: expect.not.stringMatching(OLD),
      });
      await office.makeOld(`timesheets WHERE tsh_id = ${made.tsh_id}`);
      expect(
        (await office.disp.put(`/api/timesheets/${made.tsh_id}`).send({}).expect(200)).body.changed,
      ).not.toBe(OLD);
      for (const [body, error] of [
        [{ tsh_day: '' }, 'tsh_day invalid'],
        [{ tsh_day: null }, 'tsh_day invalid'],
        [{ tsh_hours: '' }, 'tsh_hours invalid'],
        [{ tsh_hours: 25 }, 'tsh_hours invalid'],
      ] as const)
        expect((await office.disp.put(`/api/timesheets/${made.tsh_id}`).send(body).expect(400)).body).toEqual(
          { error },
        );
      expect(
        (
          await office.disp
            .put(`/api/timesheets/${made.tsh_id}`)
            .send({ tsh_text: 'x'.repeat(256) })
            .expect(500)
        ).body,
      ).toEqual({ error: 'database error' });
    });

    test.each(STATES)('of one that is %s', async (stat) => {
      const { tsh_id } = await sheet();
      await inState(tsh_id, stat);
      const res = await office.disp.put(`/api/timesheets/${tsh_id}`).send({ tsh_text: 'x' });
      if (stat === 'appr' || stat === 'paid') {
        expect([res.status, res.body]).toEqual([400, { error: 'wrong state' }]);
      } else {
        expect(res.status).toBe(200);
        // a rejected one is a draft again
        expect(res.body.tsh_stat).toBe(stat === 'rej' ? 'draft' : stat);
      }
      // and nobody reads of it in the log
      expect(await office.count(`chg_log WHERE chg_tab = 'timesheets' AND chg_id = ${tsh_id}`)).toBe(0);
    });

    test('may not make the day longer than 24 hours, also when two do at once', async () => {
      for (let round = 0; round < 8; round++) {
        const frl_id = await freelancer();
        const sheets = [await sheet({ frl_id, tsh_hours: 4 }), await sheet({ frl_id, tsh_hours: 4 })];
        const answers = await Promise.all(
          sheets.map(({ tsh_id }) => office.disp.put(`/api/timesheets/${tsh_id}`).send({ tsh_hours: 16 })),
        );
        expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
      }
    });

    test('may not make the day longer than 24 hours', async () => {
      const { tsh_id, frl_id, prj_id } = await sheet({ tsh_hours: 10 });
      await office.disp
        .post('/api/timesheets')
        .send({ frl_id, prj_id, tsh_day: '03.03.2026', tsh_hours: 20 })
        .expect(200);
      const put = (body: object) => office.disp.put(`/api/timesheets/${tsh_id}`).send(body);
      await put({ tsh_hours: 24 }).expect(200);
      expect((await put({ tsh_day: '03.03.2026' }).expect(400)).body).toEqual({
        error: 'more than 24 hours',
      });
      await put({ tsh_day: '03.03.2026', tsh_hours: 4 }).expect(200);
    });
  });

  describe('states', () => {
    const WAYS: Record<string, { from: string[]; to: string }> = {
      submit: { from: ['draft'], to: 'subm' },
      approve: { from: ['subm'], to: 'appr' },
      reject: { from: ['subm', 'appr'], to: 'rej' },
    };
    test.each(Object.keys(WAYS))('%s from every state', async (what) => {
      const { tsh_id } = await sheet({ tsh_text: 'vorher' });
      const { from, to } = WAYS[what]!;
      for (const stat of STATES) {
        await inState(tsh_id, stat);
        const res = await say(tsh_id, what, { reason: 'falscher Tag' });
        if (from.includes(stat)) {
          expect([stat, res.status, res.body.tsh_stat]).toEqual([stat, 200, to]);
          if (what === 'approve') {
            expect(res.body.appr_usr_id).toBe(2);
            expect(res.body.appr_at).toMatch(/^\d\d\.\d\d\.\d{4} \d\d:\d\d$/);
          } else expect(res.body).toMatchObject({ appr_usr_id: null, appr_at: '' });
          // the reason takes the place of the text
          expect(res.body.tsh_text).toBe(what === 'reject' ? 'falscher Tag' : 'vorher');
        } else expect([stat, res.status, res.body]).toEqual([stat, 400, { error: 'wrong state' }]);
      }
      const log = await office.rows(
        `SELECT chg_txt FROM chg_log WHERE chg_tab = 'timesheets' AND chg_id = ${tsh_id}`,
      );
      expect(log.map((row) => row.chg_txt)).toEqual(
        from.map(() => (what === 'reject' ? 'rej: falscher Tag' : to)),
      );
    });

    test('reject needs a reason, of which 200 letters are kept', async () => {
      const { tsh_id } = await sheet();
      for (const body of [{}, { reason: ' ' }, { reason: null }])
        expect((await say(tsh_id, 'reject', body).expect(400)).body).toEqual({ error: 'reason missing' });
      await say(tsh_id, 'submit').expect(200);
      expect(
        (await say(tsh_id, 'reject', { reason: 'r'.repeat(300) }).expect(200)).body.tsh_text,
      ).toHaveLength(200);
      // asked for the reason before anything else
      expect((await say('x', 'reject').expect(400)).body).toEqual({ error: 'reason missing' });
    });

    test('a reason is cut by the letters of JavaScript, of which an emoji has two', async () => {
      const { tsh_id } = await sheet();
      await say(tsh_id, 'submit').expect(200);
      const res = await say(tsh_id, 'reject', { reason: `${'r'.repeat(199)}😀 und mehr` }).expect(200);
      expect(res.body.tsh_text).toBe(`${'r'.repeat(199)}\ufffd`);
    });

    test('of many approvals at once one goes through', async () => {
      const { tsh_id } = await sheet();
      await say(tsh_id, 'submit').expect(200);
      const answers = await Promise.all(Array.from({ length: 6 }, () => say(tsh_id, 'approve')));
      expect(answers.map((res) => res.status).sort()).toEqual([200, 400, 400, 400, 400, 400]);
      expect(
        await office.count(
          `chg_log WHERE chg_tab = 'timesheets' AND chg_id = ${tsh_id} AND chg_txt = 'appr'`,
        ),
      ).toBe(1);
    });

    test('odd ids', async () => {
      for (const what of ['submit', 'approve', 'reject']) {
        expect((await say(999999, what, { reason: 'x' }).expect(404)).body).toEqual({
          error: 'timesheet not found',
        });
        expect((await say('x', what, { reason: 'x' }).expect(500)).body).toEqual({ error: 'invalid id' });
      }
      for (const id of ['999999', '0', '2147483648']) {
        await office.guest.get(`/api/timesheets/${id}`).expect(404);
        await office.disp.put(`/api/timesheets/${id}`).send({}).expect(404);
        await office.disp.delete(`/api/timesheets/${id}`).expect(404);
      }
      await office.guest.get('/api/timesheets/x').expect(500);
      await office.disp.put('/api/timesheets/x').send({}).expect(500);
      await office.disp.delete('/api/timesheets/x').expect(500);
      expect((await office.guest.get('/API/TIMESHEETS/1x/').expect(200)).body.tsh_id).toBe(1);
    });
  });

  test.each(STATES)('delete really deletes, but not every state: %s', async (stat) => {
    const { tsh_id } = await sheet();
    await inState(tsh_id, stat);
    const res = await office.disp.delete(`/api/timesheets/${tsh_id}`);
    if (stat === 'draft' || stat === 'rej') {
      expect([res.status, res.text]).toEqual([200, '{"ok":true}']);
      await office.disp.delete(`/api/timesheets/${tsh_id}`).expect(404);
      // nothing in the log tells of it
      expect(await office.count(`chg_log WHERE chg_tab = 'timesheets' AND chg_id = ${tsh_id}`)).toBe(0);
    } else {
      expect([res.status, res.body]).toEqual([409, { error: 'wrong state' }]);
      await office.guest.get(`/api/timesheets/${tsh_id}`).expect(200);
    }
  });

  test('ro may not write', async () => {
    const refused = [
      office.guest.post('/api/timesheets').send({}),
      office.guest.put('/api/timesheets/1').send({}),
      office.guest.delete('/api/timesheets/1'),
      office.guest.post('/api/timesheets/1/submit'),
      office.guest.post('/api/timesheets/1/approve'),
      office.guest.post('/api/timesheets/1/reject'),
    ];
    for (const request of refused) expect((await request.expect(403)).text).toBe('{"error":"no rights"}');
  });
});
