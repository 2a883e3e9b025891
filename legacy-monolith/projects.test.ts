import { describe, expect, test } from '@jest/globals';
import { describeOffice, OLD } from './testing/office.ts';

const LIST_KEYS =
  'prj_id prj_no prj_title cus_id cus_name prj_stat date_from date_to is_remote city heads del_flag'.split(
    ' ',
  );
const DETAIL_KEYS =
  'prj_id prj_no prj_title cus_id cus_name cus_end_id end_name prj_stat date_from date_to budget_ct is_remote city descr del_flag created changed hours freelancers'.split(
    ' ',
  );
const STATES = ['plan', 'open', 'run', 'hold', 'done', 'canc'];
/** What may follow what. */
const WAYS = [
  'plan open',
  'plan canc',
  'open run',
  'open canc',
  'run hold',
  'run done',
  'run canc',
  'hold run',
  'hold canc',
];

type Row = Record<string, string | number | boolean>;

describeOffice('projects', (office) => {
  const list = async (query: string): Promise<{ count: number; items: Row[] }> =>
    (await office.guest.get(`/api/projects?${query}`).expect(200)).body;
  const ids = async (query: string) => (await list(query)).items.map((row) => row.prj_id);
  const create = async (body: object = {}) => {
    const res = await office.disp
      .post('/api/projects')
      .send({ prj_title: 'Projekt', cus_id: 1, date_from: '01.02.2026', ...body })
      .expect(200);
    expect(res.body.error).toBeUndefined();
    return res.body;
  };
  const freelancer = async (body: object = {}) =>
    (
      await office.disp
        .post('/api/freelancers')
        .send({ frl_name: 'Kopf', rate_ct: 8000, ...body })
        .expect(200)
    ).body.frl_id as number;
  const inState = (id: number, stat: string) =>
    office.db.query(`UPDATE projects SET prj_stat = '${stat}' WHERE prj_id = ${id}`);

  describe('list', () => {
    test('has count and items, keys in order, true and false, deleted ones left out', async () => {
      const res = await office.guest.get('/api/projects').expect(200);
      expect(Object.keys(res.body)).toEqual(['count', 'items']);
      expect(res.body.items).toHaveLength(20);
      expect(Object.keys(res.body.items[0])).toEqual(LIST_KEYS);
      expect(res.body.count).toBe(await office.count("projects WHERE del_flag = 'N'"));
      expect((await list('del=all')).count).toBe(await office.count('projects'));
      expect((await list('del=Y')).count).toBe(await office.count("projects WHERE del_flag = 'Y'"));
    });

    test.each([
      ['page=0', 'page=1'],
      ['page=2x', 'page=2'],
      ['size=abc', 'size=20'],
      ['size=1000', 'size=100'],
      ['sort=nonsense', 'sort=title'],
      ['stat=X', ''],
      ['stat=toString', ''],
      ['stat=run,X,done', 'stat=done,run'],
      ['cus=abc', ''],
      ['cus=3x', 'cus=3'],
      ['from=31.02.2020', ''],
      ['to=2020-02-03', ''],
      ['remote=1', ''],
      ['q=%25', ''],
      ['page=9999', 'page=1000000'],
    ])('%s is the same as %s', async (odd, plain) => {
      expect(await list(odd)).toEqual(await list(plain));
    });

    test('a zero date is no end to anybody but from', async () => {
      const { cus_id } = (
        await office.disp.post('/api/customers').send({ cus_name: 'Null Null' }).expect(200)
      ).body;
      const { prj_id } = await create({ cus_id });
      await office.db.query(`UPDATE projects SET date_to = '0000-00-00' WHERE prj_id = ${prj_id}`);
      expect((await list(`cus=${cus_id}`)).items).toMatchObject([{ prj_id, date_to: '' }]);
      expect((await list(`cus=${cus_id}&from=01.01.2014`)).count).toBe(0);
    });

    test('a wildcard that is dropped leaves its spaces, which are searched for', async () => {
      const { prj_id } = await create({ prj_title: 'Jokerbau Nullneun' });
      expect(await ids(`q=${encodeURIComponent('% nullneun')}`)).toEqual([prj_id]);
      for (const q of ['% jokerbau', 'jokerbau _ nullneun'])
        expect(await ids(`q=${encodeURIComponent(q)}`)).toEqual([]);
    });

    test('q finds in title and number, in any case, umlauts as they are written', async () => {
      const { prj_id, prj_no } = await create({ prj_title: 'Straßenbau ÄLTER' });
      for (const q of ['STRAßENBAU', 'älter', 'ßenbau äl', prj_no, prj_no.toLowerCase(), 'str%25aßen'])
        expect([q, await ids(`q=${encodeURI(q).replace('%2525', '%25')}`)]).toEqual([q, [prj_id]]);
      for (const q of ['strassenbau', 'aelter', 'alter äl', 'stra.enbau'])
        expect((await list(`q=${encodeURIComponent(q)}`)).count).toBe(0);
    });

    test('cus finds as customer and as end customer; dates by overlap, no end is open', async () => {
      const { body: customer } = await office.disp
        .post('/api/customers')
        .send({ cus_name: 'Neu' })
        .expect(200);
      const cus = customer.cus_id;
      const own = await create({ cus_id: cus, date_from: '10.01.2030', date_to: '20.01.2030' });
      const end = await create({ cus_end_id: cus, date_from: '15.01.2030', date_to: '' });
      const at = (query: string) => ids(`cus=${cus}&sort=id${query}`);
      expect(await at('')).toEqual([own.prj_id, end.prj_id]);
      expect(await at('&from=21.01.2030')).toEqual([end.prj_id]);
      expect(await at('&from=20.01.2030')).toEqual([own.prj_id, end.prj_id]);
      expect(await at('&to=14.01.2030')).toEqual([own.prj_id]);
      expect(await at('&from=01.01.2030&to=09.01.2030')).toEqual([]);
      expect((await list('cus=99999999999999')).count).toBe(0);
      expect((await list('cus=-5')).count).toBe(0);
    });

    test('remote=true and remote=false part the list', async () => {
      const { prj_id } = await create({ is_remote: 'true' });
      await office.db.query(`UPDATE projects SET is_remote = 2 WHERE prj_id = ${prj_id}`);
      const yes = await list('remote=true&del=all&size=100');
      expect(yes.items.every((row) => row.is_remote === true)).toBe(true);
      expect(yes.items.some((row) => row.prj_id === prj_id)).toBe(true);
      expect(yes.count + (await list('remote=false&del=all')).count).toBe(await office.count('projects'));
    });

    test.each(['title', '-title', 'no', 'from', '-from', 'cus', 'id', '-id'])(
      'sort=%s, ties by id downwards',
      async (sort) => {
        for (const prj_title of ['gleich', 'GLEICH', 'Äther', 'Zug', 'ähnlich']) await create({ prj_title });
        const found: Row[] = [];
        const { count } = await list('del=all');
        for (let page = 1; page <= Math.ceil(count / 50); page++)
          found.push(...(await list(`sort=${sort}&size=50&del=all&page=${page}`)).items);
        const match = new Map(
          (await office.rows<Row>('SELECT cus_id, cus_match FROM customers')).map((row) => [
            row.cus_id,
            row.cus_match!,
          ]),
        );
        // UTF-8 bytes, upper case letter by letter
        const upper = (title: unknown) =>
          Buffer.from([...String(title)].map((c) => (c === 'ß' ? c : c.toUpperCase())).join('')).toString(
            'latin1',
          );
        const iso = (day: unknown) => String(day).split('.').reverse().join('-');
        const key = (row: Row): string | number => {
          if (sort.endsWith('title')) return upper(row.prj_title);
          if (sort === 'no') return String(row.prj_no);
          if (sort.endsWith('from')) return iso(row.date_from);
          return sort === 'cus' ? String(match.get(row.cus_id)) : Number(row.prj_id);
        };
        const sign = sort.startsWith('-') ? -1 : 1;
        const wanted = [...found].sort((a, b) =>
          key(a) === key(b) ? Number(b.prj_id) - Number(a.prj_id) : key(a) < key(b) ? -sign : sign,
        );
        expect(found.map((row) => row.prj_id)).toEqual(wanted.map((row) => row.prj_id));
        expect(new Set(found.map((row) => row.prj_id)).size).toBe(count);
      },
    );
  });

  describe('one', () => {
    test('joins customer, end customer, heads and hours; nothing for what is not there', async () => {
      const { prj_id } = await create({ cus_end_id: 2, date_to: '03.04.2026' });
      const late = await freelancer({ frl_name: 'Zwerg, Zoe' });
      const early = await freelancer({ frl_name: 'Adler, Anna' });
      const path = `/api/projects/${prj_id}/freelancers`;
      await office.disp
        .post(path)
        .send({ frl_id: late, role_txt: 'Dev', date_from: '05.02.2026' })
        .expect(200);
      await office.disp.post(path).send({ frl_id: early, rate_ct: '7500' }).expect(200);
      for (const [day, hours] of [
        ['05.02.2026', '7,5'],
        ['06.02.2026', 0.25],
      ])
        await office.disp
          .post('/api/timesheets')
          .send({ frl_id: late, prj_id, tsh_day: day, tsh_hours: hours })
          .expect(200);
      const res = await office.guest.get(`/API/Projects/${prj_id}x/`).expect(200);
      expect(Object.keys(res.body)).toEqual(DETAIL_KEYS);
      expect(res.body).toMatchObject({
        prj_no: `P${String(prj_id).padStart(7, '0')}`,
        cus_id: 1,
        cus_name: await office.value('SELECT cus_name FROM customers WHERE cus_id = 1'),
        cus_end_id: 2,
        end_name: await office.value('SELECT cus_name FROM customers WHERE cus_id = 2'),
        prj_stat: 'plan',
        date_from: '01.02.2026',
        date_to: '03.04.2026',
        budget_ct: 0,
        is_remote: false,
        city: '',
        descr: '',
        del_flag: 'N',
        hours: '7.75',
        freelancers: [
          { frl_id: early, frl_name: 'Adler, Anna', role_txt: '', rate_ct: 7500, date_from: '', date_to: '' },
          {
            frl_id: late,
            frl_name: 'Zwerg, Zoe',
            role_txt: 'Dev',
            rate_ct: 8000,
            date_from: '05.02.2026',
            date_to: '',
          },
        ],
      });
      const bare = await create();
      expect(bare).toMatchObject({
        cus_end_id: null,
        end_name: '',
        date_to: '',
        hours: '0.00',
        freelancers: [],
      });
    });

    test('odd ids', async () => {
      for (const id of ['999999', '0', '-1', '2147483648'])
        expect((await office.guest.get(`/api/projects/${id}`).expect(404)).body).toEqual({
          error: 'project not found',
        });
      expect((await office.guest.get('/api/projects/x').expect(500)).body).toEqual({ error: 'invalid id' });
    });
  });

  describe('create', () => {
    test('takes every field but the state, which is always plan', async () => {
      expect(
        await create({
          prj_id: 1,
          prj_stat: 'run',
          del_flag: 'Y',
          prj_title: '  Titel ',
          prj_no: ' a-1 ',
          cus_id: '2',
          cus_end_id: 3,
          date_from: '29.02.2028',
          date_to: '01.01.2020',
          budget_ct: '5',
          is_remote: true,
          city: 'Łódź',
          descr: 'a\nb',
        }),
      ).toMatchObject({
        prj_title: 'Titel',
        prj_no: 'A-1',
        prj_stat: 'plan',
        cus_id: 2,
        cus_end_id: 3,
        date_from: '29.02.2028',
        // an end before the start is nobody's business
        date_to: '01.01.2020',
        budget_ct: 5,
        is_remote: true,
        city: 'Łódź',
        descr: 'a\nb',
        del_flag: 'N',
      });
      for (const [given, kept] of [
        ['true', true],
        [1, false],
        ['on', false],
        [null, false],
      ])
        expect((await create({ is_remote: given })).is_remote).toBe(kept);
      // deleted and inactive customers are customers
      await office.db.query("UPDATE customers SET del_flag = 'Y', cus_stat = 'I' WHERE cus_id = 5");
      expect((await create({ cus_id: 5 })).cus_id).toBe(5);
    });

    test.each([
      [{ prj_title: '' }, 'prj_title missing'],
      [{ prj_title: null, cus_id: null }, 'prj_title missing'],
      [{ cus_id: undefined, date_from: null }, 'cus_id missing'],
      [{ cus_id: ' ' }, 'cus_id missing'],
      [{ date_from: '' }, 'date_from missing'],
      [{ budget_ct: -1, cus_id: 999999 }, 'budget_ct invalid'],
      [{ budget_ct: '' }, 'budget_ct invalid'],
      [{ budget_ct: null }, 'budget_ct invalid'],
      [{ cus_id: 999999, date_from: 'x' }, 'customer unknown'],
      [{ cus_id: 'x' }, 'customer unknown'],
      [{ cus_id: 1.5 }, 'customer unknown'],
      [{ cus_end_id: 999999 }, 'customer unknown'],
      [{ cus_end_id: 0 }, 'customer unknown'],
      [{ date_from: '2026-01-01', date_to: 'x' }, 'date_from invalid'],
      [{ date_to: '30.02.2026' }, 'date_to invalid'],
    ])('refuses %j: %s', async (body, error) => {
      const whole = { prj_title: 'a', cus_id: 1, date_from: '01.01.2026', ...body };
      expect((await office.disp.post('/api/projects').send(whole).expect(400)).body).toEqual({ error });
    });

    test('a number that is taken is a 200 with an error, in any case', async () => {
      const { prj_id } = await create({ prj_no: 'taken-1' });
      const whole = { prj_title: 'a', cus_id: 1, date_from: '01.01.2026', prj_no: 'Taken-1' };
      expect((await office.disp.post('/api/projects').send(whole).expect(200)).text).toBe(
        '{"error":"prj_no exists"}',
      );
      const other = await create();
      expect(
        (await office.disp.put(`/api/projects/${other.prj_id}`).send({ prj_no: 'TAKEN-1' }).expect(200)).text,
      ).toBe('{"error":"prj_no exists"}');
      expect(
        (await office.disp.put(`/api/projects/${prj_id}`).send({ prj_no: 'TAKEN-1' }).expect(200)).body
          .prj_no,
      ).toBe('TAKEN-1');
    });

    test('ids of others are what Number() reads, if they are numbers or text', async () => {
      for (const id of ['0x2', ' 2.0 ', '2e0', '+2', '0b10', '.2e1', '20e-1'])
        expect(await create({ cus_id: id, cus_end_id: id })).toMatchObject({ cus_id: 2, cus_end_id: 2 });
      expect(await create({ cus_end_id: [] })).toMatchObject({ cus_end_id: null });
      for (const id of [true, [2], '2,0', '1_0', '-2', '2147483648', 'Infinity', {}])
        for (const key of ['cus_id', 'cus_end_id']) {
          const body = { prj_title: 'a', cus_id: 1, date_from: '01.01.2026', [key]: id };
          expect((await office.disp.post('/api/projects').send(body).expect(400)).body).toEqual({
            error: 'customer unknown',
          });
        }
      const { prj_id } = await create();
      const frl_id = await freelancer();
      const assign = (id: unknown) =>
        office.disp.post(`/api/projects/${prj_id}/freelancers`).send({ frl_id: id });
      for (const id of [`0x${frl_id.toString(16)}`, ` ${frl_id}.0 `, `+${frl_id}`])
        expect((await assign(id).expect(200)).body.freelancers).toMatchObject([{ frl_id }]);
      for (const id of [true, [frl_id]])
        expect((await assign(id).expect(400)).body).toEqual({ error: 'freelancer unknown' });
    });

    test('cents are digits, up to what the column holds', async () => {
      for (const [given, kept] of [
        ['1999999999', 1_999_999_999],
        [' 0002147483647 ', 2_147_483_647],
      ])
        expect((await create({ budget_ct: given })).budget_ct).toBe(kept);
    });

    test('notes and descriptions hold 65,535 bytes, however few letters those are', async () => {
      for (const descr of ['x'.repeat(65_535), 'ü'.repeat(32_767)])
        expect((await create({ descr })).descr).toBe(descr);
      for (const descr of ['x'.repeat(65_536), 'ü'.repeat(33_000)])
        expect(
          (
            await office.disp
              .post('/api/projects')
              .send({ prj_title: 'a', cus_id: 1, date_from: '01.01.2026', descr })
              .expect(500)
          ).text,
        ).toBe('{"error":"database error"}');
    });

    test('what does not fit its column is a database error', async () => {
      for (const body of [
        { prj_title: 'x'.repeat(201) },
        { prj_no: 'x'.repeat(13) },
        { budget_ct: 2147483648 },
        { city: 'x'.repeat(81) },
      ])
        expect(
          (
            await office.disp
              .post('/api/projects')
              .send({ prj_title: 'a', cus_id: 1, date_from: '01.01.2026', ...body })
              .expect(500)
          ).text,
        ).toBe('{"error":"database error"}');
    });
  });

  test('update changes what is sent, never the state, and always touches changed', async () => {
    const { prj_id } = await create({ date_to: '01.03.2026', descr: 'x' });
    const put = (body: object) => office.disp.put(`/api/projects/${prj_id}`).send(body);
    await office.makeOld(`projects WHERE prj_id = ${prj_id}`);
    expect((await put({ prj_stat: 'done', city: 'Köln' }).expect(200)).body).toMatchObject({
      prj_stat: 'plan',
      city: 'Köln',
      descr: 'x',
      changed: expect.not.stringMatching(OLD),
    });
    await office.makeOld(`projects WHERE prj_id = ${prj_id}`);
    expect((await put({}).expect(200)).body.changed).not.toBe(OLD);
    expect((await put({ date_to: null, cus_end_id: '', prj_no: '' }).expect(200)).body).toMatchObject({
      date_to: '',
      cus_end_id: null,
      prj_no: expect.stringMatching(/^P\d{7}$/),
    });
    for (const [body, error] of [
      [{ prj_title: ' ' }, 'prj_title missing'],
      [{ cus_id: '' }, 'customer unknown'],
      [{ cus_id: null }, 'customer unknown'],
      [{ date_from: '' }, 'date_from invalid'],
      [{ date_from: null }, 'date_from invalid'],
      [{ date_to: '1.1.2026' }, 'date_to invalid'],
      [{ budget_ct: 1.5 }, 'budget_ct invalid'],
    ] as const)
      expect((await put(body).expect(400)).body).toEqual({ error });
    expect((await put({ prj_title: 'x'.repeat(201) }).expect(500)).body).toEqual({ error: 'database error' });
    // the title is looked at before the project is
    await office.disp.put('/api/projects/999999').send({ prj_title: '' }).expect(400);
    expect((await office.disp.put('/api/projects/999999').send({}).expect(404)).body).toEqual({
      error: 'project not found',
    });
    await office.disp.put('/api/projects/x').send({}).expect(500);
  });

  describe('state', () => {
    test('goes from every state exactly where it may, each change in the log', async () => {
      const { prj_id } = await create();
      const gone: string[] = [];
      for (const from of STATES) {
        for (const to of STATES) {
          await inState(prj_id, from);
          const res = await office.disp.post(`/api/projects/${prj_id}/state`).send({ prj_stat: to });
          if (res.status === 200) gone.push(`${from} ${to}`);
          else {
            expect(res.status).toBe(409);
            expect(res.body).toEqual({ error: `state ${from} -> ${to} not allowed` });
          }
          expect((await office.guest.get(`/api/projects/${prj_id}`)).body.prj_stat).toBe(
            res.status === 200 ? to : from,
          );
        }
      }
      expect(gone.sort()).toEqual([...WAYS].sort());
      const log = await office.rows(
        `SELECT chg_txt, chg_usr FROM chg_log WHERE chg_tab = 'projects' AND chg_id = ${prj_id}`,
      );
      expect(log.map((row) => row.chg_txt).sort()).toEqual(
        WAYS.map((way) => `state ${way.replace(' ', ' -> ')}`).sort(),
      );
      expect(log.every((row) => row.chg_usr === 'disp')).toBe(true);
    });

    test('of many at once one goes on, the others get a 409 that tells the state they saw', async () => {
      const { prj_id } = await create();
      const answers = await Promise.all(
        Array.from({ length: 6 }, () =>
          office.disp.post(`/api/projects/${prj_id}/state`).send({ prj_stat: 'open' }),
        ),
      );
      expect(answers.map((res) => res.status).sort()).toEqual([200, 409, 409, 409, 409, 409]);
    });

    test('refuses what is no state before it looks for the project', async () => {
      for (const body of [{}, { prj_stat: 'RUN' }, { prj_stat: 'toString' }, { prj_stat: ['run'] }])
        expect((await office.disp.post('/api/projects/999999/state').send(body).expect(400)).body).toEqual({
          error: 'prj_stat invalid',
        });
      await office.disp.post('/api/projects/999999/state').send({ prj_stat: 'run' }).expect(404);
      await office.disp.post('/api/projects/x/state').send({ prj_stat: 'run' }).expect(500);
    });
  });

  describe('assignments', () => {
    test('the same one again is a change of the first; the rate is his own unless given', async () => {
      const { prj_id } = await create();
      const frl_id = await freelancer({ rate_ct: 6100 });
      const assign = async (body: object) =>
        (
          await office.disp
            .post(`/api/projects/${prj_id}/freelancers`)
            .send({ frl_id, ...body })
            .expect(200)
        ).body.freelancers;
      expect(await assign({ role_txt: ' Lead ', date_to: '31.12.2026' })).toEqual([
        { frl_id, frl_name: 'Kopf', role_txt: 'Lead', rate_ct: 6100, date_from: '', date_to: '31.12.2026' },
      ]);
      // what is not sent is emptied
      expect(await assign({ rate_ct: 0, date_from: '01.01.2026' })).toEqual([
        { frl_id, frl_name: 'Kopf', role_txt: '', rate_ct: 0, date_from: '01.01.2026', date_to: '' },
      ]);
      const many = await Promise.all(
        Array.from({ length: 5 }, (_, i) =>
          office.disp.post(`/api/projects/${prj_id}/freelancers`).send({ frl_id, rate_ct: i }).expect(200),
        ),
      );
      expect(many.every((res) => res.body.freelancers.length === 1)).toBe(true);
    });

    test('blocked and deleted freelancers are a 200 with an error, unknown ones a 400', async () => {
      const { prj_id } = await create();
      const blocked = await freelancer({ frl_stat: 'B' });
      const deleted = await freelancer();
      await office.admin.delete(`/api/freelancers/${deleted}`).expect(200);
      const inactive = await freelancer({ frl_stat: 'I' });
      const assign = (body: object, id: number | string = prj_id) =>
        office.disp.post(`/api/projects/${id}/freelancers`).send(body);
      for (const frl_id of [blocked, deleted])
        expect((await assign({ frl_id }).expect(200)).text).toBe('{"error":"freelancer blocked"}');
      await assign({ frl_id: String(inactive) }).expect(200);
      for (const frl_id of [undefined, 999999, 'x', 0, 1.5, `${inactive}x`])
        expect((await assign({ frl_id }).expect(400)).body).toEqual({ error: 'freelancer unknown' });
      for (const [body, error] of [
        [{ rate_ct: 'x', date_from: 'x' }, 'rate_ct invalid'],
        [{ rate_ct: null }, 'rate_ct invalid'],
        [{ date_from: '' }, 'date_from invalid'],
        [{ date_to: '31.06.2026' }, 'date_to invalid'],
      ] as const)
        expect((await assign({ frl_id: inactive, ...body }).expect(400)).body).toEqual({ error });
      expect((await assign({ frl_id: inactive, role_txt: 'x'.repeat(81) }).expect(500)).body).toEqual({
        error: 'database error',
      });
      expect((await assign({ frl_id: inactive }, 999999).expect(404)).body).toEqual({
        error: 'project not found',
      });
      await assign({ frl_id: inactive }, 'x').expect(500);
    });

    test('taken off once, the second time is a 404; hours that were worked stay', async () => {
      const { prj_id } = await create();
      const frl_id = await freelancer();
      await office.disp.post(`/api/projects/${prj_id}/freelancers`).send({ frl_id }).expect(200);
      await office.disp
        .post('/api/timesheets')
        .send({ frl_id, prj_id, tsh_day: '02.02.2026', tsh_hours: 8 })
        .expect(200);
      const gone = await office.disp.delete(`/api/projects/${prj_id}/freelancers/${frl_id}`).expect(200);
      expect(gone.body).toMatchObject({ freelancers: [], hours: '8.00' });
      for (const path of [
        `${prj_id}/freelancers/${frl_id}`,
        `999999/freelancers/${frl_id}`,
        `${prj_id}/freelancers/0`,
      ])
        expect((await office.disp.delete(`/api/projects/${path}`).expect(404)).body.error).toBe(
          'assignment not found',
        );
      expect((await office.disp.delete(`/api/projects/0/freelancers/1`).expect(404)).body.error).toBe(
        'project not found',
      );
      for (const path of ['x/freelancers/1', '1/freelancers/x'])
        expect((await office.disp.delete(`/api/projects/${path}`).expect(500)).body.error).toBe('invalid id');
    });
  });

  describe('delete', () => {
    test('really deletes: hours and assignments go with it, invoices stay without it', async () => {
      const { prj_id, prj_no } = await create();
      const frl_id = await freelancer();
      await office.disp.post(`/api/projects/${prj_id}/freelancers`).send({ frl_id }).expect(200);
      await office.disp
        .post('/api/timesheets')
        .send({ frl_id, prj_id, tsh_day: '02.02.2026', tsh_hours: 8 })
        .expect(200);
      await office.disp
        .post('/api/imports')
        .set('content-type', 'text/plain')
        .send(
          `00;FIBU;20260701;1\r\n10;PRJDEL;C0000001;${prj_no};01.06.2026;01.07.2026;1,00;0,00;1,00;O\r\n99;1;1,00\r\n`,
        )
        .expect(200);
      expect((await office.admin.delete(`/api/projects/${prj_id}`).expect(200)).text).toBe('{"ok":true}');
      await office.guest.get(`/api/projects/${prj_id}`).expect(404);
      expect(await office.count(`timesheets WHERE prj_id = ${prj_id}`)).toBe(0);
      expect(await office.count(`project_freelancers WHERE prj_id = ${prj_id}`)).toBe(0);
      expect(await office.count("invoices WHERE inv_no = 'PRJDEL' AND cus_id = 1 AND prj_id IS NULL")).toBe(
        1,
      );
      expect(
        await office.count(
          `chg_log WHERE chg_tab = 'projects' AND chg_id = ${prj_id} AND chg_txt = 'deleted'`,
        ),
      ).toBe(1);
      expect((await office.admin.delete(`/api/projects/${prj_id}`).expect(404)).body).toEqual({
        error: 'project not found',
      });
      await office.admin.delete('/api/projects/x').expect(500);
    });

    test('is refused while a timesheet of it is paid', async () => {
      const prj_id = await office.value("SELECT prj_id FROM timesheets WHERE tsh_stat = 'paid' LIMIT 1");
      expect((await office.admin.delete(`/api/projects/${prj_id}`).expect(409)).body).toEqual({
        error: 'project has paid timesheets',
      });
    });
  });

  describe('while somebody deletes', () => {
    const customer = async () =>
      (await office.disp.post('/api/customers').send({ cus_name: 'Bald weg' }).expect(200)).body
        .cus_id as number;
    const goneCustomer = (id: number) => office.admin.delete(`/api/customers/${id}?hard=1`).expect(200);
    const goneProject = (id: number) => office.admin.delete(`/api/projects/${id}`).expect(200);
    const whole = (cus_id: number) => ({ prj_title: 'Wettlauf', cus_id, date_from: '01.02.2026' });

    test('the customer of a new project, it is unknown', async () => {
      const cus_id = await customer();
      office.meanwhile('before', () => goneCustomer(cus_id));
      const res = await office.disp.post('/api/projects').send(whole(cus_id));
      expect([res.status, res.body]).toEqual([400, { error: 'customer unknown' }]);
      expect(await office.count("projects WHERE prj_title = 'Wettlauf'")).toBe(0);
    });

    test.each(['cus_id', 'cus_end_id'])('the %s that a project is given, it is unknown', async (key) => {
      const { prj_id } = await create();
      const cus_id = await customer();
      office.db.models.Project!.addHook('beforeBulkUpdate', 'between', async () => {
        office.db.models.Project!.removeHook('beforeBulkUpdate', 'between');
        await goneCustomer(cus_id);
      });
      const res = await office.disp.put(`/api/projects/${prj_id}`).send({ [key]: cus_id });
      expect([res.status, res.body]).toEqual([400, { error: 'customer unknown' }]);
    });

    test('the project itself, it is not found', async () => {
      const NOT_FOUND = { error: 'project not found' };
      const { prj_id } = await create();
      const frl_id = await freelancer();
      office.meanwhile('before', () => goneProject(prj_id));
      const assigned = await office.disp.post(`/api/projects/${prj_id}/freelancers`).send({ frl_id });
      expect([assigned.status, assigned.body]).toEqual([404, NOT_FOUND]);
      office.meanwhile('after', async () =>
        goneProject(await office.value<number>('SELECT MAX(prj_id) FROM projects')),
      );
      const made = await office.disp.post('/api/projects').send(whole(1));
      expect([made.status, made.body]).toEqual([404, NOT_FOUND]);
    });
  });

  test('ro may not write, only adm may delete', async () => {
    const refused = [
      office.guest.post('/api/projects').send({}),
      office.guest.put('/api/projects/1').send({}),
      office.guest.post('/api/projects/1/state').send({ prj_stat: 'run' }),
      office.guest.post('/api/projects/1/freelancers').send({}),
      office.guest.delete('/api/projects/1/freelancers/1'),
      office.guest.delete('/api/projects/1'),
      office.disp.delete('/api/projects/1'),
    ];
    for (const request of refused) expect((await request.expect(403)).text).toBe('{"error":"no rights"}');
  });
});
