import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import fc from 'fast-check';
import supertest from 'supertest';
import { parse } from 'yaml';
import { type NotesService, startNotesService } from '../testing/notes-service.ts';
import { type Answered, openapiConformance } from '../testing/openapi-conformance.ts';
import { canonicalHash } from './canonical-hash.ts';
import { compareKeys } from './sync-stream.ts';

const token = 'a-test-token';
const document = parse(readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8'));
const { check, unmet } = openapiConformance(document);

let service: NotesService;
beforeAll(async () => {
  service = await startNotesService(token);
});
afterAll(() => service.stop());

async function send(
  method: 'get' | 'post',
  path: string,
  body?: unknown,
  bearer = token,
): Promise<supertest.Response> {
  const request = supertest(service.server)
    [method](path)
    .set({ authorization: `Bearer ${bearer}` });
  const answer = await (body === undefined ? request : request.send(body as object));
  check(answer as unknown as Answered);
  return answer;
}
const takeTicket = async (): Promise<string> => (await send('post', '/.fig/sync/tickets')).body.ticket;
const deliver = (ticket: string, rows: unknown) => send('post', '/.fig/sync/notes/batches', { ticket, rows });
const note = (key: string, text: string, place = 0) => ({ key, deleted: false, value: { text, place } });
const exported = async () => (await send('get', '/.fig/sync/notes/export')).body.rows;

describe('the inbox', () => {
  test('hands out growing tickets', async () => {
    const [first, second] = [await takeTicket(), await takeTicket()];
    expect(BigInt(second)).toBeGreaterThan(BigInt(first));
  });

  test('lets the newest ticket win, whatever comes last, and counts the same ticket again as stale', async () => {
    const [older, newer] = [await takeTicket(), await takeTicket()];
    expect((await deliver(newer, [note('a', 'newer')])).body).toEqual({
      applied: 1,
      stale: 0,
      unchanged: 0,
      rejected: [],
    });
    expect((await deliver(older, [note('a', 'older'), note('b', 'older')])).body).toMatchObject({
      applied: 1,
      stale: 1,
    });
    expect((await deliver(newer, [note('a', 'again')])).body).toMatchObject({ applied: 0, stale: 1 });
    expect(await exported()).toEqual([
      {
        key: 'a',
        deleted: false,
        version: newer,
        hash: canonicalHash({ text: 'newer', place: 0 }),
        value: { text: 'newer', place: 0 },
      },
      {
        key: 'b',
        deleted: false,
        version: older,
        hash: canonicalHash({ place: 0, text: 'older' }),
        value: { text: 'older', place: 0 },
      },
    ]);
  });

  test('keeps the tombstone of a key it never saw', async () => {
    const [older, newer] = [await takeTicket(), await takeTicket()];
    await deliver(newer, [{ key: 'ghost', deleted: true }]);
    expect((await deliver(older, [note('ghost', 'x')])).body).toMatchObject({ applied: 0, stale: 1 });
    expect(await exported()).toContainEqual({
      key: 'ghost',
      deleted: true,
      version: newer,
      hash: null,
      value: null,
    });
  });

  test('exports keys alone where no values are asked for, tombstones included', async () => {
    const ticket = await takeTicket();
    await deliver(ticket, [note('k1', 'x'), { key: 'k2', deleted: true }]);
    const { body } = await send('get', '/.fig/sync/notes/export?after=k&limit=2&values=false');
    const bare = { version: ticket, hash: null, value: null };
    expect(body.rows).toEqual([
      { key: 'k1', deleted: false, ...bare },
      { key: 'k2', deleted: true, ...bare },
    ]);
    expect((await send('get', '/.fig/sync/notes/export?values=some')).status).toBe(400);
  });

  test('rolls back what the database refuses, each row alone, ticket included', async () => {
    const ticket = await takeTicket();
    const rows = Array.from({ length: 40 }, (_, index) =>
      note(`r${index}`, index % 13 === 5 ? 'bad' : 'good'),
    );
    const { body } = await deliver(ticket, rows);
    expect(body).toMatchObject({ applied: 37, stale: 0 });
    expect(body.rejected.map((row: { key: string }) => row.key)).toEqual(['r5', 'r18', 'r31']);
    expect(body.rejected[0].reason).toBe(
      'expected a row that the rule note_text_check allows, got another one',
    );
    expect((await deliver(ticket, [note('r5', 'good')])).body).toMatchObject({ applied: 1 });
  });

  test.each([
    ['a ticket that was never handed out', { ticket: '999999', rows: [] }, 'ticket'],
    ['a ticket that is no number', { ticket: '0x1', rows: [] }, 'ticket'],
    ['a key twice', { ticket: '1', rows: [note('a', ''), note('a', '')] }, 'rows'],
    [
      'too many rows',
      { ticket: '1', rows: Array.from({ length: 1001 }, (_, index) => note(String(index), '')) },
      'rows',
    ],
    ['no rows', { ticket: '1' }, 'rows'],
    ['a row without key', { ticket: '1', rows: [{ deleted: true }] }, 'rows.0.key'],
    [
      'a tombstone with a value',
      { ticket: '1', rows: [note('a', ''), { ...note('b', ''), deleted: true }] },
      'rows.1.value',
    ],
  ])('refuses %s', async (_what, body, path) => {
    const answer = await send('post', '/.fig/sync/notes/batches', body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].path).toBe(path);
  });

  test('refuses a batch of another media type', async () => {
    const answer = await supertest(service.server)
      .post('/.fig/sync/notes/batches')
      .set({ authorization: `Bearer ${token}`, 'content-type': 'text/plain' })
      .send('{"ticket":"1","rows":[]}');
    check(answer as unknown as Answered);
    expect([answer.status, answer.body.code]).toEqual([415, 'MEDIA_TYPE_UNSUPPORTED']);
  });

  test('refuses a batch that is too large to read', async () => {
    expect((await deliver('1', [note('a', 'x'.repeat(65 * 1024 * 1024))])).status).toBe(413);
  });

  test('knows its streams, its callers and its pages', async () => {
    const unknown = await send('get', '/.fig/sync/letters/export');
    expect([unknown.status, unknown.body.code]).toEqual([404, 'SYNC_STREAM_UNKNOWN']);
    expect((await send('post', '/.fig/sync/letters/batches', { ticket: '1', rows: [] })).status).toBe(404);
    expect((await send('get', '/.fig/sync/notes/export?limit=0')).status).toBe(400);
    expect((await send('post', '/.fig/sync/tickets', undefined, 'wrong')).status).toBe(401);
    expect((await send('post', '/.fig/sync/notes/batches', {}, 'wrong')).status).toBe(401);
    expect((await send('get', '/.fig/sync/notes/export', undefined, 'wrong')).status).toBe(401);
  });
});

