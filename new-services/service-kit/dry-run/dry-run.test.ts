import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import express, { Router } from 'express';
import supertest from 'supertest';
import type { DataSource } from 'typeorm';
import { parse } from 'yaml';
import { inTransaction } from '../database/transaction.ts';
import { type NotesService, startNotesService } from '../testing/notes-service.ts';
import { signatureOf } from '../testing/signed.ts';
import { insideDryRun, refuseInDryRun } from './rehearsal.ts';

const token = 'a-test-token';
const secret = 'a-secret-of-dry-runs';
const mails: string[] = [];
/** What the late handler still tried after its answer. */
let late: Promise<unknown> = Promise.resolve();

const insert = `INSERT INTO note (id, text, place, version) VALUES ($1, $2, 0, 1)`;

/** Use cases of every kind: one transaction, several, none, a mail, work behind the answer, a slow one. */
function useCases(database: DataSource): Router {
  const router = Router();
  router.use(express.json());
  router.post('/notes', async (request, response) => {
    await inTransaction(database, async (manager) => {
      await manager.query(insert, [request.body.id, request.body.text]);
      await manager.query(`INSERT INTO outbox VALUES ($1)`, [request.body.id]);
    });
    const [row] = await database.query('SELECT id, text FROM note WHERE id = $1', [request.body.id]);
    response.status(201).json({ ...row, rehearsed: insideDryRun() });
  });
  router.post('/without-transaction', async (_request, response) => {
    await database.query(insert, ['loose', 'x']);
    response.json({ ok: true });
  });
  router.post('/by-hand', async (request, response) => {
    await database.query(insert, ['by hand', 'x']);
    const refused = await database.query(request.body.sql).then(
      () => false,
      () => true,
    );
    await database.query(insert, ['behind', 'x']);
    response.json({ refused });
  });
  router.post('/twice', async (_request, response) => {
    await inTransaction(database, (manager) => manager.query(insert, ['one', 'x']));
    await inTransaction(database, (manager) => manager.query(insert, ['one', 'x'])).catch(() => {});
    await inTransaction(database, (manager) => manager.query(insert, ['two', 'x']));
    const [row] = await database.query('SELECT count(*)::int AS notes FROM note');
    response.json(row);
  });
  router.post('/mails', async (_request, response) => {
    await database.query(insert, ['mailed', 'x']);
    refuseInDryRun('A mail');
    mails.push('sent');
    response.json({ ok: true });
  });
  router.post('/late', async (_request, response) => {
    await database.query(insert, ['early', 'x']);
    response.json({ ok: true });
    late = new Promise((resolve) => setImmediate(resolve)).then(() => database.query(insert, ['late', 'x']));
    late.catch(() => {});
  });
  router.post('/slow', async (_request, response) => {
    await database.query(insert, [randomUUID(), 'x']);
    await database.query('SELECT pg_sleep(0.3)');
    const more = database.query(insert, [randomUUID(), 'x']);
    late = more;
    await more.catch(() => {});
    response.json({ ok: true });
  });
  return router;
}

