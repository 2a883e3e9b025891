import { describe, expect, test } from '@jest/globals';
import { describeOffice, OLD } from './testing/office.ts';

const LIST_KEYS =
  'cus_id cus_no cus_name cus_short cus_stat city country is_vip parent_name prj_cnt del_flag'.split(' ');
const DETAIL_KEYS =
  'cus_id cus_no cus_name cus_match cus_short fibu_name cus_parent_id parent_name cus_stat cus_email cus_phone vat_id street zip city country pay_days disc_pct is_vip del_flag created changed'.split(
    ' ',
  );

type Row = Record<string, string | number>;

describeOffice('customers', (office) => {
  const list = async (query: string): Promise<{ rows: Row[]; total: number; page: number; pages: number }> =>
    (await office.guest.get(`/api/customers?${query}`).expect(200)).body;
  const ids = async (query: string) => (await list(query)).rows.map((row) => row.cus_id);
  const create = async (body: object) => {
    const res = await office.disp.post('/api/customers').send(body).expect(200);
    expect(res.body.error).toBeUndefined();
    return res.body;
  };
  const put = (id: number, body: object) => office.disp.put(`/api/customers/${id}`).send(body);

  describe('list', () => {
    test('has total and pages in the body, keys in order, deleted ones left out', async () => {
      const res = await office.guest.get('/api/customers?size=7').expect(200);
      expect(Object.keys(res.body)).toEqual(['total', 'page', 'pages', 'rows']);
      expect(Object.keys(res.body.rows[0])).toEqual(LIST_KEYS);
      const total = await office.count("customers WHERE del_flag = 'N'");
      expect(res.body).toMatchObject({ total, page: 1, pages: Math.ceil(total / 7) });
      expect(res.headers['x-total-count']).toBeUndefined();
      expect((await list('del=all')).total).toBe(await office.count('customers'));
      expect((await list('del=Y')).total).toBe(await office.count("customers WHERE del_flag = 'Y'"));
    });

    test.each([
      ['page=0', 'page=1'],
      ['page=-3', 'page=1'],
      ['page=abc', 'page=1'],
      ['page=2x&size=5', 'page=2&size=5'],
      ['size=0', 'size=20'],
      ['size=abc', 'size=20'],
      ['size=1000', 'size=100'],
      ['sort=nonsense', 'sort=name'],
      ['stat=B', ''],
      ['vip=yes', ''],
      ['del=n', ''],
      ['q=%25_', ''],
      ['q=x&q=', ''],
      ['page=99999999999999999999', 'page=1000000'],
    ])('%s is the same as %s', async (odd, plain) => {
      expect(await list(odd)).toEqual(await list(plain));
    });

    test('a page beyond the end is the last page, which says its number; nothing found is page 1 of 1', async () => {
      const { pages } = await list('size=7');
      expect(await list('size=7&page=9999')).toEqual(await list(`size=7&page=${pages}`));
      expect((await list('size=7&page=9999')).page).toBe(pages);
      expect(await list('q=zzzzzzzzz&page=3')).toEqual({ total: 0, page: 1, pages: 1, rows: [] });
    });

    test('q finds in match, number, short name and town, folded to ASCII, and never as a pattern', async () => {
      const { cus_id, cus_no } = await create({
        cus_name: 'Größenwahn & Söhne',
        cus_short: 'GrWahn',
        city: 'Wuppertal-Elberfeld',
      });
      for (const q of ['größenwahn', 'GROESSENWAHN %26 SOEHNE', cus_no, 'grwahn', 'tal-elber', 'gr_wa%25hn'])
        expect([q, await ids(`q=${encodeURI(q).replace(/%25(2[56])/g, '%$1')}`)]).toEqual([q, [cus_id]]);
      expect((await list('q=gr.wahn')).total).toBe(0);
      expect((await list('q=%D0%98%D0%B2%D0%B0%D0%BD')).total).toBe((await list('')).total);
    });

    test('a town with an umlaut is found by neither ae nor ä: q is folded, the town is not', async () => {
      const { cus_id } = await create({ cus_name: 'Ohne Umlaut', city: 'Mönchengladbach' });
      expect(await ids('q=chengladbach')).toContain(cus_id);
      for (const q of ['mönchengladbach', 'moenchengladbach', 'monchengladbach'])
        expect(await ids(`q=${encodeURIComponent(q)}`)).not.toContain(cus_id);
    });

    test('a wildcard that is dropped leaves its spaces, which are searched for', async () => {
      const { cus_id } = await create({ cus_name: 'Jokerwerk Nullsieben' });
      expect(await ids('q=nullsieben')).toEqual([cus_id]);
      expect(await ids(`q=${encodeURIComponent('% nullsieben')}`)).toEqual([cus_id]);
      expect(await ids(`q=${encodeURIComponent('% jokerwerk')}`)).toEqual([]);
      expect(await ids(`q=${encodeURIComponent('jokerwerk _ nullsieben')}`)).toEqual([]);
    });

    test('is_vip is whatever number is there; vip=1 takes every one but 0', async () => {
      const { cus_id } = await create({ cus_name: 'Zwei' });
      await office.db.query(`UPDATE customers SET is_vip = 2 WHERE cus_id = ${cus_id}`);
      const found = await list('vip=1&size=100&del=all');
      expect(found.rows.find((row) => row.cus_id === cus_id)!.is_vip).toBe(2);
      expect(found.total).toBe(await office.count('customers WHERE is_vip <> 0'));
      expect((await list('vip=0&del=all')).total).toBe(await office.count('customers WHERE is_vip = 0'));
      expect((await office.guest.get(`/api/customers/${cus_id}`)).body.is_vip).toBe(2);
    });

    test.each(['name', '-name', 'no', '-no', 'city', 'id', '-id'])(
      'sort=%s, ties by id downwards',
      async (sort) => {
        await create({ cus_name: 'Same', city: 'Ähre' });
        await create({ cus_name: 'same', city: 'Zeche' });
        await create({ cus_name: 'same', city: 'zeche' });
        await create({ cus_name: 'Same', city: '' });
        const { rows } = await list(`sort=${sort}&size=100&del=all`);
        const stored = new Map(
          (await office.rows<Row>('SELECT cus_id, cus_match, city FROM customers')).map((row) => [
            row.cus_id,
            row,
          ]),
        );
        const key = (row: Row) => {
          if (sort.endsWith('name')) return stored.get(row.cus_id!)!.cus_match!;
          if (sort.endsWith('no')) return row.cus_no!;
          return sort.endsWith('city') ? (stored.get(row.cus_id!)!.city ?? '') : row.cus_id!;
        };
        const sign = sort.startsWith('-') ? -1 : 1;
        const wanted = [...rows].sort((a, b) =>
          key(a) === key(b) ? Number(b.cus_id) - Number(a.cus_id) : key(a) < key(b) ? -sign : sign,
        );
        expect(rows.map((row) => row.cus_id)).toEqual(wanted.map((row) => row.cus_id));
        expect(rows).toHaveLength(await office.count('customers'));
      },
    );

    test('counts the projects that are not deleted, and names the parent', async () => {
      const parent = await create({ cus_name: 'Holding' });
      const { cus_id } = await create({ cus_name: 'Tochter', cus_parent_id: parent.cus_id });
      for (let i = 0; i < 2; i++) {
        await office.disp
          .post('/api/projects')
          .send({ prj_title: 'x', cus_id, date_from: '01.01.2026' })
          .expect(200);
      }
      await office.db.query(
        `UPDATE projects SET del_flag = 'Y' WHERE prj_id = (SELECT m FROM (SELECT MAX(prj_id) AS m FROM projects) x)`,
      );
      const [row] = (await list('q=tochter')).rows;
      expect(row).toMatchObject({ cus_id, prj_cnt: 1, parent_name: 'Holding' });
    });
  });

  describe('one', () => {
    test('has its projects, at most ten, and its children, and nothing for what is NULL', async () => {
      const parent = await create({ cus_name: 'Mutter' });
      const { cus_id } = await create({ cus_name: ' Kind ', cus_parent_id: String(parent.cus_id) });
      for (let i = 1; i <= 11; i++) {
        await office.disp
          .post('/api/projects')
          .send({ prj_title: `Los ${i}`, cus_id, date_from: `${String(i).padStart(2, '0')}.01.2026` })
          .expect(200);
      }
      const one = await office.guest.get(`/API/Customers/${cus_id}/`).expect(200);
      expect(Object.keys(one.body)).toEqual([...DETAIL_KEYS, 'projects', 'children']);
      expect(one.body).toMatchObject({
        cus_name: 'Kind',
        cus_match: 'KIND',
        cus_no: `C${String(cus_id).padStart(7, '0')}`,
        cus_short: '',
        fibu_name: 'Kind',
        cus_parent_id: parent.cus_id,
        parent_name: 'Mutter',
        cus_stat: 'A',
        cus_email: '',
        country: '',
        pay_days: 30,
        disc_pct: '0.00',
        is_vip: 0,
        del_flag: 'N',
        children: [],
      });
      expect(one.body.projects).toHaveLength(10);
      expect(Object.keys(one.body.projects[0])).toEqual(['prj_id', 'prj_no', 'prj_title', 'prj_stat']);
      expect(one.body.projects[0].prj_title).toBe('Los 11');
      const above = await office.guest.get(`/api/customers/${parent.cus_id}`).expect(200);
      expect(above.body.children).toEqual([{ cus_id, cus_no: one.body.cus_no, cus_name: 'Kind' }]);
    });

    test('odd ids', async () => {
      expect((await office.guest.get('/api/customers/1abc').expect(200)).body.cus_id).toBe(1);
      for (const id of ['999999', '0', '-1', '2147483648', '9'.repeat(400)])
        expect((await office.guest.get(`/api/customers/${id}`).expect(404)).body).toEqual({
          error: 'customer not found',
        });
      expect((await office.guest.get('/api/customers/x').expect(500)).body).toEqual({ error: 'invalid id' });
    });
  });

  describe('create', () => {
    test('takes every field, makes the number upper case, ignores what is not the client’s', async () => {
      const made = await create({
        cus_id: 3,
        cus_match: 'X',
        fibu_name: 'X',
        del_flag: 'Y',
        cus_name: 'Łódzkie Zakłady – „Weiß“ €',
        cus_no: ' x-99 ',
        cus_short: ' LoZa ',
        cus_stat: 'I',
        cus_email: 'a@b.example',
        pay_days: '45',
        disc_pct: '2,5',
        is_vip: 'on',
        country: 'PL',
      });
      expect(made).toMatchObject({
        cus_match: 'ODZKIE ZAKADY WEISS',
        // what Windows-1252 does not have is a question mark
        fibu_name: '?ódzkie Zak?ady – „Weiß“ €',
        cus_no: 'X-99',
        cus_short: 'LoZa',
        cus_stat: 'I',
        cus_email: 'a@b.example',
        pay_days: 45,
        disc_pct: '2.50',
        is_vip: 1,
        country: 'PL',
        del_flag: 'N',
      });
      // the answer of a create lacks what get has
      expect(Object.keys(made)).toEqual(DETAIL_KEYS);
      expect((await create({ cus_name: '€'.repeat(60) })).fibu_name).toBe('€'.repeat(40));
    });

    test.each([
      [{ cus_stat: 'X' }, 'cus_name missing'],
      [{ cus_name: ' ' }, 'cus_name missing'],
      [{ cus_name: 'a', cus_stat: 'B', pay_days: 'x' }, 'cus_stat invalid'],
      [{ cus_name: 'a', cus_stat: '' }, 'cus_stat invalid'],
      [{ cus_name: 'a', pay_days: '' }, 'pay_days invalid'],
      [{ cus_name: 'a', pay_days: null }, 'pay_days invalid'],
      [{ cus_name: 'a', pay_days: -1 }, 'pay_days invalid'],
      [{ cus_name: 'a', pay_days: 366 }, 'pay_days invalid'],
      [{ cus_name: 'a', pay_days: 1.5 }, 'pay_days invalid'],
      [{ cus_name: 'a', disc_pct: '' }, 'disc_pct invalid'],
      [{ cus_name: 'a', disc_pct: '2.555' }, 'disc_pct invalid'],
      [{ cus_name: 'a', disc_pct: 100.01 }, 'disc_pct invalid'],
      [{ cus_name: 'a', disc_pct: -1 }, 'disc_pct invalid'],
      [{ cus_name: 'a', cus_parent_id: 999999 }, 'parent unknown'],
      [{ cus_name: 'a', cus_parent_id: 'x' }, 'parent unknown'],
      [{ cus_name: 'a', cus_parent_id: 1.5 }, 'parent unknown'],
    ])('refuses %j: %s', async (body, error) => {
      expect((await office.disp.post('/api/customers').send(body).expect(400)).body).toEqual({ error });
    });

    test.each([
      ['pay_days', '1e2', 100],
      ['pay_days', '0x10', 16],
      ['pay_days', true, 1],
      ['pay_days', [7], 7],
      ['disc_pct', 3, '3.00'],
      ['disc_pct', '007', '7.00'],
      ['is_vip', 'true', 0],
      ['is_vip', 2, 0],
      ['is_vip', '1', 1],
      ['cus_parent_id', '', null],
      ['cus_parent_id', null, null],
      ['cus_name', 5, '5'],
      ['cus_name', { a: 1 }, '[object Object]'],
      ['cus_name', ['a', 'b'], 'a,b'],
      ['cus_parent_id', true, 1],
      ['cus_parent_id', [2], 2],
      ['cus_parent_id', ' 0x2 ', 2],
      ['cus_parent_id', [], null],
      ['cus_parent_id', '\0', null],
      ['country', 49, '49'],
      ['cus_name', [5], '5'],
      ['cus_no', '', expect.stringMatching(/^C\d{7}$/)],
    ])('takes %s: %j for %j', async (key, given, kept) => {
      expect((await create({ cus_name: 'odd', [key]: given }))[key]).toEqual(kept);
    });

    test('what String() cannot make text of is an internal error', async () => {
      const deep = `{"cus_name":${'['.repeat(60_000)}${']'.repeat(60_000)}}`;
      for (const body of ['{"cus_name":{"toString":1}}', '{"cus_name":"a","city":[{"toString":null}]}', deep])
        expect((await office.disp.post('/api/customers').type('json').send(body).expect(500)).text).toBe(
          '{"error":"internal error"}',
        );
    });

    test('numbers and short names are unique in any case, empty short names are not; a 200 says which', async () => {
      await create({ cus_name: 'a', cus_no: 'uniq-1', cus_short: 'Uniq' });
      const refused = async (body: object) =>
        (
          await office.disp
            .post('/api/customers')
            .send({ cus_name: 'b', ...body })
            .expect(200)
        ).text;
      expect(await refused({ cus_no: 'UNIQ-1' })).toBe('{"error":"cus_no exists"}');
      expect(await refused({ cus_short: 'uNIQ' })).toBe('{"error":"short name exists"}');
      await create({ cus_name: 'c', cus_short: '' });
      await create({ cus_name: 'd', cus_short: ' ' });
      const { cus_id } = await create({ cus_name: 'e' });
      expect((await put(cus_id, { cus_short: 'UNIQ' }).expect(200)).text).toBe(
        '{"error":"short name exists"}',
      );
      expect((await put(cus_id, { cus_no: 'uniq-1' }).expect(200)).text).toBe('{"error":"cus_no exists"}');
    });

    test('short names that differ in accents alone are one on MySQL and two on SQLite', async () => {
      await create({ cus_name: 'a', cus_short: 'Möller' });
      const res = await office.disp
        .post('/api/customers')
        .send({ cus_name: 'b', cus_short: 'MOLLER' })
        .expect(200);
      if (office.kind.name === 'SQLite') expect(res.body.cus_short).toBe('MOLLER');
      else expect(res.body).toEqual({ error: 'short name exists' });
    });

    test('letters above U+FFFF are all one in short names on MySQL, and letters of their own on SQLite', async () => {
      await create({ cus_name: 'a', cus_short: 'Mond 🚀' });
      for (const cus_short of ['Mond 🎉', 'Mond \ufffd']) {
        const res = await office.disp.post('/api/customers').send({ cus_name: 'b', cus_short }).expect(200);
        if (office.kind.name === 'SQLite') expect(res.body.cus_short).toBe(cus_short);
        else expect(res.body).toEqual({ error: 'short name exists' });
      }
    });

    test('trailing spaces written past the API are shown, and make a duplicate on MySQL alone', async () => {
      const { cus_id } = await create({ cus_name: 'Spaces', cus_short: 'Padded', city: 'Ulm' });
      await office.db.query(
        `UPDATE customers SET cus_short = 'Padded ', city = 'Ulm ' WHERE cus_id = ${cus_id}`,
      );
      expect((await office.guest.get(`/api/customers/${cus_id}`)).body).toMatchObject({
        cus_short: 'Padded ',
        city: 'Ulm ',
      });
      const res = await office.disp
        .post('/api/customers')
        .send({ cus_name: 'b', cus_short: 'padded' })
        .expect(200);
      if (office.kind.name === 'SQLite') expect(res.body.cus_short).toBe('padded');
      else expect(res.body).toEqual({ error: 'short name exists' });
    });

    test('of many at once with one short name exactly one is made', async () => {
      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, i) =>
          office.disp
            .post('/api/customers')
            .send({ cus_name: 'Race', cus_short: i % 2 ? 'race' : 'RACE' })
            .expect(200),
        ),
      );
      expect(answers.filter((res) => res.body.error === 'short name exists')).toHaveLength(5);
      expect(await office.count("customers WHERE cus_name = 'Race'")).toBe(1);
      expect(await office.count("customers WHERE cus_no LIKE '?%'")).toBe(0);
    });

    test('what does not fit its column is a database error', async () => {
      for (const body of [
        { cus_name: 'x'.repeat(161) },
        { cus_name: 'ä'.repeat(81) },
        { cus_name: 'a', cus_no: 'x'.repeat(13) },
        { cus_name: 'a', cus_short: 'x'.repeat(21) },
        { cus_name: 'a', country: 'DEU' },
        { cus_name: 'a', zip: 'x'.repeat(13) },
      ])
        expect((await office.disp.post('/api/customers').send(body).expect(500)).text).toBe(
          '{"error":"database error"}',
        );
    });
  });

  describe('change', () => {
    test('changes what is sent, and always touches changed', async () => {
      const { cus_id } = await create({ cus_name: 'Alt', city: 'Köln', cus_short: 'alt' });
      await office.makeOld(`customers WHERE cus_id = ${cus_id}`);
      const res = await put(cus_id, { cus_name: 'Jünger', cus_match: 'X', del_flag: 'Y' }).expect(200);
      expect(res.body).toMatchObject({
        cus_name: 'Jünger',
        cus_match: 'JUENGER',
        fibu_name: 'Jünger',
        city: 'Köln',
        cus_short: 'alt',
        del_flag: 'N',
      });
      await office.makeOld(`customers WHERE cus_id = ${cus_id}`);
      expect((await put(cus_id, {}).expect(200)).body.changed).not.toBe(OLD);
      const cleared = await put(cus_id, { city: '', cus_email: null, cus_short: '' }).expect(200);
      expect(cleared.body).toMatchObject({ city: '', cus_email: '', cus_short: '' });
      // beside each other in one table: '' where '' was sent, NULL where null was
      expect(
        await office.count(
          `customers WHERE cus_id = ${cus_id} AND city = '' AND cus_email IS NULL AND cus_short IS NULL`,
        ),
      ).toBe(1);
    });

    test('writes the whole row: of two at once the later one undoes the other’s fields too', async () => {
      const { cus_id } = await create({ cus_name: 'Zwei', city: 'alt', zip: 'alt' });
      // the first one has read the row; now the second one comes and goes
      let second = () => {
        second = async () => {};
        return Promise.resolve(put(cus_id, { zip: 'second' }).expect(200)).then(() => {});
      };
      office.db.addHook('afterFind', 'between', () => second());
      const first = await put(cus_id, { city: 'first' }).expect(200);
      office.db.removeHook('afterFind', 'between');
      expect(first.body).toMatchObject({ city: 'first', zip: 'alt' });
    });

    test('makes the same checks as create for the keys that are there', async () => {
      const { cus_id } = await create({ cus_name: 'Checks' });
      for (const [body, error] of [
        [{ cus_name: '' }, 'cus_name missing'],
        [{ cus_name: null }, 'cus_name missing'],
        [{ cus_stat: 'a' }, 'cus_stat invalid'],
        [{ pay_days: null }, 'pay_days invalid'],
        [{ disc_pct: 'x' }, 'disc_pct invalid'],
        [{ cus_parent_id: 0 }, 'parent unknown'],
      ] as const)
        expect((await put(cus_id, body).expect(400)).body).toEqual({ error });
      expect((await put(999999, { cus_name: '' }).expect(404)).body).toEqual({ error: 'customer not found' });
      expect((await office.disp.put('/api/customers/x').send({}).expect(500)).body).toEqual({
        error: 'invalid id',
      });
      expect((await put(cus_id, { street: 'x'.repeat(121) }).expect(500)).body).toEqual({
        error: 'database error',
      });
    });

    test('a parent may not be the customer itself nor below it', async () => {
      const top = await create({ cus_name: 'Top' });
      const middle = await create({ cus_name: 'Middle', cus_parent_id: top.cus_id });
      const low = await create({ cus_name: 'Low', cus_parent_id: middle.cus_id });
      for (const parent of [top.cus_id, middle.cus_id, low.cus_id])
        expect((await put(top.cus_id, { cus_parent_id: parent }).expect(400)).body).toEqual({
          error: 'parent is below',
        });
      expect((await put(low.cus_id, { cus_parent_id: top.cus_id }).expect(200)).body.parent_name).toBe('Top');
    });

    test('a knot that two tied at once hangs nobody', async () => {
      const [a, b, c] = [
        await create({ cus_name: 'Knot A' }),
        await create({ cus_name: 'Knot B' }),
        await create({ cus_name: 'Knot C' }),
      ];
      await office.db.query(`UPDATE customers SET cus_parent_id = ${b.cus_id} WHERE cus_id = ${a.cus_id}`);
      await office.db.query(`UPDATE customers SET cus_parent_id = ${a.cus_id} WHERE cus_id = ${b.cus_id}`);
      // twenty levels up, then it gives up looking
      expect((await put(c.cus_id, { cus_parent_id: a.cus_id }).expect(200)).body.parent_name).toBe('Knot A');
      expect((await office.guest.get(`/api/customers/${a.cus_id}`).expect(200)).body).toMatchObject({
        parent_name: 'Knot B',
        children: [{ cus_id: b.cus_id }, { cus_id: c.cus_id }],
      });
      expect((await list('q=knot')).total).toBe(3);
    });
  });

  test('activate and deactivate may be said again, and each is in the log with its reason', async () => {
    const { cus_id } = await create({ cus_name: 'State' });
    const say = (what: string, body: object = {}) =>
      office.disp.post(`/api/customers/${cus_id}/${what}`).send(body).expect(200);
    expect((await say('deactivate', { reason: 'insolvent' })).body.cus_stat).toBe('I');
    await office.makeOld(`customers WHERE cus_id = ${cus_id}`);
    expect((await say('deactivate')).body).toMatchObject({
      cus_stat: 'I',
      changed: expect.not.stringMatching(OLD),
    });
    expect((await say('activate')).body.cus_stat).toBe('A');
    expect((await say('activate', { reason: ' ' })).body.cus_stat).toBe('A');
    const log = await office.rows(
      `SELECT chg_usr, chg_txt FROM chg_log WHERE chg_tab = 'customers' AND chg_id = ${cus_id}`,
    );
    expect(log.map((row) => row.chg_txt).sort()).toEqual(['stat A', 'stat A', 'stat I', 'stat I: insolvent']);
    expect(log.every((row) => row.chg_usr === 'disp')).toBe(true);
    for (const what of ['activate', 'deactivate']) {
      await office.disp.post(`/api/customers/999999/${what}`).expect(404);
      await office.disp.post(`/api/customers/x/${what}`).expect(500);
    }
  });

  test('a reason is kept as far as the line of the log goes', async () => {
    const { cus_id } = await create({ cus_name: 'Grund' });
    const reason = `${'x'.repeat(247)}y`;
    await office.disp.post(`/api/customers/${cus_id}/deactivate`).send({ reason }).expect(200);
    expect(
      await office.value(`SELECT chg_txt FROM chg_log WHERE chg_tab = 'customers' AND chg_id = ${cus_id}`),
    ).toBe(`stat I: ${'x'.repeat(247)}`);
  });

  test('a state set by PUT is not in the log', async () => {
    const { cus_id } = await create({ cus_name: 'Still' });
    expect((await put(cus_id, { cus_stat: 'I' }).expect(200)).body.cus_stat).toBe('I');
    expect(await office.count(`chg_log WHERE chg_tab = 'customers' AND chg_id = ${cus_id}`)).toBe(0);
  });

  describe('delete', () => {
    test('marks, and may be said again; the second time leaves changed alone', async () => {
      const { cus_id } = await create({ cus_name: 'Delete' });
      expect((await office.admin.delete(`/api/customers/${cus_id}`).expect(200)).text).toBe('{"ok":true}');
      await office.makeOld(`customers WHERE cus_id = ${cus_id}`);
      await office.admin.delete(`/api/customers/${cus_id}?hard=0`).expect(200);
      expect((await office.guest.get(`/api/customers/${cus_id}`).expect(200)).body).toMatchObject({
        del_flag: 'Y',
        changed: OLD,
      });
      expect((await put(cus_id, { city: 'x' }).expect(200)).body).toMatchObject({ city: 'x', del_flag: 'Y' });
      await office.admin.delete('/api/customers/999999').expect(404);
      await office.admin.delete('/api/customers/x').expect(500);
    });

    test('with hard=1 takes projects, hours, assignments and notes with it; children and invoices stay behind', async () => {
      const { cus_id } = await create({ cus_name: 'Hart' });
      const child = await create({ cus_name: 'Waise', cus_parent_id: cus_id });
      const end = await office.disp
        .post('/api/projects')
        .send({ prj_title: 'für andere', cus_id: 1, cus_end_id: cus_id, date_from: '01.01.2026' })
        .expect(200);
      const { body: project } = await office.disp
        .post('/api/projects')
        .send({ prj_title: 'eigenes', cus_id, date_from: '01.01.2026' })
        .expect(200);
      const frl = await office.disp.post('/api/freelancers').send({ frl_name: 'Hart, Harry' }).expect(200);
      const frl_id = frl.body.frl_id;
      await office.disp.post(`/api/projects/${project.prj_id}/freelancers`).send({ frl_id }).expect(200);
      await office.disp
        .post('/api/timesheets')
        .send({ frl_id, prj_id: project.prj_id, tsh_day: '02.01.2026', tsh_hours: 8 })
        .expect(200);
      const file = `00;FIBU;20260701;1\r\n10;HART-1;C${String(cus_id).padStart(7, '0')};P${String(project.prj_id).padStart(7, '0')};01.06.2026;01.07.2026;100,00;19,00;119,00;O\r\n30;HART-2;CUS;C${String(cus_id).padStart(7, '0')};weg\r\n99;2;119,00\r\n`;
      const imported = await office.disp
        .post('/api/imports')
        .set('content-type', 'text/plain')
        .send(file)
        .expect(200);
      expect(imported.body.rec_ok).toBe(2);

      expect((await office.admin.delete(`/api/customers/${cus_id}?hard=1`).expect(200)).text).toBe(
        '{"ok":true}',
      );
      await office.guest.get(`/api/customers/${cus_id}`).expect(404);
      await office.guest.get(`/api/projects/${project.prj_id}`).expect(404);
      expect(await office.count(`timesheets WHERE prj_id = ${project.prj_id}`)).toBe(0);
      expect(await office.count(`project_freelancers WHERE prj_id = ${project.prj_id}`)).toBe(0);
      expect(await office.count("notes WHERE ext_no = 'HART-2'")).toBe(0);
      expect(
        await office.count("invoices WHERE inv_no = 'HART-1' AND cus_id IS NULL AND prj_id IS NULL"),
      ).toBe(1);
      expect((await office.guest.get(`/api/customers/${child.cus_id}`)).body).toMatchObject({
        cus_parent_id: null,
        parent_name: '',
      });
      expect((await office.guest.get(`/api/projects/${end.body.prj_id}`)).body).toMatchObject({
        cus_end_id: null,
        end_name: '',
      });
      expect(
        await office.count(
          `chg_log WHERE chg_tab = 'customers' AND chg_id = ${cus_id} AND chg_usr = 'admin' AND chg_txt = 'deleted for good'`,
        ),
      ).toBe(1);
      await office.admin.delete(`/api/customers/${cus_id}?hard=1`).expect(404);
    });
  });

  test('hard=1 takes paid hours along, for which the project alone is refused', async () => {
    const [paid] = await office.rows<{ prj_id: number; cus_id: number; pay_id: number }>(
      `SELECT t.prj_id, p.cus_id, t.pay_id FROM timesheets t JOIN projects p ON p.prj_id = t.prj_id
        WHERE t.tsh_stat = 'paid' AND t.pay_id IS NOT NULL AND p.cus_id > 1 LIMIT 1`,
    );
    const { prj_id, cus_id, pay_id } = paid!;
    await office.admin.delete(`/api/projects/${prj_id}`).expect(409);
    const before = (await office.guest.get(`/api/payments/${pay_id}`).expect(200)).body;
    await office.admin.delete(`/api/customers/${cus_id}?hard=1`).expect(200);
    expect(await office.count(`timesheets WHERE prj_id = ${prj_id}`)).toBe(0);
    const after = (await office.guest.get(`/api/payments/${pay_id}`).expect(200)).body;
    expect(after).toMatchObject({ amount: before.amount, pay_stat: before.pay_stat });
    expect(after.timesheets.length).toBeLessThan(before.timesheets.length);
  });

  describe('while somebody deletes it for good', () => {
    const gone = (id: number) => office.admin.delete(`/api/customers/${id}?hard=1`).expect(200);
    const NOT_FOUND = { error: 'customer not found' };

    test('a change is a 404, and so is one that was made a moment ago', async () => {
      const { cus_id } = await create({ cus_name: 'Eben noch' });
      let first = () => {
        first = async () => {};
        return Promise.resolve(gone(cus_id)).then(() => {});
      };
      office.db.addHook('afterFind', 'between', () => first());
      const changed = await put(cus_id, { city: 'Ulm' });
      office.db.removeHook('afterFind', 'between');
      expect([changed.status, changed.body]).toEqual([404, NOT_FOUND]);

      office.meanwhile('after', async () => {
        const id = await office.value<number>('SELECT MAX(cus_id) FROM customers');
        await gone(id);
      });
      const made = await office.disp.post('/api/customers').send({ cus_name: 'Gleich weg' });
      expect([made.status, made.body]).toEqual([404, NOT_FOUND]);
    });

    test.each(['before', 'after'] as const)('a change of state is a 404, deleted %s it', async (when) => {
      const { cus_id } = await create({ cus_name: 'Zustand' });
      office.meanwhile(when, () => gone(cus_id));
      const res = await office.disp.post(`/api/customers/${cus_id}/deactivate`);
      expect([res.status, res.body]).toEqual([404, NOT_FOUND]);
      // what is not there has no state to tell of
      const told = await office.count(`chg_log WHERE chg_tab = 'customers' AND chg_id = ${cus_id}`);
      expect(told).toBe(when === 'before' ? 1 : 2);
    });

    test('its children find no parent', async () => {
      const parents = [
        (await create({ cus_name: 'Eltern A' })).cus_id,
        (await create({ cus_name: 'Eltern B' })).cus_id,
      ];
      const child = await create({ cus_name: 'Kind' });
      office.meanwhile('before', () => gone(parents[0]!));
      const made = await office.disp
        .post('/api/customers')
        .send({ cus_name: 'Kind 2', cus_parent_id: parents[0] });
      expect([made.status, made.body]).toEqual([400, { error: 'parent unknown' }]);
      office.db.models.Customer!.addHook('beforeUpdate', 'between', async () => {
        office.db.models.Customer!.removeHook('beforeUpdate', 'between');
        await gone(parents[1]!);
      });
      const changed = await put(child.cus_id, { cus_parent_id: parents[1] });
      expect([changed.status, changed.body]).toEqual([400, { error: 'parent unknown' }]);
    });

    test('of two at once one is a 404, and one is in the log', async () => {
      const { cus_id } = await create({ cus_name: 'Zweimal' });
      const answers = await Promise.all(
        [1, 2].map(() => office.admin.delete(`/api/customers/${cus_id}?hard=1`)),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 404]);
      expect(await office.count(`chg_log WHERE chg_tab = 'customers' AND chg_id = ${cus_id}`)).toBe(1);
    });
  });

  test('ro may not write, only adm may delete', async () => {
    const refused = [
      office.guest.post('/api/customers').send({ cus_name: 'x' }),
      office.guest.put('/api/customers/1').send({}),
      office.guest.post('/api/customers/1/activate'),
      office.guest.post('/api/customers/1/deactivate'),
      office.guest.delete('/api/customers/1'),
      office.disp.delete('/api/customers/1?hard=1'),
    ];
    for (const request of refused) expect((await request.expect(403)).text).toBe('{"error":"no rights"}');
  });
});