test('workers that deliver many shared keys in any order, at once, end with the newest ticket of each key', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.uniqueArray(fc.tuple(fc.nat({ max: 40 }), fc.boolean()), {
          selector: ([key]) => key,
          minLength: 5,
          maxLength: 40,
        }),
        {
          minLength: 3,
          maxLength: 8,
        },
      ),
      async (batches) => {
        run += 1;
        const tickets: string[] = [];
        for (const _ of batches) tickets.push(await takeTicket());
        const keyOf = (key: number) => `run${run}-${key}`;
        const answers = await Promise.all(
          batches.map((rows, index) =>
            deliver(
              tickets[index] as string,
              rows.map(([key, deleted]) =>
                deleted ? { key: keyOf(key), deleted } : note(keyOf(key), 'x', index),
              ),
            ),
          ),
        );
        answers.forEach(({ body }, index) => {
          expect(body.applied + body.stale).toBe(batches[index]?.length);
          expect(body.rejected).toEqual([]);
        });
        const { body } = await send('get', `/.fig/sync/notes/export?after=run${run}-`);
        const found = new Map(body.rows.map((row: { key: string }) => [row.key, row]));
        for (const key of new Set(batches.flat().map(([number]) => number))) {
          const newest = batches.findLastIndex((rows) => rows.some(([number]) => number === key));
          const deleted = batches[newest]?.find(([number]) => number === key)?.[1];
          const value = deleted ? null : { text: 'x', place: newest };
          expect(found.get(keyOf(key))).toMatchObject({ deleted, version: tickets[newest], value });
        }
      },
    ),
    { numRuns: 15 },
  );
}, 60_000);

test('numeric keys order as numbers, text keys as bytes', () => {
  expect(['10', '9', '100', '1'].sort((a, b) => compareKeys('numeric', a, b))).toEqual([
    '1',
    '9',
    '10',
    '100',
  ]);
  expect(['b', 'ä', 'a10', 'a9', 'B'].sort((a, b) => compareKeys('text', a, b))).toEqual([
    'B',
    'a10',
    'a9',
    'b',
    'ä',
  ]);
});

describe('openapi.yaml', () => {
  test('is valid OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
  });

  test('describes what a service of the kit answers, and nothing that it never does', async () => {
    expect((await send('get', '/livez')).status).toBe(200);
    expect((await send('get', '/readyz')).status).toBe(200);
    const version = await send('get', '/version');
    expect([version.body.build, version.headers['x-build']]).toEqual(['test', 'test']);
    service.beginStopping();
    const stopping = await send('get', '/readyz');
    expect([stopping.status, stopping.headers.connection]).toEqual([503, 'close']);
    // dry-run.test.ts holds the dry runs against it, reverse-source.test.ts owners and the way back.
    const elsewhere = /dry-run|\{stream\}\/(owner|changes|numbers|rows|batches 409)/;
    expect(unmet().filter((label) => !elsewhere.test(label))).toEqual([]);
  });
});
