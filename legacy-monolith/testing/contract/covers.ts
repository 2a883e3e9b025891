import { expect, test } from '@jest/globals';
import { QueryTypes, type Sequelize } from 'sequelize';
import type { Agent, TestServer } from '../server.ts';
import type { Operation } from './document.ts';
import { operationsWith } from './recorder.ts';

type Place = { readonly db: Sequelize; readonly server: TestServer };

/**
 * The last test of a suite: provokes what every operation answers to anybody, then wants every status and every error
 * that the contract has for these tags to have been answered by the suite.
 */
export function coversContract(tags: readonly string[], at: () => Place): void {
  test(`answers in every way that the contract has for ${tags.join(' and ')}`, async () => {
    const { db, server } = at();
    const operations = operationsWith(tags);
    expect(operations.length).toBeGreaterThan(0);
    const [admin, guest] = [await server.login('admin'), await server.login('guest')];
    for (const operation of operations) await provoke(operation, { admin, guest, nobody: server.anyone() });
    await withBrokenSessions(db, async () => {
      for (const operation of operations) await expectError(operation, admin, 'internal error');
    });
    await withoutSessions(db, async () => {
      for (const operation of operations) await expectError(operation, admin, 'database error');
    });
    expect(server.contract.unmet(tags)).toEqual([]);
  });
}

type Clients = { readonly admin: Agent; readonly guest: Agent; readonly nobody: Agent };

async function provoke(operation: Operation, { admin, guest, nobody }: Clients): Promise<void> {
  const { answers } = operation;
  await request(operation, nobody);
  if (answers.has(403)) await request(operation, guest).expect(403);
  if (answers.has(304)) {
    const { headers } = await request(operation, admin);
    if (headers.etag) await request(operation, admin).set('if-none-match', headers.etag).expect(304);
  }
  if (!answers.has(415)) return;
  const json = (type = 'application/json') => request(operation, nobody).set('content-type', type);
  await json().send('{"half":').expect(400);
  await json()
    .send(`{"large":"${'x'.repeat(1024 * 1024)}"}`)
    .expect(413);
  await request(operation, nobody)
    .type('form')
    .send(Array.from({ length: 1001 }, () => 'a=').join('&'))
    .expect(413);
  await json('application/json; charset=ebcdic').send('{}').expect(415);
  if (operation.example !== operation.path)
    await admin[methodOf(operation)](operation.example.replace('12', '%E0%A4%A')).expect(400);
}

async function expectError(operation: Operation, client: Agent, error: string): Promise<void> {
  if (!operation.answers.has(500)) return;
  const res = await request(operation, client).expect(500);
  expect([operation.id, res.text]).toEqual([operation.id, JSON.stringify({ error })]);
}

function request(operation: Operation, client: Agent) {
  return client[methodOf(operation)](operation.example);
}

function methodOf({ method }: Operation): 'get' | 'post' | 'put' | 'delete' {
  return method as 'get' | 'post' | 'put' | 'delete';
}

/** The rows of sessions hold what nobody can read. */
async function withBrokenSessions(db: Sequelize, work: () => Promise<void>): Promise<void> {
  const rows = await db.query<{ sid: string; data: string }>('SELECT sid, data FROM sessions', {
    type: QueryTypes.SELECT,
  });
  await db.query("UPDATE sessions SET data = '{'");
  await work();
  for (const replacements of rows)
    await db.query('UPDATE sessions SET data = :data WHERE sid = :sid', { replacements });
}

/** The database is there, and the first table that anybody asks is not. */
async function withoutSessions(db: Sequelize, work: () => Promise<void>): Promise<void> {
  await db.query('ALTER TABLE sessions RENAME TO sessions_gone');
  await work();
  await db.query('ALTER TABLE sessions_gone RENAME TO sessions');
}
