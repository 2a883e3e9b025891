import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { QueryTypes, type Sequelize } from 'sequelize';
import { nowDb } from './lib/dates.ts';
import { coversContract } from './testing/contract/covers.ts';
import { describeOnEveryDatabase, seedSmall, type TestDatabase } from './testing/databases.ts';
import { startServer, type TestServer } from './testing/server.ts';

describeOnEveryDatabase('login', (kind) => {
  let database: TestDatabase;
  let db: Sequelize;
  let server: TestServer;
  beforeAll(async () => {
    database = await kind.create();
    db = database.open();
    await seedSmall(db);
    server = await startServer(db);
  });
  afterAll(async () => {
    await server.close();
    await database.drop();
  });

  const sessions = () =>
    db.query<{ sid: string; usr_id: number; expires: string }>('SELECT * FROM sessions', {
      type: QueryTypes.SELECT,
    });

  test('answers /ping without a session', async () => {
    const res = await server.anyone().get('/ping').expect(200);
    expect(res.text).toBe('pong');
    expect(res.headers['set-cookie']).toBeUndefined();
  });

  test('logs in with JSON and with a form, keys in order, and sets connect.sid', async () => {
    const json = await server.anyone().post('/api/login').send({ user: 'admin', pass: 'admin' }).expect(200);
    expect(json.text).toBe('{"ok":true,"user":{"usr_id":1,"usr_login":"admin","usr_role":"adm"}}');
    expect(json.headers['set-cookie']?.[0]).toMatch(/^connect\.sid=s%3A[^;]+; Path=\/; HttpOnly$/);
    const form = await server
      .anyone()
      .post('/API/Login/')
      .type('form')
      .send({ user: 'disp', pass: 'disp' })
      .expect(200);
    expect(form.body.user).toEqual({ usr_id: 2, usr_login: 'disp', usr_role: 'dis' });
  });

  test.each([
    [{ user: 'admin', pass: 'wrong' }],
    [{ user: 'nobody', pass: 'admin' }],
    [{ user: 'ADMIN', pass: 'admin' }],
    [{ user: 'admin ', pass: 'admin' }],
    [{ user: "admin' OR '1'='1", pass: 'x' }],
    [{ user: { $ne: '' }, pass: ['admin'] }],
    [{ user: 'admin\0', pass: 'admin' }],
    [{}],
  ])('refuses %j without a cookie', async (body) => {
    const res = await server.anyone().post('/api/login').send(body).expect(401);
    expect(res.text).toBe('{"error":"wrong login"}');
    expect(res.headers['set-cookie']).toBeUndefined();
  });

  test('gives a new session id on every login', async () => {
    const agent = await server.login('guest');
    const again = await agent.post('/api/login').send({ user: 'guest', pass: 'guest' }).expect(200);
    expect(again.headers['set-cookie']).toHaveLength(1);
  });

  test.each(['/api/login', '/login'])(
    '%s answers when the session stands: who goes on at the first byte is logged in',
    async (path) => {
      // a slow database: what is answered before the row is written shows
      db.models.Session!.addHook('beforeCreate', 'slow', () => new Promise((done) => setTimeout(done, 300)));
      try {
        const login = await fetch(server.url + path, {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: 'user=disp&pass=disp',
          redirect: 'manual',
        });
        const cookie = login.headers.get('set-cookie')!.split(';')[0]!;
        await server.anyone().get('/api/me').set('cookie', cookie).expect(200);
      } finally {
        db.models.Session!.removeHook('beforeCreate', 'slow');
      }
    },
  );

  test('/api/me names the user, or says that nobody is logged in', async () => {
    const agent = await server.login('disp');
    const me = await agent.get('/api/me').expect(200);
    expect(me.text).toBe('{"usr_id":2,"usr_login":"disp","usr_name":"Dörte Disponentin","usr_role":"dis"}');
    const none = await server.anyone().get('/api/me').expect(401);
    expect(none.text).toBe('{"error":"not logged in"}');
  });

  test('logout ends the session for every holder of its cookie', async () => {
    const login = await server.anyone().post('/api/login').send({ user: 'admin', pass: 'admin' });
    const cookie = String(login.headers['set-cookie']?.[0]).split(';')[0]!;
    await server.anyone().get('/api/freelancers').set('cookie', cookie).expect(200);
    const out = await server.anyone().post('/api/logout').set('cookie', cookie).expect(200);
    expect(out.text).toBe('{"ok":true}');
    await server.anyone().get('/api/freelancers').set('cookie', cookie).expect(401);
    await server.anyone().post('/api/logout').expect(200);
  });

  test('everything else under /api is 401 without a session, unknown paths too (outside they lead to the login); with one they are HTML 404', async () => {
    for (const path of ['/api/freelancers', '/api/freelancers/1', '/api/nothing', '/api']) {
      const res = await server.anyone().get(path).expect(401);
      expect(res.text).toBe('{"error":"not logged in"}');
    }
    const agent = await server.login('guest');
    const res = await agent.get('/api/nothing').expect(404);
    expect(res.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(res.text).toContain('Cannot GET /api/nothing');
    await server.anyone().get('/nothing').expect(302);
  });

  test('OPTIONS is answered to whoever is logged in, with what a path takes', async () => {
    const agent = await server.login('guest');
    for (const [path, methods] of [
      ['/api/freelancers/3', 'DELETE, GET, HEAD, PUT'],
      ['/API/Login/', 'POST'],
      ['/api/payments/run', 'GET, HEAD, POST'],
      ['/login', 'GET, HEAD, POST'],
      ['/ping', 'GET, HEAD'],
    ] as const) {
      const res = await agent.options(path).expect(200);
      expect([path, res.headers.allow, res.text]).toEqual([path, methods, methods]);
      expect(res.headers['content-type']).toBe('text/plain');
    }
    for (const path of ['/api/nothing', '/nothing', '/static/style.css'])
      expect((await agent.options(path).expect(404)).text).toContain(`Cannot OPTIONS ${path}`);
    for (const path of ['/api/freelancers/3', '/api/login'])
      expect((await server.anyone().options(path).expect(401)).text).toBe('{"error":"not logged in"}');
    for (const path of ['/login', '/ping']) await server.anyone().options(path).expect(302);
  });

  test('answers a forged cookie with 401', async () => {
    await server.anyone().get('/api/me').set('cookie', 'connect.sid=s%3Aabc.def').expect(401);
  });

  test('a session that has ended is none, and is swept', async () => {
    const agent = await server.login('guest');
    await db.query('UPDATE sessions SET expires = :past', {
      replacements: { past: nowDb(new Date(Date.now() - 2000)) },
    });
    await agent.get('/api/freelancers').expect(401);
    const { SessionStore } = await import('./lib/session-store.ts');
    const store = new SessionStore(db);
    await new Promise<void>((resolve, reject) =>
      store.clearExpiredSessions((err) => (err ? reject(err) : resolve())),
    );
    store.stopExpiringSessions();
    expect(await sessions()).toEqual([]);
  });

  test('writes to the session only when its end has come nearer by more than a quarter of an hour', async () => {
    const agent = await server.login('guest');
    const [before] = await sessions();
    const almost = nowDb(new Date(Date.now() + 24 * 3600_000 - 600_000));
    await db.query('UPDATE sessions SET expires = :almost', { replacements: { almost } });
    const read = await agent.get('/api/freelancers').expect(200);
    expect(read.headers['set-cookie']).toBeUndefined();
    expect((await sessions())[0]).toEqual({ ...before, expires: almost });
    const nearer = nowDb(new Date(Date.now() + 3600_000));
    await db.query('UPDATE sessions SET expires = :nearer', { replacements: { nearer } });
    await agent.get('/api/freelancers').expect(200);
    expect((await sessions())[0]!.expires > almost).toBe(true);
    expect((await sessions())[0]!.usr_id).toBe(3);
  });

  test('a user who was switched off cannot log in', async () => {
    await db.query('UPDATE users SET usr_active = 0 WHERE usr_id = 3');
    await server.anyone().post('/api/login').send({ user: 'guest', pass: 'guest' }).expect(401);
    await db.query('UPDATE users SET usr_active = 1 WHERE usr_id = 3');
  });

  coversContract(['login'], () => ({ db, server }));
});
