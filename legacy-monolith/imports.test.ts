import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import iconv from 'iconv-lite';
import { QueryTypes, type Sequelize } from 'sequelize';
import { coversContract } from './testing/contract/covers.ts';
import { contentOf, describeOnEveryDatabase, seedSmall, type TestDatabase } from './testing/databases.ts';
import { BAD_LINES, type FibuEnd, type FibuParties, writeFibuFile } from './testing/fibu-file.ts';
import { type Agent, startServer, type TestServer } from './testing/server.ts';

const HEAD = '00;FIBU;20260701;0001';
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fig-fibu-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeOnEveryDatabase('imports', (kind) => {
  let database: TestDatabase;
  let db: Sequelize;
  let server: TestServer;
  let disp: Agent;
  let guest: Agent;
  let parties: FibuParties;
  let serial = 0;
  beforeAll(async () => {
    database = await kind.create();
    db = database.open();
    await seedSmall(db);
    server = await startServer(db);
    [disp, guest] = [await server.login('disp'), await server.login('guest')];
    parties = await partiesOf(db);
  });
  afterAll(async () => {
    await server.close();
    await database.drop();
  });
  beforeEach(() => {
    serial += 1;
  });

  /** A file with these records and a trailer that matches. `@` in a line is a number that no other test has. */
  const file = (lines: string[], trailer?: string) => {
    const own = lines.map((line) => line.replaceAll('@', `T${serial}`));
    const sum = own.reduce((total, line) => total + amount(line), 0n);
    const shown = `${sum / 100n},${String(sum % 100n).padStart(2, '0')}`;
    return iconv.encode([HEAD, ...own, trailer ?? `99;${own.length};${shown}`, ''].join('\r\n'), 'win1252');
  };
  const send = (bytes: Buffer, query = '') =>
    disp.post(`/api/imports${query}`).set('content-type', 'application/octet-stream').send(bytes);
  const rejectsOf = async (id: number) =>
    (await guest.get(`/api/imports/${id}`).expect(200)).body.rejects.map(
      (r: { line_no: number; reason: string }) => [r.line_no, r.reason],
    );
  const linesOf = async (id: number) =>
    (
      await db.query<{ line_no: number; reason: string }>(
        'SELECT line_no, reason FROM import_rejects WHERE imp_id = :id ORDER BY line_no',
        { replacements: { id }, type: QueryTypes.SELECT },
      )
    ).map(({ line_no, reason }) => ({ line: line_no, reason }));
  const invoice = (
    no: string,
    more: Partial<Record<'net' | 'vat' | 'gross' | 'cus' | 'stat', string>> = {},
  ) =>
    `10;${no};${more.cus ?? 'C0000001'};;01.06.2026;01.07.2026;${more.net ?? '100,00'};${more.vat ?? '19,00'};${more.gross ?? '119,00'};${more.stat ?? 'O'}`;

  test('takes invoices, payments, notes and credit notes, and says what became of each', async () => {
    const res = await send(
      file([
        invoice('R-@', { net: '1.234,56', vat: '0,00', gross: '1.234,56', stat: 'T' }),
        '20;Z-@;7;06.2026;1520,00;EUR;B;05.07.2026;HONORAR Müller €',
        '30;N-@;INV;R-@;bitte prüfen',
        '40;G-@;R-@;10.06.2026;234,56;Kulanz',
      ]),
      '?name=FIBU_JULI.DAT',
    ).expect(200);
    expect(res.body).toEqual({
      ok: true,
      imp_id: expect.any(Number),
      imp_stat: 'ok',
      rec_total: 4,
      rec_ok: 4,
      rec_dup: 0,
      rec_bad: 0,
    });
    const imp = res.body.imp_id;
    const row = async (sql: string) => (await db.query(sql, { type: QueryTypes.SELECT }))[0];
    expect(
      await row(
        `SELECT cus_id, inv_date, due_date, inv_stat, imp_id FROM invoices WHERE inv_no = 'R-T${serial}'`,
      ),
    ).toEqual({
      cus_id: 1,
      inv_date: '2026-06-01',
      due_date: '2026-07-01',
      inv_stat: 'part',
      imp_id: imp,
    });
    expect(
      await row(
        `SELECT frl_id, pay_run, cur, pay_stat, paid_at, ref_txt FROM payments WHERE ext_no = 'Z-T${serial}'`,
      ),
    ).toEqual({
      frl_id: 7,
      pay_run: '2026-06',
      cur: 'EUR',
      pay_stat: 'paid',
      paid_at: '2026-07-05 00:00:00',
      ref_txt: 'HONORAR Müller €',
    });
    expect(
      await row(
        `SELECT n.not_kind, i.inv_no FROM notes n JOIN invoices i ON i.inv_id = n.inv_id WHERE n.ext_no = 'N-T${serial}'`,
      ),
    ).toEqual({ not_kind: 'inv', inv_no: `R-T${serial}` });
    expect(
      Number(
        ((await row(`SELECT amount AS a FROM credit_notes WHERE crn_no = 'G-T${serial}'`)) as { a: string })
          .a,
      ),
    ).toBe(234.56);
    const shown = await guest.get(`/api/imports/${imp}`).expect(200);
    expect(shown.body).toMatchObject({
      imp_file: 'FIBU_JULI.DAT',
      usr_login: 'disp',
      imp_stat: 'ok',
      rejects: [],
    });
    const list = await guest.get('/api/imports?size=1').expect(200);
    expect(list.body.imports[0].imp_id).toBe(imp);
    expect(list.body.total).toBeGreaterThan(1);
  });

  test('takes the example of FIBU.md as it stands, and has every reason in its list', async () => {
    const page = readFileSync(join(import.meta.dirname, 'FIBU.md'), 'utf8');
    const example = /```\n(00;FIBU[^`]*)```/.exec(page)![1]!;
    expect((await send(iconv.encode(example, 'win1252')).expect(200)).body).toMatchObject({
      imp_stat: 'ok',
      rec_total: 4,
      rec_ok: 4,
    });
    const listed = new Set(
      [.../one of these reasons: ([^.]*)\./.exec(page)![1]!.matchAll(/`([^`]+)`/g)].map((m) => m[1]),
    );
    const code = ['lib/import.ts', 'lib/import/record.ts', 'lib/import/apply.ts']
      .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
      .join('\n');
    const given = new Set(
      [...code.matchAll(/(?:bad: |reject\(|return |\? null : |\? )'([a-z ]+)'/g)].map((m) => m[1]!),
    );
    // the state of an import, not a reason
    given.delete('part');
    expect([...listed].sort()).toEqual([...given].sort());
  });

  test('counts every kind of bad line exactly; the same file again changes nothing, with again=1 what went in is double', async () => {
    const path = join(folder, `${kind.name}-all.dat`);
    const expected = await writeFibuFile(path, 3000, parties, { seed: serial, mixed: true });
    const bad = [...expected.bad.values()].reduce((sum, n) => sum + n, 0);
    const res = await send(readFileSync(path)).expect(200);
    expect(res.body).toMatchObject({
      imp_stat: 'part',
      rec_total: 3000,
      rec_ok: expected.ok,
      rec_dup: expected.dup,
      rec_bad: bad,
    });
    expect(await linesOf(res.body.imp_id)).toEqual(expected.rejects);
    // one of every kind that there is
    expect(new Set(expected.bad.keys())).toEqual(new Set(BAD_LINES.map(([reason]) => reason)));

    const before = await everything(db);
    const again = await send(readFileSync(path)).expect(200);
    expect(again.body).toEqual({ error: 'already imported', imp_id: res.body.imp_id });
    expect(await everything(db)).toEqual(before);

    const forced = await send(readFileSync(path), '?again=1').expect(200);
    expect(forced.body).toMatchObject({
      rec_total: 3000,
      rec_ok: 0,
      rec_dup: expected.ok + expected.dup,
      rec_bad: bad,
    });
    const after = await everything(db);
    for (const table of ['invoices', 'payments', 'notes', 'credit_notes'])
      expect(after[table]).toEqual(before[table]);
  });

  test.each<FibuEnd>(['no trailer', 'wrong count', 'wrong sum', 'cut off', 'more behind'])(
    'counts a file of every kind of line exactly that ends with %s, and knows it again',
    async (end) => {
      const path = join(folder, `${kind.name}-end.dat`);
      const expected = await writeFibuFile(path, 700, parties, { seed: 500 + serial, end, mixed: true });
      const res = await send(readFileSync(path)).expect(200);
      const { ok, dup, rejects } = expected;
      expect(res.body).toMatchObject({
        imp_stat: 'part',
        rec_ok: ok,
        rec_dup: dup,
        rec_bad: rejects.length,
        rec_total: ok + dup + rejects.length,
      });
      expect(await linesOf(res.body.imp_id)).toEqual(rejects);
      const before = await everything(db);
      expect((await send(readFileSync(path)).expect(200)).body).toMatchObject({ error: 'already imported' });
      expect(await everything(db)).toEqual(before);
    },
  );

  test('refuses by line and reason; the lines between them go in', async () => {
    const res = await send(
      file([
        '40;G1-@;R1-@;10.06.2026;10,00;before its invoice',
        invoice('R1-@'),
        '40;G2-@;R1-@;10.06.2026;119,00;all of it',
        '40;G3-@;R1-@;10.06.2026;0,01;a cent more',
        invoice('R1-@', { net: '1,00', vat: '0,00', gross: '1,00' }),
        invoice('R2-@', { gross: '119,01' }),
        ' 10 ; R3-@ ; C0000002 ; ; 01.06.2026 ; 01.07.2026 ; 1,00 ; 0,00 ; 1,00 ; O ',
        'x;y',
      ]),
    ).expect(200);
    expect(res.body).toMatchObject({ rec_total: 8, rec_ok: 3, rec_dup: 1, rec_bad: 4 });
    expect(await rejectsOf(res.body.imp_id)).toEqual([
      [2, 'invoice unknown'],
      [5, 'credit above invoice'],
      [7, 'net and vat are not gross'],
      [9, 'unknown type'],
    ]);
    const net = await db.query<{ net: string | number }>(
      `SELECT net FROM invoices WHERE inv_no = 'R1-T${serial}'`,
      {
        type: QueryTypes.SELECT,
      },
    );
    expect(net.map((row) => Number(row.net))).toEqual([100]);
  });

  test('gives the rejects as a file in Windows-1252', async () => {
    const res = await send(file(['30;N-@;PRJ;P1;Grüße – 5 €'])).expect(200);
    const download = await guest
      .get(`/api/imports/${res.body.imp_id}/rejects`)
      .buffer(true)
      .parse(bytesOf)
      .expect(200);
    expect(download.headers['content-type']).toBe('text/plain; charset=windows-1252');
    expect(download.headers['content-disposition']).toBe(
      `attachment; filename="rejects-${res.body.imp_id}.txt"`,
    );
    expect(iconv.decode(download.body, 'win1252')).toBe(
      `2;kind invalid;30;N-T${serial};PRJ;P1;Grüße – 5 €\r\n`,
    );
  });

  test('an import shows a hundred rejects and gives all of them as a file', async () => {
    const res = await send(file(Array.from({ length: 150 }, (_, i) => `50;@;${i}`))).expect(200);
    expect(res.body).toMatchObject({ rec_total: 150, rec_ok: 0, rec_bad: 150 });
    const path = `/api/imports/${res.body.imp_id}`;
    expect((await guest.get(path).expect(200)).body.rejects).toHaveLength(100);
    const { text } = await guest.get(`${path}/rejects`).expect(200);
    expect(text.split('\r\n')).toHaveLength(151);
  });

  test('keeps the first ten thousand rejects of an import, and counts all of them', async () => {
    const res = await send(file(Array.from({ length: 10_500 }, (_, i) => `50;@;${i}`))).expect(200);
    expect(res.body).toMatchObject({ rec_total: 10_500, rec_ok: 0, rec_bad: 10_500 });
    const { text } = await guest.get(`/api/imports/${res.body.imp_id}/rejects`).expect(200);
    const lines = text.trimEnd().split('\r\n');
    expect(lines).toHaveLength(10_000);
    expect(lines.at(-1)).toMatch(/^10001;unknown type;50;T\d+;9999$/);
  });

  test('a customer that somebody deletes between looking and writing is unknown; the other lines go in', async () => {
    const made = await disp.post('/api/customers').send({ cus_name: 'Bald weg' }).expect(200);
    const { cus_id, cus_no } = made.body;
    const gone = () => db.query(`DELETE FROM customers WHERE cus_id = ${cus_id}`);
    const own = db.query;
    let tries = 0;
    db.query = (async (sql: string, options: object) => {
      // SQLite lets nobody in between, so it is gone before
      if (/^INSERT INTO invoices/.test(String(sql)) && ++tries === 1 && kind.name !== 'SQLite')
        await own.call(db, `DELETE FROM customers WHERE cus_id = ${cus_id}`);
      return own.call(db, sql, options as never);
    }) as never;
    try {
      if (kind.name === 'SQLite') await gone();
      const res = await send(file([invoice('R1-@', { cus: cus_no }), invoice('R2-@')])).expect(200);
      expect(res.body).toMatchObject({ imp_stat: 'part', rec_ok: 1, rec_bad: 1 });
      expect(await rejectsOf(res.body.imp_id)).toEqual([[2, 'customer unknown']]);
      expect(tries).toBe(kind.name === 'SQLite' ? 1 : 2);
    } finally {
      db.query = own;
    }
  });

  test('a known file that was cut off when it was read once more is finished, and known then', async () => {
    const bytes = file([invoice('R-@'), '30;N-@;INV;R-@;x']);
    const first = (await send(bytes).expect(200)).body.imp_id;
    await db.query(
      `INSERT INTO import_log (imp_file, imp_hash, imp_stat, imp_line, rec_total, rec_dup, started)
       SELECT imp_file, imp_hash, 'run', 2, 1, 1, started FROM import_log WHERE imp_id = ${first}`,
    );
    const res = await send(bytes).expect(200);
    expect(res.body).toMatchObject({ ok: true, imp_stat: 'ok', rec_total: 2, rec_ok: 0, rec_dup: 2 });
    expect(res.body.imp_id).toBeGreaterThan(first);
    expect((await send(bytes).expect(200)).body).toEqual({ error: 'already imported', imp_id: first });
  });

  test.each([
    ['LF', (text: string) => text.replaceAll('\r\n', '\n')],
    ['CR', (text: string) => text.replaceAll('\r\n', '\r')],
    ['no end of the last line', (text: string) => text.trimEnd()],
    ['empty lines', (text: string) => text.replaceAll('\r\n', '\r\n\r\n')],
  ])('reads a file with %s', async (_what, change) => {
    const text = iconv.decode(file([invoice('R-@'), '30;N-@;INV;R-@;x']), 'win1252');
    const res = await send(Buffer.from(change(text), 'latin1')).expect(200);
    expect(res.body).toMatchObject({ imp_stat: 'ok', rec_total: 2, rec_ok: 2 });
  });

  test.each([
    ['missing', '', 'trailer missing'],
    ['with another count', '99;2;119,00', 'trailer does not match'],
    ['with another sum', '99;1;119,01', 'trailer does not match'],
    ['with more fields', '99;1;119,00;1', 'trailer does not match'],
  ])(
    'keeps the records of a file with its trailer %s, and counts that as a bad line',
    async (_what, trailer, reason) => {
      const res = await send(file([invoice('R-@')], trailer)).expect(200);
      expect(res.body).toMatchObject({ imp_stat: 'part', rec_total: 2, rec_ok: 1, rec_bad: 1 });
      expect((await rejectsOf(res.body.imp_id))[0][1]).toBe(reason);
    },
  );

  test('adds up the lines that it could read, whatever became of them', async () => {
    const res = await send(
      file(
        [
          invoice('R1-@'),
          // known, and of nobody: both could be read
          invoice('R1-@'),
          invoice('R2-@', { cus: 'C9999999' }),
          // its amount is plain to see, but its day is none
          invoice('R3-@').replace('01.06.2026', '31.06.2026'),
          // nor does what it calls a customer matter here
          invoice('R4-@', { gross: '118,99' }),
        ],
        '99;5;357,00',
      ),
    ).expect(200);
    expect(res.body).toMatchObject({ rec_total: 5, rec_ok: 1, rec_dup: 1, rec_bad: 3 });
    expect(await rejectsOf(res.body.imp_id)).toEqual([
      [4, 'customer unknown'],
      [5, 'date invalid'],
      [6, 'net and vat are not gross'],
    ]);
  });

  test('takes any eight digits for the day of its header, and a trailer that is indented for no trailer', async () => {
    const plain = iconv.decode(file([invoice('R-@')]), 'win1252');
    const odd = Buffer.from(plain.replace(HEAD, `00;FIBU;99999999;${serial}`), 'latin1');
    expect((await send(odd).expect(200)).body).toMatchObject({ imp_stat: 'ok', rec_ok: 1 });
    const indented = Buffer.from(plain.replace('99;1;', ' 99;1;'), 'latin1');
    const res = await send(indented).expect(200);
    expect(res.body).toMatchObject({ rec_total: 3, rec_dup: 1, rec_bad: 2 });
    expect(await rejectsOf(res.body.imp_id)).toEqual([
      [3, 'unknown type'],
      [4, 'trailer missing'],
    ]);
  });

  test('refuses what comes behind the trailer', async () => {
    const bytes = Buffer.concat([file([invoice('R-@')]), Buffer.from(`${invoice(`R2-T${serial}`)}\r\n`)]);
    const res = await send(bytes).expect(200);
    expect(res.body).toMatchObject({ rec_total: 2, rec_ok: 1, rec_bad: 1 });
    expect(await rejectsOf(res.body.imp_id)).toEqual([[4, 'after the trailer']]);
  });

  test.each([
    ['no FIBU file', 'hello\r\n'],
    ['a file with a BOM', `\u00ef\u00bb\u00bf${HEAD}\r\n`],
    ['one line of ten megabytes', 'x'.repeat(10_000_000)],
    ['a header with more behind it', `${HEAD};x\r\n`],
  ])('answers %s with a 400 and a failed import, and takes the right one afterwards', async (_what, text) => {
    const before = await everything(db);
    const bytes = Buffer.from(`${text}\n${serial}`, 'latin1');
    const res = await send(bytes).expect(400);
    expect(res.body).toEqual({ error: 'no FIBU file', imp_id: expect.any(Number) });
    const shown = await guest.get(`/api/imports/${res.body.imp_id}`).expect(200);
    expect(shown.body).toMatchObject({ imp_stat: 'fail', rec_total: 0 });
    const after = await everything(db);
    for (const table of ['invoices', 'payments', 'notes', 'credit_notes'])
      expect(after[table]).toEqual(before[table]);
    // a failed one is not known
    expect((await send(bytes).expect(400)).body.imp_id).not.toBe(res.body.imp_id);
  });

  test('a line of megabytes is one bad line', async () => {
    const res = await send(file([`30;N-@;CUS;C0000001;${'x'.repeat(3_000_000)}`, invoice('R-@')])).expect(
      200,
    );
    expect(res.body).toMatchObject({ rec_total: 2, rec_ok: 1, rec_bad: 1 });
    const [row] = await db.query<{ rec_text: string }>(
      'SELECT rec_text FROM import_rejects WHERE imp_id = :id',
      { replacements: { id: res.body.imp_id }, type: QueryTypes.SELECT },
    );
    expect(row!.rec_text).toHaveLength(500);
  });

  describe('uploads', () => {
    test.each([
      ['FIBU_März.DAT', 'FIBU_März.DAT'],
      ['C:\\Users\\mk\\fibu.dat', 'fibu.dat'],
      ['../../etc/passwd', 'passwd'],
    ])('as a form, named %j, are kept as %j', async (filename, kept) => {
      const res = await disp
        .post('/api/imports')
        .attach('file', file([invoice('R-@')]), { filename })
        .expect(200);
      expect((await guest.get(`/api/imports/${res.body.imp_id}`)).body.imp_file).toBe(kept);
    });

    test('without a file, with another field, with two files or broken are a 400', async () => {
      const bytes = file([invoice('R-@')]);
      expect((await disp.post('/api/imports').field('a', 'b').expect(400)).body).toEqual({
        error: 'file missing',
      });
      expect((await disp.post('/api/imports').expect(400)).body).toEqual({ error: 'file missing' });
      expect((await disp.post('/api/imports').send({ file: 'x' }).expect(400)).body).toEqual({
        error: 'file missing',
      });
      expect((await disp.post('/api/imports').attach('datei', bytes, 'a').expect(400)).body).toEqual({
        error: 'upload broken',
      });
      expect(
        (await disp.post('/api/imports').attach('file', bytes, 'a').attach('file', bytes, 'b').expect(400))
          .body,
      ).toEqual({ error: 'upload broken' });
      expect(
        (
          await disp
            .post('/api/imports')
            .set('content-type', 'multipart/form-data; boundary=x')
            .send('--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhalf')
            .expect(400)
        ).body,
      ).toEqual({ error: 'upload broken' });
      await disp.post('/api/imports').set('content-type', 'multipart/form-data').send('x').expect(400);
      expect((await send(Buffer.alloc(0)).expect(400)).body).toEqual({ error: 'file missing' });
    });

    test('an empty one is missing as a body, and no FIBU file as a form', async () => {
      const count = async () => (await contentOf(db)).import_log!.length;
      const before = await count();
      expect((await send(Buffer.alloc(0)).expect(400)).body).toEqual({ error: 'file missing' });
      expect(await count()).toBe(before);
      const res = await disp.post('/api/imports').attach('file', Buffer.alloc(0), 'leer.dat').expect(400);
      expect(res.body).toEqual({ error: 'no FIBU file', imp_id: expect.any(Number) });
      expect(await count()).toBe(before + 1);
    });

    test('a name loses its NULs, and one of nothing else is unnamed', async () => {
      for (const [name, kept] of [
        ['fi%00bu.dat', 'fibu.dat'],
        ['%00', 'unnamed'],
      ]) {
        const bytes = file([`30;N${kept}@;CUS;C0000001;x`]);
        const res = await send(bytes, `?name=${name}`).expect(200);
        expect((await guest.get(`/api/imports/${res.body.imp_id}`)).body.imp_file).toBe(kept);
      }
    });

    test('a name is cut by the letters of JavaScript, of which an emoji has two', async () => {
      const name = `${'n'.repeat(254)}😀.dat`;
      const res = await send(file([invoice('R-@')]), `?name=${encodeURIComponent(name)}`).expect(200);
      expect((await guest.get(`/api/imports/${res.body.imp_id}`)).body.imp_file).toBe(
        `${'n'.repeat(254)}\ufffd`,
      );
    });

    test('that break off leave no import behind', async () => {
      const count = async () => (await contentOf(db)).import_log!.length;
      const before = await count();
      const cookie = await cookieOf(server.url);
      const url = new URL(server.url);
      await new Promise<void>((done) => {
        const socket = connect(Number(url.port), url.hostname, () => {
          socket.write(
            `POST /api/imports HTTP/1.1\r\nHost: x\r\nCookie: ${cookie}\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n\r\n${HEAD}\r\n`,
            () => socket.destroy(),
          );
        });
        socket.on('close', () => done());
      });
      await send(file([invoice('R-@')])).expect(200);
      expect(await count()).toBe(before + 1);
      expect(server.errors).toEqual([]);
    });

    test('of more than 200 MB are refused, as a form and as the body itself', async () => {
      const large = Buffer.alloc(201 * 1024 * 1024, 'x');
      for (const request of [send(large), disp.post('/api/imports').attach('file', large, 'large.dat')])
        expect((await request.expect(413)).body).toEqual({ error: 'file too big' });
    });

    test('need the right to write, and a session', async () => {
      await guest.post('/api/imports').set('content-type', 'text/plain').send('x').expect(403);
      await server.anyone().post('/api/imports').set('content-type', 'text/plain').send('x').expect(401);
    });
  });

  test('two at once: one is told to wait', async () => {
    const path = join(folder, `${kind.name}-long.dat`);
    await writeFibuFile(path, 5_000, parties, { seed: 1000 + serial });
    const bytes = readFileSync(path);
    const other = await startServer(database.open(), server.contract);
    const otherDisp = await other.login('disp');
    const long = send(bytes).then((res) => res);
    await untilTrue(
      async () =>
        (await db.query("SELECT imp_id FROM import_log WHERE imp_stat = 'run' AND usr_id = 2"))[0].length > 0,
    );
    // on MySQL over another process's pool, where only the database knows
    const second = kind.name === 'SQLite' ? disp : otherDisp;
    const res = await second
      .post('/api/imports')
      .attach('file', file([invoice('R-@')]), 'a')
      .expect(409);
    expect(res.body).toEqual({ error: 'import running' });
    expect((await long).body).toMatchObject({ ok: true, rec_total: 5_000 });
    await other.close();
  });

  test('odd ids and pages', async () => {
    expect((await guest.get('/api/imports/x').expect(500)).body).toEqual({ error: 'invalid id' });
    expect((await guest.get('/api/imports/x/rejects').expect(500)).body).toEqual({ error: 'invalid id' });
    expect((await guest.get('/api/imports/999999').expect(404)).body).toEqual({ error: 'import not found' });
    expect((await guest.get('/api/imports/99999999999/rejects').expect(404)).body).toEqual({
      error: 'import not found',
    });
    expect(
      (await guest.get('/api/imports?page=9999&size=abc').expect(200)).body.imports.length,
    ).toBeGreaterThan(0);
  });

  coversContract(['imports'], () => ({ db, server }));
});

