import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { QueryTypes, type Sequelize } from 'sequelize';
import { coversContract } from './testing/contract/covers.ts';
import { describeOnEveryDatabase, seedSmall, type TestDatabase } from './testing/databases.ts';
import { type Agent, startServer, type TestServer } from './testing/server.ts';

type ListRow = {
  frl_id: number;
  frl_name: string;
  rate_ct: number;
  skills_csv: string;
  avail_from: string;
  del_flag: string;
};
const LIST_KEYS = 'frl_id frl_name frl_stat rate_ct cur skills_csv city avail_from del_flag'.split(' ');
const DETAIL_KEYS =
  'frl_id frl_name frl_match frl_email frl_phone frl_stat blk_reason rate_ct cur skills_csv city country avail_from notes del_flag created changed'.split(
    ' ',
  );

describeOnEveryDatabase('freelancers', (kind) => {
  let database: TestDatabase;
  let db: Sequelize;
  let server: TestServer;
  let admin: Agent;
  let disp: Agent;
  let guest: Agent;
  beforeAll(async () => {
    database = await kind.create();
    db = database.open();
    await seedSmall(db);
    server = await startServer(db);
    [admin, disp, guest] = (await Promise.all(
      ['admin', 'disp', 'guest'].map((user) => server.login(user)),
    )) as [Agent, Agent, Agent];
  });
  afterAll(async () => {
    await server.close();
    await database.drop();
  });

  const list = async (query: string): Promise<{ rows: ListRow[]; total: number }> => {
    const res = await guest.get(`/api/freelancers?${query}`).expect(200);
    return { rows: res.body, total: Number(res.headers['x-total-count']) };
  };
  const create = async (body: object) => (await disp.post('/api/freelancers').send(body).expect(200)).body;
  const count = async (where: string) => {
    const [row] = await db.query<{ n: number }>(`SELECT COUNT(*) AS n FROM freelancers WHERE ${where}`, {
      type: QueryTypes.SELECT,
    });
    return Number(row!.n);
  };
  const makeOld = (id: number) =>
    db.query("UPDATE freelancers SET changed = '2001-02-03 04:05:06' WHERE frl_id = :id", {
      replacements: { id },
    });

  describe('list', () => {
    test('is a bare array of twenty, keys in order, the total in a header, deleted ones left out', async () => {
      const res = await guest.get('/api/freelancers').expect(200);
      expect(res.body).toHaveLength(20);
      expect(Object.keys(res.body[0])).toEqual(LIST_KEYS);
      expect(Number(res.headers['x-total-count'])).toBe(await count("del_flag = 'N'"));
      expect(res.headers['x-powered-by']).toBe('Express');
      expect(res.headers.etag).toMatch(/^W\//);
    });

    test('del=Y gives the deleted only, del=all both', async () => {
      expect((await list('del=Y&size=100')).rows.every((row) => row.del_flag === 'Y')).toBe(true);
      expect((await list('del=Y')).total).toBe(await count("del_flag = 'Y'"));
      expect((await list('del=all')).total).toBe(400);
      expect((await list('del=n')).total).toBe(await count("del_flag = 'N'"));
    });

    test.each([
      ['page=0', 'page=1'],
      ['page=-3', 'page=1'],
      ['page=abc', 'page=1'],
      ['page=2x', 'page=2'],
      ['size=0', 'size=20'],
      ['size=abc', 'size=20'],
      ['size=1000', 'size=100'],
      ['sort=nonsense', 'sort=name'],
      ['stat=X', ''],
      ['rate_min=abc', ''],
      ['rate_min=8000ct', 'rate_min=8000'],
      ['avail_by=31.02.2020', ''],
      ['avail_by=2020-02-03', ''],
      ['q=%25_', ''],
      ['skill=%25', ''],
      ['q=java&q=sql', 'q=sql'],
      ['page=99999999999999999999', 'page=1000000'],
    ])('%s is the same as %s', async (odd, plain) => {
      expect(await list(odd)).toEqual(await list(plain));
    });

    test('a page beyond the end is the last page, and an empty result is empty', async () => {
      const { rows, total } = await list('size=30&page=9999');
      const pages = Math.ceil(total / 30);
      expect(rows).toEqual((await list(`size=30&page=${pages}`)).rows);
      expect(rows).toHaveLength(total - (pages - 1) * 30);
      expect(await list('q=zzzzzzzz&page=5')).toEqual({ rows: [], total: 0 });
    });

    test('a rate as long as the line is only a rate', async () => {
      expect((await list(`rate_min=${'9'.repeat(400)}`)).total).toBe(0);
      expect((await list(`rate_max=${'9'.repeat(400)}&rate_min=-${'9'.repeat(400)}&del=all`)).total).toBe(
        400,
      );
    });

    test.each(['name', '-name', 'rate', '-rate', 'id', '-id'])(
      'sort=%s, ties by id downwards',
      async (sort) => {
        const found: ListRow[] = [];
        for (let page = 1; page <= 4; page++)
          found.push(...(await list(`sort=${sort}&size=100&del=all&page=${page}`)).rows);
        const match = new Map(
          (
            await db.query<{ frl_id: number; frl_match: string }>(
              'SELECT frl_id, frl_match FROM freelancers',
              { type: QueryTypes.SELECT },
            )
          ).map((row) => [row.frl_id, row.frl_match]),
        );
        const key = (row: ListRow) =>
          sort.endsWith('name') ? match.get(row.frl_id)! : sort.endsWith('rate') ? row.rate_ct : row.frl_id;
        const sign = sort.startsWith('-') ? -1 : 1;
        const wanted = [...found].sort((a, b) => {
          if (key(a) !== key(b)) return key(a) < key(b) ? -sign : sign;
          return b.frl_id - a.frl_id;
        });
        expect(found.map((row) => row.frl_id)).toEqual(wanted.map((row) => row.frl_id));
        expect(new Set(found.map((row) => row.frl_id)).size).toBe(400);
      },
    );

    test('q finds in match, e-mail and skills, umlauts folded, and never as a pattern', async () => {
      const made = await create({
        frl_name: 'Größenwahn, Ärmel',
        frl_email: 'Unusual.Address@Search.example',
        skills_csv: 'weird++lang',
      });
      for (const q of ['größenwahn', 'GROESSENWAHN, AERMEL', 'address@search', 'RD%2B%2BLA', 'g_roe%25sse']) {
        expect(
          (await list(`q=${encodeURI(q).replace(/%25(2B|25)/g, '%$1')}`)).rows.map((row) => row.frl_id),
        ).toEqual([made.frl_id]);
      }
      expect((await list('q=gr.*wahn')).total).toBe(0);
      expect((await list(`q=${encodeURIComponent("' OR 1=1 -- ")}`)).total).toBe(0);
      expect((await list('q=%D0%98%D0%B2%D0%B0%D0%BD')).total).toBe((await list('')).total);
      await admin.delete(`/api/freelancers/${made.frl_id}`).expect(200);
    });

    test('q does not take ü for u in an e-mail', async () => {
      const made = await create({ frl_name: 'Postfach', frl_email: 'kürbis@umlaut.example' });
      expect((await list('q=kurbis')).total).toBe(0);
      expect((await list('q=rbis@umlaut')).rows.map((row) => row.frl_id)).toEqual([made.frl_id]);
    });

    test('skill is one whole element, in any case', async () => {
      const { rows, total } = await list('skill=JaVa&size=100');
      expect(rows.every((row) => row.skills_csv.split(',').includes('java'))).toBe(true);
      expect(total).toBe(
        await count(
          "del_flag='N' AND (skills_csv = 'java' OR skills_csv LIKE 'java,%' OR skills_csv LIKE '%,java' OR skills_csv LIKE '%,java,%')",
        ),
      );
      expect(total).toBeGreaterThan(0);
      for (const skill of ['c++', 'c#', '.net', 'node.js']) {
        const found = await list(`skill=${encodeURIComponent(skill)}`);
        expect(found.total).toBeGreaterThan(0);
        expect(found.rows.every((row) => row.skills_csv.split(',').includes(skill))).toBe(true);
      }
      expect((await list('skill=java,sql')).total).toBe(0);
    });

    test('a wildcard that is dropped leaves its spaces, which are searched for', async () => {
      const made = await create({ frl_name: 'Alpha Omegazeta', skills_csv: 'x' });
      expect((await list('q=omegazeta')).rows.map((row) => row.frl_id)).toEqual([made.frl_id]);
      expect((await list(`q=${encodeURIComponent('% omegazeta')}`)).total).toBe(1);
      expect((await list(`q=${encodeURIComponent('% alpha')}`)).total).toBe(0);
      expect((await list(`q=${encodeURIComponent('alpha _ omegazeta')}`)).total).toBe(0);
    });

    test('skills that somebody wrote past the API are shown as they are, NULL as nothing', async () => {
      const { frl_id } = await create({ frl_name: 'Handarbeit', skills_csv: 'x' });
      for (const [skills, found] of [
        ["'cobol,,pl1'", 1],
        ["'cobol,pl1,'", 1],
        ["'cobol, pl1'", 0],
        ["''", 0],
        ['NULL', 0],
      ] as const) {
        await db.query(`UPDATE freelancers SET skills_csv = ${skills} WHERE frl_id = ${frl_id}`);
        const shown = skills === 'NULL' ? '' : skills.replaceAll("'", '');
        expect((await guest.get(`/api/freelancers/${frl_id}`)).body.skills_csv).toBe(shown);
        expect((await list('q=handarbeit')).rows[0]!.skills_csv).toBe(shown);
        // with a space in front it is another skill
        expect([skills, (await list('skill=pl1')).total]).toEqual([skills, found]);
      }
    });

    test('stat, rates and availability narrow it down, all together', async () => {
      expect((await list('stat=B&del=all')).total).toBe(await count("frl_stat = 'B'"));
      expect((await list('rate_min=7000&rate_max=8000&del=all')).total).toBe(
        await count('rate_ct BETWEEN 7000 AND 8000'),
      );
      const by = await list('avail_by=01.01.2020&del=all');
      expect(by.total).toBe(await count("avail_from IS NULL OR avail_from <= '2020-01-01'"));
      expect(by.total).toBeGreaterThan(await count('avail_from IS NULL'));
      expect((await list('stat=A&rate_min=7000&avail_by=01.01.2020&del=all')).total).toBe(
        await count(
          "frl_stat = 'A' AND rate_ct >= 7000 AND (avail_from IS NULL OR avail_from <= '2020-01-01')",
        ),
      );
    });
  });

  describe('one', () => {
    test('has all its fields in order, NULL as an empty string, dates the German way', async () => {
      const made = await create({ frl_name: '  Plain ' });
      const res = await guest.get(`/API/Freelancers/${made.frl_id}/`).expect(200);
      expect(Object.keys(res.body)).toEqual(DETAIL_KEYS);
      expect(res.body).toMatchObject({
        frl_name: 'Plain',
        frl_match: 'PLAIN',
        frl_email: '',
        frl_phone: '',
        frl_stat: 'A',
        blk_reason: '',
        rate_ct: 0,
        cur: 'EUR',
        skills_csv: '',
        city: '',
        country: '',
        avail_from: '',
        notes: '',
        del_flag: 'N',
      });
      expect(res.body.created).toMatch(/^\d\d\.\d\d\.\d{4}$/);
      expect(res.body.changed).toMatch(/^\d\d\.\d\d\.\d{4} \d\d:\d\d$/);
    });

    test('12abc is 12, deleted ones are answered, the rest is 404, and no number at all 500', async () => {
      expect((await guest.get('/api/freelancers/12abc').expect(200)).body.frl_id).toBe(12);
      const [gone] = (await list('del=Y')).rows;
      expect((await guest.get(`/api/freelancers/${gone!.frl_id}`).expect(200)).body.del_flag).toBe('Y');
      for (const id of ['999999', '0', '-1', '2147483648', '9'.repeat(400)]) {
        expect((await guest.get(`/api/freelancers/${id}`).expect(404)).text).toBe(
          '{"error":"freelancer not found"}',
        );
      }
      expect((await guest.get('/api/freelancers/abc').expect(500)).text).toBe('{"error":"invalid id"}');
    });

    test('the zero date of the old import is no date and means now', async () => {
      const made = await create({ frl_name: 'Zero' });
      await db.query("UPDATE freelancers SET avail_from = '0000-00-00' WHERE frl_id = :id", {
        replacements: { id: made.frl_id },
      });
      expect((await guest.get(`/api/freelancers/${made.frl_id}`)).body.avail_from).toBe('');
      expect((await list('q=zero&avail_by=01.01.1990')).rows.map((row) => row.frl_id)).toEqual([made.frl_id]);
    });
  });

  describe('create', () => {
    test('stores everything, tidies skills, ignores what is not the client’s to set', async () => {
      const made = await create({
        frl_id: 5,
        frl_match: 'X',
        del_flag: 'Y',
        created: 'x',
        changed: 'x',
        nonsense: 1,
        frl_name: 'Łęcki, Stanisław',
        frl_email: 'Wokulski@Lalka.example',
        frl_phone: '1',
        frl_stat: 'I',
        rate_ct: 9500,
        skills_csv: 'Java, SQL,,java',
        city: 'Łódź',
        country: 'PL',
        avail_from: '29.02.2024',
        notes: 'a\nb',
      });
      expect(made).toMatchObject({
        frl_match: 'ECKI, STANISAW',
        frl_email: 'Wokulski@Lalka.example',
        frl_stat: 'I',
        rate_ct: 9500,
        skills_csv: 'Java,SQL',
        city: 'Łódź',
        avail_from: '29.02.2024',
        notes: 'a\nb',
        del_flag: 'N',
      });
      expect(made.frl_id).toBeGreaterThan(400);
      const form = await disp
        .post('/api/freelancers')
        .type('form')
        .send({ frl_name: 'Form', rate_ct: '12' })
        .expect(200);
      expect(form.body.rate_ct).toBe(12);
      expect((await create({ frl_name: "Robert'); DROP TABLE freelancers;--" })).frl_name).toBe(
        "Robert'); DROP TABLE freelancers;--",
      );
      expect((await create({ frl_name: 'emoji 🎉 \\ :id $1 ?' })).frl_name).toBe('emoji 🎉 \\ :id $1 ?');
    });

    test.each([
      [{ frl_stat: 'X' }, 'frl_name missing'],
      [{ frl_name: ' ', rate_ct: 'x' }, 'frl_name missing'],
      [{ frl_name: 'a', frl_stat: 'X', rate_ct: 'x' }, 'frl_stat invalid'],
      [{ frl_name: 'a', frl_stat: '' }, 'frl_stat invalid'],
      [{ frl_name: 'a', rate_ct: 'x', avail_from: 'x' }, 'rate_ct invalid'],
      [{ frl_name: 'a', rate_ct: -1 }, 'rate_ct invalid'],
      [{ frl_name: 'a', rate_ct: 1.5 }, 'rate_ct invalid'],
      [{ frl_name: 'a', rate_ct: '' }, 'rate_ct invalid'],
      [{ frl_name: 'a', avail_from: '2024-01-01' }, 'avail_from invalid'],
      [{ frl_name: 'a', avail_from: '30.02.2024' }, 'avail_from invalid'],
    ])('refuses %j: %s', async (body, error) => {
      const res = await disp.post('/api/freelancers').send(body).expect(400);
      expect(res.body).toEqual({ error });
    });

    test('answers a taken e-mail with 200 and an error, in any case; no e-mail is never taken', async () => {
      await create({ frl_name: 'One', frl_email: 'one@taken.example' });
      const res = await disp
        .post('/api/freelancers')
        .send({ frl_name: 'Two', frl_email: 'ONE@Taken.example' })
        .expect(200);
      expect(res.text).toBe('{"error":"email exists"}');
      await create({ frl_name: 'No mail', frl_email: '' });
      await create({ frl_name: 'No mail', frl_email: null });
    });

    test('of many at once with the same e-mail exactly one is made', async () => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, i) =>
          disp
            .post('/api/freelancers')
            .send({ frl_name: 'Race', frl_email: i % 2 ? 'race@x.example' : 'RACE@x.example' })
            .expect(200),
        ),
      );
      expect(answers.filter((res) => res.body.error === 'email exists')).toHaveLength(7);
      expect(await count("frl_name = 'Race'")).toBe(1);
    });

    test('what does not fit its column is a database error', async () => {
      for (const body of [
        { frl_name: 'x'.repeat(121) },
        { frl_name: 'ä'.repeat(61) },
        { frl_name: 'a', rate_ct: 2147483648 },
        { frl_name: 'a', country: 'DEU' },
        { frl_name: 'a', cur: 'EURO' },
      ]) {
        const res = await disp.post('/api/freelancers').send(body).expect(500);
        expect(res.text).toBe('{"error":"database error"}');
      }
      expect((await create({ frl_name: '€'.repeat(120) })).frl_match).toBe('');
      expect(server.errors.length).toBeGreaterThanOrEqual(5);
    });

    test('notes and descriptions hold 65,535 bytes, however few letters those are', async () => {
      const { frl_id } = await create({ frl_name: 'Notiz' });
      const put = (notes: string) => disp.put(`/api/freelancers/${frl_id}`).send({ notes });
      for (const notes of ['x'.repeat(65_535), '😀'.repeat(16_383)])
        expect((await put(notes).expect(200)).body.notes).toBe(notes);
      for (const notes of ['x'.repeat(70_000), 'ü'.repeat(32_768)])
        expect((await put(notes).expect(500)).text).toBe('{"error":"database error"}');
    });

    test('what String() cannot make text of is an internal error', async () => {
      for (const body of ['{"frl_name":{"toString":1}}', '{"frl_name":"a","notes":[{"toString":[]}]}'])
        expect((await disp.post('/api/freelancers').type('json').send(body).expect(500)).text).toBe(
          '{"error":"internal error"}',
        );
    });

    test('letters above U+FFFF are all one in e-mails on MySQL, and letters of their own on SQLite', async () => {
      await create({ frl_name: 'Rakete', frl_email: '🚀@x.example' });
      for (const frl_email of ['🎉@x.example', '\ufffd@x.example']) {
        const res = await disp.post('/api/freelancers').send({ frl_name: 'Fest', frl_email }).expect(200);
        if (kind.name === 'SQLite') expect(res.body.frl_email).toBe(frl_email);
        else expect(res.body).toEqual({ error: 'email exists' });
      }
    });

    test('answers malformed JSON with 400', async () => {
      const res = await disp.post('/api/freelancers').type('json').send('{"frl_name":').expect(400);
      expect(res.text).toBe('{"error":"bad request"}');
    });
  });

  describe('change', () => {
    test('changes only what is sent, renames the match, touches changed', async () => {
      const { frl_id } = await create({
        frl_name: 'Alt, Anna',
        city: 'Köln',
        rate_ct: 100,
        frl_email: 'alt@x.example',
      });
      await makeOld(frl_id);
      const res = await disp
        .put(`/api/freelancers/${frl_id}`)
        .send({ frl_name: 'Jünger, Anna', avail_from: '01.12.2030', frl_match: 'X', del_flag: 'Y' })
        .expect(200);
      expect(res.body).toMatchObject({
        frl_name: 'Jünger, Anna',
        frl_match: 'JUENGER, ANNA',
        city: 'Köln',
        rate_ct: 100,
        avail_from: '01.12.2030',
        del_flag: 'N',
      });
      expect(res.body.changed).not.toBe('03.02.2001 04:05');
      const cleared = await disp
        .put(`/api/freelancers/${frl_id}`)
        .send({ avail_from: '', frl_email: '' })
        .expect(200);
      expect(cleared.body).toMatchObject({ avail_from: '', frl_email: '' });
      expect(await count(`frl_id = ${frl_id} AND frl_email IS NULL AND avail_from IS NULL`)).toBe(1);
    });

    test('what changes nothing leaves changed alone', async () => {
      const { frl_id } = await create({ frl_name: 'Same', city: 'Köln' });
      await makeOld(frl_id);
      for (const body of [{}, { city: 'Köln' }, { frl_name: 'Same ' }]) {
        expect((await disp.put(`/api/freelancers/${frl_id}`).send(body).expect(200)).body.changed).toBe(
          '03.02.2001 04:05',
        );
      }
    });

    test('a form sent back as it came is a change where NULL or the zero date stood', async () => {
      const { frl_id } = await create({ frl_name: 'Zurück', city: null, frl_phone: '' });
      await db.query(`UPDATE freelancers SET avail_from = '0000-00-00' WHERE frl_id = ${frl_id}`);
      await makeOld(frl_id);
      const path = `/api/freelancers/${frl_id}`;
      const shown = (await guest.get(path).expect(200)).body;
      const saved = (await disp.put(path).send(shown).expect(200)).body;
      expect(saved).toEqual({ ...shown, changed: expect.not.stringMatching('03.02.2001 04:05') });
      expect(await count(`frl_id = ${frl_id} AND city = '' AND avail_from IS NULL`)).toBe(1);
      // once: now there is '' where '' comes
      await makeOld(frl_id);
      expect((await disp.put(path).send(shown).expect(200)).body.changed).toBe('03.02.2001 04:05');
    });

    test('makes the same checks as create for the keys that are there', async () => {
      const { frl_id } = await create({ frl_name: 'Checks', frl_email: 'checks@x.example' });
      await create({ frl_name: 'Other', frl_email: 'other@x.example' });
      for (const [body, error] of [
        [{ frl_name: '' }, 'frl_name missing'],
        [{ frl_stat: 'a' }, 'frl_stat invalid'],
        [{ rate_ct: null }, 'rate_ct invalid'],
        [{ avail_from: '1.1.2020' }, 'avail_from invalid'],
      ] as const) {
        expect((await disp.put(`/api/freelancers/${frl_id}`).send(body).expect(400)).body).toEqual({ error });
      }
      expect(
        (await disp.put(`/api/freelancers/${frl_id}`).send({ frl_email: 'OTHER@x.example' }).expect(200))
          .body,
      ).toEqual({ error: 'email exists' });
      expect(
        (await disp.put(`/api/freelancers/${frl_id}`).send({ frl_email: 'Checks@x.example' }).expect(200))
          .body.frl_email,
      ).toBe('Checks@x.example');
      await disp.put('/api/freelancers/999999').send({ frl_name: '' }).expect(404);
      await disp.put('/api/freelancers/abc').send({}).expect(500);
      expect(
        (
          await disp
            .put(`/api/freelancers/${frl_id}`)
            .send({ frl_name: 'x'.repeat(121) })
            .expect(500)
        ).body,
      ).toEqual({ error: 'database error' });
    });
  });

  test('block needs a reason and works once; activate clears it', async () => {
    const { frl_id } = await create({ frl_name: 'Block' });
    const path = `/api/freelancers/${frl_id}`;
    expect((await disp.post(`${path}/block`).send({ reason: ' ' }).expect(400)).body).toEqual({
      error: 'reason missing',
    });
    expect((await disp.post(`${path}/block`).expect(400)).body).toEqual({ error: 'reason missing' });
    await makeOld(frl_id);
    const blocked = await disp.post(`${path}/block`).send({ reason: 'no show' }).expect(200);
    expect(blocked.body).toMatchObject({ frl_stat: 'B', blk_reason: 'no show' });
    expect(blocked.body.changed).not.toBe('03.02.2001 04:05');
    expect((await disp.post(`${path}/block`).send({ reason: 'again' }).expect(400)).body).toEqual({
      error: 'already blocked',
    });
    await makeOld(frl_id);
    const active = await disp.post(`${path}/activate`).expect(200);
    expect(active.body).toMatchObject({ frl_stat: 'A', blk_reason: '' });
    expect(active.body.changed).not.toBe('03.02.2001 04:05');
    await makeOld(frl_id);
    expect((await disp.post(`${path}/activate`).expect(200)).body.changed).toBe('03.02.2001 04:05');
    await disp.post('/api/freelancers/999999/activate').expect(404);
    await disp.post('/api/freelancers/999999/block').send({ reason: 'x' }).expect(404);
    await disp.post('/api/freelancers/x/block').send({ reason: 'x' }).expect(500);
    await disp.post('/api/freelancers/x/activate').expect(500);
  });

  test('a status set by PUT leaves the reason as it is', async () => {
    const { frl_id } = await create({ frl_name: 'Put', frl_stat: 'B' });
    const put = async (body: object) =>
      (await disp.put(`/api/freelancers/${frl_id}`).send(body).expect(200)).body;
    expect(await put({})).toMatchObject({ frl_stat: 'B', blk_reason: '' });
    await put({ blk_reason: 'no show' });
    expect(await put({ frl_stat: 'A' })).toMatchObject({ frl_stat: 'A', blk_reason: 'no show' });
  });

  test('delete only marks, once, and may be said again', async () => {
    const { frl_id } = await create({ frl_name: 'Delete' });
    expect((await admin.delete(`/api/freelancers/${frl_id}`).expect(200)).text).toBe('{"ok":true}');
    await makeOld(frl_id);
    expect((await admin.delete(`/api/freelancers/${frl_id}`).expect(200)).text).toBe('{"ok":true}');
    expect((await guest.get(`/api/freelancers/${frl_id}`).expect(200)).body).toMatchObject({
      del_flag: 'Y',
      changed: '03.02.2001 04:05',
    });
    expect((await admin.delete('/api/freelancers/999999').expect(404)).body).toEqual({
      error: 'freelancer not found',
    });
    await admin.delete('/api/freelancers/x').expect(500);
  });

  test('ro may not write, only adm may delete', async () => {
    const refused = [
      guest.post('/api/freelancers').send({ frl_name: 'x' }),
      guest.put('/api/freelancers/1').send({}),
      guest.post('/api/freelancers/1/activate'),
      guest.post('/api/freelancers/1/block').send({ reason: 'x' }),
      guest.delete('/api/freelancers/1'),
      disp.delete('/api/freelancers/1'),
    ];
    for (const request of refused) expect((await request.expect(403)).text).toBe('{"error":"no rights"}');
  });

  coversContract(['freelancers'], () => ({ db, server }));
});
