import { describe, expect, test } from '@jest/globals';
import { describeOffice } from './testing/office.ts';

const KEYS = 'usr_id usr_login usr_name usr_role usr_active last_login created'.split(' ');

describeOffice('users', (office) => {
  let serial = 0;
  const made = async (body: object = {}) => {
    const usr_login = `user${++serial}`;
    const res = await office.admin
      .post('/api/users')
      .send({ usr_login, usr_name: 'Somebody', pass: 'secret', ...body })
      .expect(200);
    expect(res.body.error).toBeUndefined();
    return res.body as { usr_id: number; usr_login: string };
  };

  test('the list is wrapped, without pages, by login, true and false for what is 0 and 1 elsewhere', async () => {
    await made({ usr_login: 'ZZ' });
    await made({ usr_login: 'aa' });
    const res = await office.disp.get('/api/users?page=2&size=1&sort=-id').expect(200);
    expect(Object.keys(res.body)).toEqual(['users']);
    expect(Object.keys(res.body.users[0])).toEqual(KEYS);
    const logins = res.body.users.map((user: { usr_login: string }) => user.usr_login);
    // byte by byte: capitals first
    expect(logins).toEqual([...logins].sort());
    expect(logins).toHaveLength(await office.count('users'));
    expect(res.headers['x-total-count']).toBeUndefined();
    const active = (user: { usr_active: unknown }) => user.usr_active === true;
    expect(res.body.users.filter(active)).toHaveLength(await office.count('users WHERE usr_active = 1'));
    expect(new Set(res.body.users.map((user: { usr_active: unknown }) => user.usr_active))).toEqual(
      new Set([true, false]),
    );
    expect(res.text).not.toContain('pbkdf2');
  });

  test('one has the moment of the last login, empty when there was none', async () => {
    const { usr_id } = await made();
    expect((await office.admin.get(`/api/users/${usr_id}`).expect(200)).body).toEqual({
      usr_id,
      usr_login: `user${serial}`,
      usr_name: 'Somebody',
      usr_role: 'ro',
      usr_active: true,
      last_login: '',
      created: expect.stringMatching(/^\d\d\.\d\d\.\d{4}$/),
    });
    await office.server
      .anyone()
      .post('/api/login')
      .send({ user: `user${serial}`, pass: 'secret' })
      .expect(200);
    expect((await office.admin.get(`/api/users/${usr_id}`)).body.last_login).toMatch(
      /^\d\d\.\d\d\.\d{4} \d\d:\d\d$/,
    );
  });

  test.each([
    [{ usr_name: 'x', pass: 'long' }, 'usr_login missing'],
    [{ usr_login: ' ', usr_role: 'boss' }, 'usr_login missing'],
    [{ usr_login: 'x', usr_role: 'boss' }, 'usr_name missing'],
    [{ usr_login: 'x', usr_name: 'x', usr_role: 'boss', pass: 'x' }, 'usr_role invalid'],
    [{ usr_login: 'x', usr_name: 'x', usr_role: null, pass: 'long' }, 'usr_role invalid'],
    [{ usr_login: 'x', usr_name: 'x' }, 'pass too short'],
    [{ usr_login: 'x', usr_name: 'x', pass: 'abc' }, 'pass too short'],
    [{ usr_login: 'x', usr_name: 'x', pass: 12345 }, 'pass too short'],
  ])('create refuses %j: %s', async (body, error) => {
    expect((await office.admin.post('/api/users').send(body).expect(400)).body).toEqual({ error });
  });

  test('a login that is taken is a 200 with an error, in another case it is another login', async () => {
    const { usr_login } = await made();
    for (const again of [usr_login, ` ${usr_login} `]) {
      const res = await office.admin
        .post('/api/users')
        .send({ usr_login: again, usr_name: 'x', pass: 'long' })
        .expect(200);
      expect(res.text).toBe('{"error":"login exists"}');
    }
    await made({ usr_login: usr_login.toUpperCase() });
  });

  test('what is too long for its column is a database error', async () => {
    for (const body of [{ usr_login: 'x'.repeat(41) }, { usr_name: 'x'.repeat(121) }]) {
      const res = await office.admin
        .post('/api/users')
        .send({ usr_login: 'toolong', usr_name: 'x', pass: 'long', ...body })
        .expect(500);
      expect(res.text).toBe('{"error":"database error"}');
    }
    const { usr_id } = await made();
    const res = await office.admin
      .put(`/api/users/${usr_id}`)
      .send({ usr_name: 'x'.repeat(121) })
      .expect(500);
    expect(res.body).toEqual({ error: 'database error' });
  });

  describe('update', () => {
    test('changes name, role, password and whether he may log in; never the login', async () => {
      const { usr_id, usr_login } = await made();
      const res = await office.admin
        .put(`/api/users/${usr_id}`)
        .send({ usr_login: 'another', usr_name: ' New Name ', usr_role: 'dis', pass: 'another one' })
        .expect(200);
      expect(res.body).toMatchObject({ usr_login, usr_name: 'New Name', usr_role: 'dis', usr_active: true });
      const login = (pass: string) =>
        office.server.anyone().post('/api/login').send({ user: usr_login, pass });
      await login('secret').expect(401);
      await login('another one').expect(200);
      for (const [given, active] of [
        [0, false],
        [1, true],
        ['0', false],
        ['1', true],
        [false, false],
        [true, true],
        ['yes', false],
        [2, false],
      ] as const) {
        const set = await office.admin.put(`/api/users/${usr_id}`).send({ usr_active: given }).expect(200);
        expect([given, set.body.usr_active]).toEqual([given, active]);
      }
      await login('another one').expect(401);
      expect((await office.admin.put(`/api/users/${usr_id}`).send({}).expect(200)).body.usr_name).toBe(
        'New Name',
      );
    });

    test('a password that was changed ends no session', async () => {
      const { usr_id, usr_login } = await made({ usr_role: 'dis', pass: usrPass });
      const agent = office.server.anyone();
      await agent.post('/api/login').send({ user: usr_login, pass: usrPass }).expect(200);
      await office.admin.put(`/api/users/${usr_id}`).send({ pass: 'stolen no more' }).expect(200);
      await agent.get('/api/me').expect(200);
    });

    test.each([
      [{ usr_name: '' }, 'usr_name missing'],
      [{ usr_name: null }, 'usr_name missing'],
      [{ usr_role: '' }, 'usr_role invalid'],
      [{ usr_role: 'ADM' }, 'usr_role invalid'],
      [{ pass: 'abc' }, 'pass too short'],
      [{ pass: null }, 'pass too short'],
    ])('refuses %j: %s', async (body, error) => {
      const { usr_id } = await made();
      expect((await office.admin.put(`/api/users/${usr_id}`).send(body).expect(400)).body).toEqual({ error });
    });
  });

  test('nobody switches himself off', async () => {
    for (const res of [
      await office.admin.put('/api/users/1').send({ usr_active: 'no' }).expect(400),
      await office.admin.delete('/api/users/1').expect(400),
    ])
      expect(res.body).toEqual({ error: 'not yourself' });
    await office.admin.get('/api/me').expect(200);
  });

  test('delete switches off and may be said again; the session goes on with its old rights, me does not', async () => {
    const { usr_id, usr_login } = await made({ usr_role: 'dis', pass: usrPass });
    const agent = office.server.anyone();
    await agent.post('/api/login').send({ user: usr_login, pass: usrPass }).expect(200);
    for (let i = 0; i < 2; i++)
      expect((await office.admin.delete(`/api/users/${usr_id}`).expect(200)).text).toBe('{"ok":true}');
    expect((await office.admin.get(`/api/users/${usr_id}`).expect(200)).body.usr_active).toBe(false);
    await agent.put('/api/freelancers/1').send({}).expect(200);
    await agent.get('/api/me').expect(401);
    await office.server.anyone().post('/api/login').send({ user: usr_login, pass: usrPass }).expect(401);
  });

  test('rights are those of the login, not those of the row', async () => {
    const { usr_id, usr_login } = await made({ usr_role: 'adm', pass: usrPass });
    const agent = office.server.anyone();
    await agent.post('/api/login').send({ user: usr_login, pass: usrPass }).expect(200);
    await office.admin.put(`/api/users/${usr_id}`).send({ usr_role: 'ro' }).expect(200);
    expect((await agent.get('/api/me').expect(200)).body.usr_role).toBe('ro');
    await agent.get(`/api/users/${usr_id}`).expect(200);
    await agent.post('/api/login').send({ user: usr_login, pass: usrPass }).expect(200);
    await agent.get(`/api/users/${usr_id}`).expect(403);
  });

  test('odd ids', async () => {
    expect((await office.admin.get('/api/users/1abc').expect(200)).body.usr_id).toBe(1);
    for (const id of ['999999', '0', '-1', '2147483648'])
      expect((await office.admin.get(`/api/users/${id}`).expect(404)).body).toEqual({
        error: 'user not found',
      });
    await office.admin.put('/api/users/999999').send({ usr_name: '' }).expect(404);
    await office.admin.delete('/api/users/999999').expect(404);
    for (const res of [
      await office.admin.get('/api/users/x').expect(500),
      await office.admin.put('/api/users/x').send({}).expect(500),
      await office.admin.delete('/api/users/x').expect(500),
    ])
      expect(res.body).toEqual({ error: 'invalid id' });
  });

  test('dis sees the list alone, ro nothing', async () => {
    const refused = [
      office.guest.get('/api/users'),
      office.guest.get('/api/users/3'),
      office.disp.get('/api/users/2'),
      office.disp.post('/api/users').send({}),
      office.disp.put('/api/users/2').send({}),
      office.disp.delete('/api/users/3'),
    ];
    for (const request of refused) expect((await request.expect(403)).text).toBe('{"error":"no rights"}');
  });
});

const usrPass = 'his own';