describeOnEveryDatabase('an import that is killed', (kind) => {
  // long enough that a busy machine sees it under way
  const LINES = 7_000;
  test('is finished by sending the file again, and ends as one that nobody disturbed', async () => {
    const ends: Record<string, string[]>[] = [];
    const path = join(folder, `${kind.name}-kill.dat`);
    for (const kill of [false, true]) {
      const database = await kind.create();
      const db = database.open();
      await seedSmall(db);
      await writeFibuFile(path, LINES, await partiesOf(db), { seed: 5 });
      let server = await startProcess(database.url);
      try {
        const cookie = await cookieOf(server.url);
        const send = () =>
          fetch(`${server.url}/api/imports?name=a.dat`, {
            method: 'POST',
            headers: { cookie, 'content-type': 'text/plain' },
            body: readFileSync(path),
          });
        if (kill) {
          const broken = send().then(
            async (res) => `${res.status} ${await res.text()}`,
            () => null,
          );
          let answer: string | null | undefined;
          void broken.then((text) => {
            answer = text;
          });
          await untilTrue(async () => {
            // an answer is the end of it: nothing more would come
            expect(answer).toBeUndefined();
            const [row] = await db.query<{ imp_line: number }>(
              "SELECT imp_line FROM import_log WHERE imp_stat = 'run' AND usr_id = 2",
              { type: QueryTypes.SELECT },
            );
            return row !== undefined && row.imp_line >= 2000;
          });
          server.child.kill('SIGKILL');
          expect(await broken).toBeNull();
          const [row] = await db.query<{ imp_line: number }>(
            "SELECT imp_line FROM import_log WHERE imp_stat = 'run' AND usr_id = 2",
            { type: QueryTypes.SELECT },
          );
          expect(row!.imp_line).toBeLessThan(LINES);
          server = await startProcess(database.url);
        }
        // the database lets go of a dead connection's lock in its own time
        let res = await send();
        await untilTrue(async () => {
          if (res.status === 409) res = await send();
          return res.status !== 409;
        });
        expect(await res.json()).toMatchObject({ ok: true, rec_total: LINES });
        ends.push(await everything(db));
      } finally {
        server.child.kill('SIGKILL');
        await database.drop();
      }
    }
    expect(ends[1]).toEqual(ends[0]);
  });
});

