import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import iconv from 'iconv-lite';
import { QueryTypes, type Sequelize } from 'sequelize';
import { coversContract } from './testing/contract/covers.ts';
import { describeOnEveryDatabase, seedSmall, type TestDatabase } from './testing/databases.ts';
import { type Agent, startServer, type TestServer } from './testing/server.ts';

/** The answer as soon as its headers are there. */
function headersOf(
  url: string,
  { body, ...options }: RequestOptions & { body?: string },
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(url, { agent: false, ...options }, (answer) => resolve(answer.resume()))
      .on('error', reject)
      .end(body);
  });
}

describeOnEveryDatabase('pages', (kind) => {
  let database: TestDatabase;
  let db: Sequelize;
  let server: TestServer;
  let disp: Agent;
  let guest: Agent;
  beforeAll(async () => {
    database = await kind.create();
    db = database.open();
    await seedSmall(db);
    server = await startServer(db);
    [disp, guest] = [await server.login('disp'), await server.login('guest')];
  });
  afterAll(async () => {
    await server.close();
    await database.drop();
  });
  const one = async <T>(sql: string) => (await db.query<{ v: T }>(sql, { type: QueryTypes.SELECT }))[0]!.v;
  const form = (agent: Agent, path: string, fields: Record<string, string>) =>
    agent.post(path).type('form').send(fields);
  const flashOf = (res: { headers: Record<string, string> }) =>
    decodeURIComponent(/flash=([^;]*)/.exec(String(res.headers['set-cookie']))?.[1] ?? '');

  describe('login', () => {
    test('is where everything leads without a session, and back to what was asked for', async () => {
      const stranger = server.anyone();
      const res = await stranger
        .get('/projects?q=a%26b&stat=run')
        .set('Host', 'www.agentur.example')
        .expect(302);
      expect(res.headers.location).toBe(
        'http://www.agentur.example/login?next=%2Fprojects%3Fq%3Da%2526b%26stat%3Drun',
      );
      expect((await stranger.get('/').set('Host', 'x').expect(302)).headers.location).toBe('http://x/login');
      expect((await stranger.get('/nothing').set('Host', 'x').expect(302)).headers.location).toBe(
        'http://x/login?next=%2Fnothing',
      );
      expect((await stranger.post('/payments/run').set('Host', 'x').expect(302)).headers.location).toBe(
        'http://x/login',
      );
      // no Host at all (HTTP/1.0): a path
      const page = await stranger.get('/login?next=/projects').expect(200);
      expect(page.text).toContain('name="next" value="/projects"');
      const wrong = await form(stranger, '/login', { user: 'disp', pass: 'no', next: '/projects' }).expect(
        200,
      );
      expect(wrong.text).toContain('Name oder Kennwort ist falsch.');
      expect(wrong.text).toContain('value="disp"');
      const right = await form(stranger, '/login', { user: 'disp', pass: 'disp', next: '/projects' })
        .set('Host', 'x')
        .expect(302);
      expect(right.headers.location).toBe('http://x/projects');
      expect(String(right.headers['set-cookie'])).toMatch(/^connect\.sid=[^;]+; Path=\/; HttpOnly$/);
      await stranger.get('/projects').expect(200);
    });

    test.each([
      ['a URL', 'https://evil.example/'],
      ['two slashes', '//evil.example/'],
      ['a backslash', '/\\evil.example'],
      ['a script', 'javascript:alert(1)'],
      ['a header', '/a\r\nSet-Cookie: x=y'],
      ['a path without end', `/${'x'.repeat(2000)}`],
    ])('never leads to another host: %s', async (_what, next) => {
      const res = await form(server.anyone(), '/login', { user: 'disp', pass: 'disp', next })
        .set('Host', 'x')
        .expect(302);
      expect(res.headers.location).toBe('http://x/freelancers');
    });

    test('behind a proxy that speaks https, links do too', async () => {
      const res = await server
        .anyone()
        .get('/')
        .set('Host', 'x')
        .set('X-Forwarded-Proto', 'https')
        .expect(302);
      expect(res.headers.location).toBe('https://x/login');
      const page = await server.anyone().get('/login').set('Host', 'x').set('X-Forwarded-Proto', 'https');
      expect(page.text).toContain('href="https://x/static/style.css?v=7"');
    });

    test('is saved before the browser hears of it', async () => {
      // a browser goes where the headers send it and does not wait for the rest of the answer
      for (let round = 0; round < 25; round++) {
        const answer = await headersOf(`${server.url}/login`, {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: 'user=disp&pass=disp',
        });
        const cookie = String(answer.headers['set-cookie']).split(';')[0]!;
        const next = await headersOf(`${server.url}/freelancers`, { headers: { cookie } });
        expect(next.statusCode).toBe(200);
      }
    });

    test('ends with logout, whose message is shown once', async () => {
      const agent = await server.login('disp');
      const res = await agent.post('/logout').expect(302);
      expect(flashOf(res)).toBe('Sie sind abgemeldet.');
      const first = await agent.get('/login').expect(200);
      expect(first.text).toContain('<p id="flash" role="status">Sie sind abgemeldet.</p>');
      expect(String(first.headers['set-cookie'])).toMatch(/flash=; Path=\/; Expires=Thu, 01 Jan 1970/);
      expect((await agent.get('/login')).text).not.toContain('id="flash"');
      await agent.get('/freelancers').expect(302);
      await agent.get('/api/me').expect(401);
    });
  });

  test.each([
    ['/freelancers?q=m&sort=-rate&page=2', 'Freiberufler'],
    ['/customers?sort=city', 'Kunden'],
    ['/projects?stat=done', 'Projekte'],
    ['/timesheets?month=2025-03', 'Stundenzettel'],
    ['/payments?sort=-amount', 'Zahlungen'],
    ['/imports', 'Importe'],
    ['/reports/monthly?month=2025-03', 'Monatsbericht'],
  ])('shows %s to everybody who is logged in', async (path, title) => {
    const res = await guest.get(path).set('Host', 'www.agentur.example').expect(200);
    expect(res.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(res.text).toContain(`<h1>${title}</h1>`);
    // every link is absolute and leads to the host that was asked
    for (const [, link] of res.text.matchAll(/(?:href|src|action)="([^"]*)"/g))
      expect(link).toMatch(/^http:\/\/www\.agentur\.example\//);
  });

  test('a list shows what the API gives, page by page, and sorts both ways', async () => {
    const api = await guest.get('/api/freelancers?q=m&sort=rate&page=2&size=20');
    const page = await guest.get('/freelancers?q=m&sort=rate&page=2').set('Host', 'x');
    const ids = [...page.text.matchAll(/freelancers\/(\d+)\/edit/g)].map(([, id]) => Number(id));
    expect(ids).toEqual(api.body.map((row: { frl_id: number }) => row.frl_id));
    expect(page.text).toContain(`${api.headers['x-total-count']} Treffer, Seite 2 von`);
    expect(page.text).toContain('href="http://x/freelancers?q=m&amp;sort=-rate"');
    expect(page.text).toContain('href="http://x/freelancers?q=m&amp;sort=rate&amp;page=1"');
    const beyond = await guest.get('/freelancers?page=9999');
    expect(beyond.text).toMatch(/Seite (\d+) von \1</);
    for (const odd of ['page[]=2', 'q[a]=b', 'q=%00', 'stat=%3Cscript%3E', 'page=1e999', '__proto__[x]=1'])
      await guest.get(`/freelancers?${odd}`).expect(200);
  });

  describe('the form', () => {
    test('changes what it shows, and shows what is wrong with what was typed kept', async () => {
      const created = await form(disp, '/freelancers', {
        frl_name: 'Neu, Nina',
        rate: '95,50',
        skills_csv: 'java',
      })
        .set('Host', 'x')
        .expect(302);
      const path = /^http:\/\/x(\/freelancers\/\d+\/edit)$/.exec(created.headers.location!)![1]!;
      expect(flashOf(created)).toBe('Neu, Nina ist angelegt.');
      const shown = await disp.get(path).expect(200);
      expect(shown.text).toContain('name="rate" value="95,50"');
      const wrong = await form(disp, path, { frl_name: 'Neu, Nora', avail_from: '31.02.2026' }).expect(200);
      expect(wrong.text).toContain('Das Datum &#34;verfügbar ab&#34; ist ungültig (TT.MM.JJJJ).');
      expect(wrong.text).toContain('value="31.02.2026"');
      expect(wrong.text).toContain('value="Neu, Nora"');
      const saved = await form(disp, path, { frl_name: 'Neu, Nora', avail_from: '28.02.2026', rate: '80' });
      expect(flashOf(saved)).toBe('Neu, Nora ist gespeichert.');
      const api = await disp.get(path.replace('/edit', '').replace('/freelancers', '/api/freelancers'));
      expect(api.body).toMatchObject({
        frl_name: 'Neu, Nora',
        avail_from: '28.02.2026',
        rate_ct: 8000,
        skills_csv: 'java',
      });
      expect((await form(disp, path, { frl_name: 'x', rate: '1e3' }).expect(200)).text).toContain(
        'Der Stundensatz ist ungültig.',
      );
      expect((await form(disp, '/freelancers', { frl_name: ' ' }).expect(200)).text).toContain(
        'Der Name fehlt.',
      );
    });

    test('shows what people type as text, never as markup', async () => {
      const name = `"><script>alert(1)</script>, <b onclick='x'>&amp;`;
      const created = await form(disp, '/freelancers', { frl_name: name, notes: '</textarea><i>' }).expect(
        302,
      );
      const path = new URL(created.headers.location!).pathname;
      for (const page of [
        path,
        '/freelancers?q=script',
        '/freelancers?q=%22%3E%3Cscript%3E',
        '/login?next=%22%3E%3Cscript%3E',
      ]) {
        const { text } = await disp.get(page).expect(200);
        expect(text).not.toMatch(/<script>|<b onclick|<\/textarea><i>/);
      }
      const flashed = await disp.get(path);
      expect(flashed.text).toContain('&lt;script&gt;');
    });

    test('is a page of its own for what is not there', async () => {
      expect((await disp.get('/freelancers/999999/edit').expect(404)).text).toContain('Nicht gefunden');
      expect((await disp.get('/freelancers/abc/edit').expect(404)).text).toContain('Nicht gefunden');
      expect((await form(disp, '/freelancers/999999/edit', { frl_name: 'x' }).expect(404)).text).toContain(
        'Nicht gefunden',
      );
      await disp.get('/imports/999999').expect(404);
      expect((await disp.get('/nothing').expect(404)).text).toContain('Cannot GET /nothing');
    });

    test('is only for those who may write', async () => {
      expect((await guest.get('/freelancers/1/edit').expect(200)).text).toContain(
        'value="Speichern" disabled',
      );
      expect((await guest.get('/freelancers/new').expect(403)).text).toContain('Dafür haben Sie kein Recht.');
      await form(guest, '/freelancers/1/edit', { frl_name: 'x' }).expect(403);
      await guest.post('/payments/run').expect(403);
      await guest.post('/timesheets/1/approve').expect(403);
      await guest.post('/imports').expect(403);
    });
  });

  test('approves a timesheet and goes back to the list it was pressed on', async () => {
    const id = await one<number>("SELECT MAX(tsh_id) AS v FROM timesheets WHERE tsh_stat = 'appr'");
    await db.query(`UPDATE timesheets SET tsh_stat = 'subm' WHERE tsh_id = ${id}`);
    const back = '/timesheets?stat=subm&page=1';
    const list = await disp.get('/timesheets?stat=subm');
    expect(list.text).toContain('value="freigeben"');
    const res = await form(disp, `/timesheets/${id}/approve`, { back }).set('Host', 'x').expect(302);
    expect(res.headers.location).toBe(`http://x${back}`);
    expect(flashOf(res)).toBe(`Stundenzettel ${id} ist freigegeben.`);
    expect(await one<string>(`SELECT tsh_stat AS v FROM timesheets WHERE tsh_id = ${id}`)).toBe('appr');
    const again = await form(disp, `/timesheets/${id}/approve`, { back: '//evil.example' }).set('Host', 'x');
    expect(again.headers.location).toBe('http://x/timesheets');
    expect(flashOf(again)).toBe('Nicht freigegeben: wrong state');
  });

  test('runs the payments of a month', async () => {
    const month = await one<string>("SELECT MAX(tsh_day) AS v FROM timesheets WHERE tsh_stat = 'appr'");
    const res = await form(disp, '/payments/run', { month: month.slice(0, 7) }).expect(302);
    expect(flashOf(res)).toMatch(/^\d+ Zahlungen über \d+,\d\d EUR angelegt\.$/);
    expect(flashOf(await form(disp, '/payments/run', { month: 'x' }).expect(302))).toBe(
      'Kein Lauf: month invalid',
    );
  });

  test('uploads a file and shows what became of it', async () => {
    const bytes = Buffer.from('00;FIBU;20260701;1\r\n30;UP1;CUS;C0000001;von Hand\r\n50;x\r\n99;2;0,00\r\n');
    const res = await disp
      .post('/imports')
      .attach('file', bytes, 'von Hand.dat')
      .set('Host', 'x')
      .expect(302);
    expect(flashOf(res)).toBe('Importiert: 1 neu, 0 doppelt, 1 abgelehnt.');
    const page = await disp.get(new URL(res.headers.location!).pathname).expect(200);
    expect(page.text).toContain('von Hand.dat');
    expect(page.text).toContain('unknown type');
    expect(flashOf(await disp.post('/imports').attach('file', bytes, 'a.dat'))).toBe(
      'Diese Datei ist schon importiert.',
    );
    expect(flashOf(await disp.post('/imports').attach('file', Buffer.from('no'), 'a'))).toBe(
      'Das ist keine FIBU-Datei.',
    );
    expect(flashOf(await disp.post('/imports').field('a', 'b'))).toBe('Bitte eine Datei auswählen.');
    const broken = disp
      .post('/imports')
      .set('content-type', 'multipart/form-data; boundary=x')
      .send('--x\r\nbroken');
    expect(flashOf(await broken)).toBe('Die Datei kam nicht ganz an.');
  });

  describe('downloads', () => {
    const bytes = (agent: Agent, path: string) =>
      agent
        .get(path)
        .buffer(true)
        .parse((res, done) => {
          const chunks: Buffer[] = [];
          res.on('data', (chunk: Buffer) => chunks.push(chunk));
          res.on('end', () => done(null, Buffer.concat(chunks)));
        });

    test('the freelancers as Excel wants them', async () => {
      await form(disp, '/freelancers', {
        frl_name: 'Semikolon; "Quote"',
        rate: '10,05',
        city: 'Łódź €',
      }).expect(302);
      const res = await bytes(guest, '/freelancers.csv').expect(200);
      expect(res.headers['content-type']).toBe('text/csv; charset=windows-1252');
      expect(res.headers['content-disposition']).toBe(
        `attachment; filename="Freiberufler.csv"; filename*=UTF-8''Freiberufler.csv`,
      );
      const lines = iconv.decode(res.body, 'win1252').split('\r\n');
      expect(lines[0]).toBe('Nr;Name;Status;Stundensatz;Skills;Ort;Verfügbar ab');
      expect(lines.at(-2)).toMatch(/^\d+;"Semikolon; ""Quote""";A;10,05;;\?ód\? €;$/);
      expect(lines.length - 2).toBe(
        Number(await one("SELECT COUNT(*) AS v FROM freelancers WHERE del_flag = 'N'")),
      );
    });

    test('the hours of a month, with an umlaut in the name of the file', async () => {
      const month = (await one<string>('SELECT MAX(tsh_day) AS v FROM timesheets')).slice(0, 7);
      const res = await bytes(guest, `/timesheets.csv?month=${month}`).expect(200);
      expect(res.headers['content-disposition']).toBe(
        `attachment; filename="Stundenübersicht ${month}.csv"; filename*=UTF-8''Stunden%C3%BCbersicht%20${month}.csv`,
      );
      const lines = iconv.decode(res.body, 'win1252').split('\r\n');
      expect(lines[0]).toBe('Nr;Tag;Freiberufler;Projekt;Stunden;Betrag;Status;Text');
      expect(lines.length - 2).toBe(
        Number(await one(`SELECT COUNT(*) AS v FROM timesheets WHERE tsh_day LIKE '${month}%'`)),
      );
      expect((await guest.get('/timesheets.csv').expect(400)).text).toContain('Bitte einen Monat angeben');
    });

    test('the statement of a payment: the same bytes until something that stands in it changes', async () => {
      const id = await one<number>('SELECT MIN(pay_id) AS v FROM timesheets');
      const first = await bytes(guest, `/payments/${id}/statement.pdf`).expect(200);
      expect(first.headers['content-type']).toBe('application/pdf');
      expect(first.headers['content-disposition']).toMatch(
        /^inline; filename="Abrechnung .* \d{4}-\d\d\.pdf"; filename\*=UTF-8''Abrechnung%20/,
      );
      expect(first.body.subarray(0, 5).toString()).toBe('%PDF-');
      expect(first.body.length).toBeGreaterThan(1000);
      const second = await bytes(guest, `/payments/${id}/statement.pdf`);
      expect(first.body.equals(second.body)).toBe(true);
      const seen = [first.body as Buffer];
      for (const change of [
        `UPDATE freelancers SET frl_name = 'Umbenannt' WHERE frl_id = (SELECT frl_id FROM payments WHERE pay_id = ${id})`,
        `UPDATE projects SET prj_title = 'Anders' WHERE prj_id = (SELECT MIN(prj_id) FROM timesheets WHERE pay_id = ${id})`,
        `UPDATE payments SET changed = '2001-02-03 04:05:06' WHERE pay_id = ${id}`,
      ]) {
        await db.query(change);
        const next = await bytes(guest, `/payments/${id}/statement.pdf`).expect(200);
        for (const body of seen) expect(next.body.equals(body)).toBe(false);
        seen.push(next.body);
      }
      await guest.get('/payments/999999/statement.pdf').expect(404);
      await guest.get('/payments/x/statement.pdf').expect(500);
    });

    test('static files are kept by browsers and given in parts', async () => {
      const res = await server.anyone().get('/static/style.css').expect(200);
      expect(res.headers['cache-control']).toBe('public, max-age=3600');
      await server.anyone().get('/static/style.css').set('If-None-Match', res.headers.etag!).expect(304);
      const part = await server.anyone().get('/static/style.css').set('Range', 'bytes=0-9').expect(206);
      await server.anyone().get('/static/style.css').set('Range', 'bytes=99999-').expect(416);
      expect(part.headers['content-range']).toMatch(/^bytes 0-9\/\d+$/);
      for (const [name, value] of [
        ['If-Match', '"x"'],
        ['If-Unmodified-Since', 'Thu, 01 Jan 1970 00:00:00 GMT'],
      ] as const) {
        const other = await server.anyone().get('/static/style.css').set(name, value).expect(412);
        expect(other.text).toBe('{"error":"bad request"}');
      }
      const folder = await server.anyone().get('/static').expect(301);
      expect(folder.headers.location).toBe('/static/');
      await server.anyone().get('/static/../app.ts').expect(302);
      await server.anyone().get('/static/%2e%2e/app.ts').expect(302);
    });
  });

  test('shows five hundred letters of a message, however long the cookie is', async () => {
    const { text } = await server
      .anyone()
      .get('/login')
      .set('cookie', `flash=${'m'.repeat(800)}`)
      .expect(200);
    expect(text).toContain('m'.repeat(500));
    expect(text).not.toContain('m'.repeat(501));
  });

  test('whoever accepts neither HTML nor text is sent on without a word', async () => {
    const res = await server.anyone().get('/projects').set('Accept', 'application/json').expect(302);
    expect([res.text, res.headers['content-type']]).toEqual(['', undefined]);
    expect(res.headers.location).toMatch(/\/login\?next=%2Fprojects$/);
  });

  test('HEAD answers as GET does, without a body', async () => {
    const res = await guest.head('/freelancers').expect(200);
    expect(Number(res.headers['content-length'])).toBeGreaterThan(1000);
    expect(res.text).toBeUndefined();
  });

  test('nothing of all this was a 500', () => {
    expect(server.errors).toEqual([]);
  });

  coversContract(['pages', 'downloads', 'technical'], () => ({ db, server }));
});