describe('a dry run', () => {
  let service: NotesService;
  beforeAll(async () => {
    service = await startNotesService(token, {
      dryRunSecret: secret,
      routers: (database) => [useCases(database)],
    });
    await service.database.query('CREATE TABLE outbox (id text)');
  });
  afterAll(() => service.stop());
  beforeEach(async () => {
    await service.database.query('TRUNCATE note, outbox');
    mails.length = 0;
  });

  const send = (path: string, body: object = {}, headers: Record<string, string> = {}) => {
    const text = JSON.stringify(body);
    const signature = signatureOf(secret, { method: 'POST', target: path, body: text });
    return supertest(service.server)
      .post(`/.fig/dry-run${path}`)
      .set({ authorization: `Bearer ${token}`, 'content-type': 'application/json' })
      .set({ 'x-fig-signature': signature, ...headers })
      .send(text);
  };
  /** Statuses of answers that are no dry run. */
  const refusals = new Set<string>();
  const note = (answer: { status: number; headers: Record<string, string> }) => {
    expect(answer.headers['x-fig-dry-run']).toBeUndefined();
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    refusals.add(String(answer.status));
  };
  const kept = async () =>
    (await service.database.query('SELECT id FROM note UNION ALL SELECT id FROM outbox')).map(
      (row: { id: string }) => row.id,
    );

  test('answers what it would have answered, and keeps nothing of it', async () => {
    const answer = await send('/notes?x=1', { id: 'a', text: 'hello' });
    expect([answer.status, answer.headers['x-fig-dry-run']]).toEqual([201, 'done']);
    expect(answer.body).toEqual({ id: 'a', text: 'hello', rehearsed: true });
    expect(await kept()).toEqual([]);
    const real = await supertest(service.server)
      .post('/notes')
      .set('authorization', `Bearer ${token}`)
      .send({ id: 'a', text: 'hello' });
    expect([real.status, real.headers['x-fig-dry-run'], real.body.rehearsed]).toEqual([
      201,
      undefined,
      false,
    ]);
    expect(await kept()).toEqual(['a', 'a']);
  });

  test('answers refusals of the service as they are', async () => {
    await service.database.query(insert, ['a', 'x']);
    const taken = await send('/notes', { id: 'a', text: 'hello' });
    expect([taken.status, taken.headers['x-fig-dry-run']]).toEqual([500, 'done']);
    const stranger = await send('/notes', { id: 'b', text: 'x' }, { authorization: 'Bearer no' });
    expect([stranger.status, stranger.headers['x-fig-dry-run']]).toEqual([401, 'done']);
    expect((await send('/nothing')).status).toBe(404);
    expect(await kept()).toEqual(['a']);
  });

  test.each(['/without-transaction', '/late'])(
    'undoes what %s writes outside a transaction',
    async (path) => {
      const answer = await send(path);
      expect([answer.status, answer.headers['x-fig-dry-run']]).toEqual([200, 'done']);
      await late.catch(() => {});
      expect(await kept()).toEqual([]);
    },
  );

  test.each([
    'COMMIT',
    'commit work;',
    '/* now */ COMMIT',
    '-- now\n end',
    'SELECT 1; commit',
    'ROLLBACK',
    'abort',
    "PREPARE TRANSACTION 'x'",
  ])('ends by itself alone: not by %j', async (sql) => {
    const answer = await send('/by-hand', { sql });
    expect([answer.status, answer.body]).toEqual([200, { refused: true }]);
    expect(await kept()).toEqual([]);
  });

  test('sees its own writes over several transactions', async () => {
    expect((await send('/twice')).body).toEqual({ notes: 2 });
    expect(await kept()).toEqual([]);
  });

  test('is refused by what reaches outside, without saying that it was done', async () => {
    const answer = await send('/mails');
    expect([answer.status, answer.body.code]).toEqual([501, 'DRY_RUN_UNSUPPORTED']);
    note(answer);
    expect([mails, await kept()]).toEqual([[], []]);
    await supertest(service.server).post('/mails').set('authorization', `Bearer ${token}`).send({});
    expect([mails, await kept()]).toEqual([['sent'], ['mailed']]);
  });

  test('keeps nothing of a request whose client leaves', async () => {
    await expect(send('/slow').timeout(100)).rejects.toThrow(/[Tt]imeout/);
    await expect(late).rejects.toThrow();
    await until(async () => (await openTransactions()) === 0);
    expect(await kept()).toEqual([]);
  });

  const openTransactions = async () => {
    const [row] = await service.database.query(
      `SELECT count(*)::int AS n FROM pg_stat_activity
       WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
    );
    return row.n;
  };

  test('makes nobody wait for long: 40 at once, and the connections come back', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => send('/notes', { id: `n${n}`, text: 'x' })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(40).fill(201));
    expect(await openTransactions()).toBe(0);
    expect(await kept()).toEqual([]);
  });

  const now = Date.now();
  test.each([
    ['none', ''],
    ['one of another path', signatureOf(secret, { method: 'POST', target: '/other', body: '{}' })],
    ['one of another method', signatureOf(secret, { method: 'PUT', target: '/notes', body: '{}' })],
    ['one of another body', signatureOf(secret, { method: 'POST', target: '/notes', body: '{ }' })],
    ['one of another secret', signatureOf('other', { method: 'POST', target: '/notes', body: '{}' })],
    ['an old one', signatureOf(secret, { method: 'POST', target: '/notes', body: '{}' }, now - 120_000)],
    [
      'one from the future',
      signatureOf(secret, { method: 'POST', target: '/notes', body: '{}' }, now + 120_000),
    ],
    ['a cut one', signatureOf(secret, { method: 'POST', target: '/notes', body: '{}' }).slice(0, -2)],
  ])('needs a signature: not %s', async (_what, signature) => {
    const answer = await send('/notes', {}, { 'x-fig-signature': signature });
    expect([answer.status, answer.body.code]).toEqual([403, 'DRY_RUN_UNSIGNED']);
    note(answer);
  });

  test('reaches no protocol of the kit', async () => {
    const answer = await send('/.fig/sync/tickets');
    expect(answer.status).toBe(404);
    note(answer);
  });

  test('takes 1 MiB', async () => {
    const text = 'x'.repeat(1024 * 1024 - 20);
    // A dry run: the service's own limit for JSON is lower.
    expect((await send('/mails', { text })).headers['x-fig-dry-run']).toBe('done');
    const answer = await send('/mails', { text: `${text}${text}` });
    expect(answer.status).toBe(413);
    note(answer);
  });

  test('lets 64 wait, and refuses more', async () => {
    const answers = await Promise.all(Array.from({ length: 80 }, () => send('/slow')));
    const busy = answers.filter(({ status }) => status === 503);
    expect(busy.length).toBeGreaterThan(0);
    for (const answer of busy) note(answer);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(80 - busy.length);
    expect(await kept()).toEqual([]);
  });

  test('refuses with what openapi.yaml says, and all of that', () => {
    const document = parse(readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8'));
    const described = Object.keys(document.paths['/.fig/dry-run/{path}'].post.responses);
    expect(described.filter((status) => status !== 'default').sort()).toEqual([...refusals].sort());
  });

  test('is unknown to a service without the secret', async () => {
    const plain = await startNotesService(token, { routers: (database) => [useCases(database)] });
    await plain.database.query('CREATE TABLE outbox (id text)');
    const answer = await supertest(plain.server)
      .post('/.fig/dry-run/notes')
      .set('authorization', `Bearer ${token}`)
      .send({ id: 'a', text: 'x' });
    expect([answer.status, answer.headers['x-fig-dry-run']]).toEqual([404, undefined]);
    expect(await plain.database.query('SELECT * FROM note')).toEqual([]);
    await plain.stop();
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; !(await condition()); ) {
    if (Date.now() > deadline) throw new Error('gave up waiting');
    await new Promise((done) => setTimeout(done, 10));
  }
}