/** All tables with what the moment of a run puts into them taken out. */
async function everything(db: Sequelize): Promise<Record<string, string[]>> {
  const content = await contentOf(db);
  const timeless = (rows: string[]) =>
    rows
      .map((row) =>
        row.replace(/"(created|changed|started|finished|last_login|chg_at)":"[^"]*"/g, '"$1":"…"'),
      )
      .sort();
  return Object.fromEntries(Object.entries(content).map(([table, rows]) => [table, timeless(rows)]));
}

async function partiesOf(db: Sequelize): Promise<FibuParties> {
  const column = async <T>(sql: string) =>
    (await db.query<{ v: T }>(sql, { type: QueryTypes.SELECT })).map(({ v }) => v);
  return {
    customers: await column<string>('SELECT cus_no AS v FROM customers ORDER BY cus_id'),
    projects: await column<string>('SELECT prj_no AS v FROM projects ORDER BY prj_id'),
    freelancers: await column<number>('SELECT frl_id AS v FROM freelancers ORDER BY frl_id'),
    invoices: await column<string>('SELECT inv_no AS v FROM invoices ORDER BY inv_id LIMIT 50'),
  };
}

function amount(line: string): bigint {
  const f = line.split(';').map((field) => field.trim());
  const text = f[0] === '10' ? f[8] : f[0] === '20' || f[0] === '40' ? f[4] : '';
  // what cannot be read does not count
  if (f[0] === '10' && cents(f[6]!) + cents(f[7]!) !== cents(f[8]!)) return 0n;
  return text ? cents(text) : 0n;
}
const cents = (text: string) => BigInt(text.replace(/[.,]/g, ''));

function bytesOf(res: unknown, done: (err: Error | null, body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  (res as NodeJS.ReadableStream).on('data', (chunk: Buffer) => chunks.push(chunk));
  (res as NodeJS.ReadableStream).on('end', () => done(null, Buffer.concat(chunks)));
}

async function cookieOf(url: string): Promise<string> {
  const res = await fetch(`${url}/api/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: 'disp', pass: 'disp' }),
  });
  return res.headers.get('set-cookie')!.split(';')[0]!;
}

async function startProcess(databaseUrl: string): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      DATABASE_URL: databaseUrl,
      PORT: '0',
      SESSION_SECRET: 'a secret for tests',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const chunk of child.stdout!) {
    const url = /"url":"([^"]+)"/.exec(String(chunk))?.[1];
    if (url) return { url, child };
  }
  throw new Error('the monolith did not start');
}

async function untilTrue(check: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; !(await check()); ) {
    if (Date.now() > deadline) throw new Error('gave up waiting');
    await new Promise((done) => setTimeout(done, 5));
  }
}
