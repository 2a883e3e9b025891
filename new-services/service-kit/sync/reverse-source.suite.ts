import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type pg from 'pg';
import {
  connectBeside,
  type SyncClient,
  syncClient,
  type TestedService,
  until,
} from '../testing/sync-client.ts';

/** What a service of the kit promises to whoever carries its own writes to the other store. */
export function reverseSourceSuite(name: string, open: () => Promise<TestedService>): void {
  describe(`the change queue of ${name}`, () => {
    let service: TestedService;
    let sync: SyncClient;
    let beside: pg.Client;
    beforeAll(async () => {
      service = await open();
      sync = syncClient(service);
      beside = await connectBeside(service.databaseUrl);
      await sync.seed(30);
    });
    afterAll(async () => {
      await beside?.end();
      await service?.stop();
    });
    beforeEach(() => sync.drain());

    const keys = async () => (await sync.changes()).map(({ key }) => key);
    const key = (n: number) => service.keyOf(n);
    const textNow = async (n: number) => {
      const [row] = await sync.rows([key(n)]);
      return row?.deleted ? null : service.textOf(row?.value as never);
    };

    test('is empty while nobody governs', async () => {
      expect((await sync.owner()).owner).toBe('open');
      expect((await sync.write(0, 'before')).status).toBe(200);
      expect(await keys()).toEqual([]);
      expect(await sync.position()).toEqual({ head: null, waiting: 0, oldestMs: null });
      expect(await textNow(0)).toBe('before');
    });

    test('holds the key of each own write, oldest first, until exactly that entry is dropped', async () => {
      await sync.give('candidate');
      for (const n of [3, 1, 3]) expect((await sync.write(n, `own ${n}`)).status).toBe(200);
      const [first, second, third] = await sync.changes();
      // The third one changed nothing.
      expect([first?.key, second?.key, third]).toEqual([key(3), key(1), undefined]);
      expect(await sync.changes(1)).toEqual([first]);
      expect((await sync.write(3, 'meanwhile')).status).toBe(200);
      expect((await sync.ack([first!.seq])).status).toBe(204);
      expect((await sync.ack([first!.seq])).status).toBe(204);
      expect(await keys()).toEqual([key(1), key(3)]);
      expect(await sync.rows([key(1), key(3)])).toMatchObject([
        { key: key(1), deleted: false },
        { key: key(3), deleted: false },
      ]);
      expect([await textNow(1), await textNow(3)]).toEqual(['own 1', 'meanwhile']);
    });

    test('says how far it is emptied', async () => {
      await sync.give('candidate');
      for (const n of [4, 5, 6]) await sync.write(n, 'position');
      const entries = await sync.changes();
      const [first, second, third] = entries.map(({ seq }) => seq) as [string, string, string];
      const position = await sync.position();
      expect(position).toMatchObject({ head: third, waiting: 3 });
      expect(position.oldestMs).toBeGreaterThanOrEqual(0);
      await sync.ack([third, first]);
      expect(await sync.position()).toMatchObject({ head: second, waiting: 1 });
      const before = String(BigInt(second) - 1n);
      expect([await sync.covers(before), await sync.covers(second), await sync.covers(third)]).toEqual([
        true,
        false,
        false,
      ]);
      await sync.ack([second]);
      expect(await sync.covers(third)).toBe(true);
    });

    test('holds nothing of a write that was rolled back', async () => {
      await sync.give('candidate');
      await sync.write(7, 'kept');
      await sync.drain();
      expect((await sync.own(service.failing(7))).status).toBeGreaterThanOrEqual(400);
      expect(await keys()).toEqual([]);
      expect(await textNow(7)).toBe('kept');
    });

    test('holds nothing of a write whose commit failed', async () => {
      await sync.give('candidate');
      await sync.write(7, 'kept');
      await sync.drain();
      await beside.query(`
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no commit'; END $$;
        CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON "${service.table}" DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION refuse()`);
      const answer = await sync.write(7, 'lost');
      await beside.query(`DROP TRIGGER refuse ON "${service.table}"; DROP FUNCTION refuse`);
      expect(answer.status).toBe(500);
      expect([await keys(), await textNow(7)]).toEqual([[], 'kept']);
    });

    test('holds nothing of what the inbox brings: no row goes round', async () => {
      for (const owner of ['legacy', 'nobody'] as const) {
        await sync.give(owner);
        const answer = await sync.deliver([{ key: key(8), deleted: false, value: service.valueOf(8) }]);
        expect([answer.status, answer.body.applied]).toEqual([200, 1]);
      }
      expect(await keys()).toEqual([]);
    });

    test('tells rows that were removed as deleted, and keys that no row could have', async () => {
      await sync.give('legacy');
      await sync.deliver([{ key: key(9), deleted: true }]);
      const asked = [key(9), key(10), '~marker/x', 'no key of a number'];
      const rows = await sync.rows(asked);
      expect(rows.map((row) => row.key)).toEqual(asked);
      expect(rows.map((row) => row.deleted)).toEqual([true, false, true, true]);
      expect(rows[0]).toEqual({ key: key(9), deleted: true, value: null });
      if (service.remove === null) return;
      await sync.give('candidate');
      await sync.own(service.remove(10));
      expect(await keys()).toEqual([key(10)]);
      expect(await sync.rows([key(10)])).toEqual([{ key: key(10), deleted: true, value: null }]);
      const exported = (await service.send('get', sync.at('export'))).body.rows;
      expect(exported).toContainEqual(expect.objectContaining({ key: key(10), deleted: true, value: null }));
    });

    test('hands out no number that the other store has used, also for a row that is gone', async () => {
      await sync.give('legacy');
      const [{ prefix, last: first }] = (await sync.numbers()) as [{ prefix: string; last: string }];
      const last = async () => (await sync.numbers())[0]?.last;
      const used = Math.max(Number(first), 20_000_000) + 5;
      expect((await sync.deliver([{ key: `${prefix}${used}`, deleted: true }])).status).toBe(200);
      expect(await last()).toBe(String(used));
      expect((await sync.skipNumbers([{ prefix, last: String(used + 7) }])).body).toEqual({
        numbers: [{ prefix, last: String(used + 7) }],
      });
      expect((await sync.skipNumbers([{ prefix, last: '1' }])).status).toBe(200);
      expect(await last()).toBe(String(used + 7));
      const refused = await sync.skipNumbers([{ prefix: 'nothing', last: '1' }]);
      expect([refused.status, refused.body.detail]).toEqual([400, expect.stringContaining('"nothing"')]);
    });

    test('carries markers, whoever owns the data', async () => {
      for (const owner of ['nobody', 'candidate'] as const) {
        await sync.give(owner);
        const marker = await sync.marker();
        expect(marker).toMatch(/^~marker\/[0-9a-f-]{36}$/);
        expect(await keys()).toEqual([marker]);
        await sync.drain();
      }
    });

    test('holds nothing of a dry run, which writes nothing and is asked for no owner and no epoch', async () => {
      for (const owner of ['candidate', 'legacy', 'nobody'] as const) {
        await sync.give(owner);
        const before = await textNow(11);
        const answer = await sync.rehearse(service.write(11, `dry ${owner}`), { 'x-fig-epoch': '77' });
        expect([answer.status, answer.headers['x-fig-dry-run']]).toEqual([200, 'done']);
        expect(JSON.stringify(answer.body)).toContain(`dry ${owner}`);
        expect([await keys(), await textNow(11)]).toEqual([[], before]);
      }
    });

    describe('with transactions that end in another order than they took their numbers in', () => {
      beforeAll(async () => {
        await beside.query(`
          CREATE FUNCTION park() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF EXISTS (SELECT FROM parked WHERE k = NEW.k) THEN
              PERFORM pg_advisory_xact_lock_shared(42);
            ELSE
              PERFORM pg_sleep(random() * 0.1);
            END IF;
            RETURN NULL; END $$;
          CREATE TABLE parked (k text);
          CREATE CONSTRAINT TRIGGER park AFTER INSERT ON _sync_change DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION park()`);
      });
      afterAll(() =>
        beside.query('DROP TRIGGER park ON _sync_change; DROP TABLE parked; DROP FUNCTION park'),
      );

      test('loses no entry that appears behind one that was taken', async () => {
        await sync.give('candidate');
        await beside.query('INSERT INTO parked VALUES ($1)', [key(12)]);
        await beside.query('SELECT pg_advisory_lock(42)');
        const late = sync.write(12, 'late');
        await until(async () => (await waitingFor(beside, 42)) > 0, 'the late write');
        expect((await sync.write(13, 'early')).status).toBe(200);
        const [early] = await sync.changes();
        expect(early?.key).toBe(key(13));
        await sync.ack([early!.seq]);
        await beside.query('SELECT pg_advisory_unlock(42); TRUNCATE parked');
        expect((await late).status).toBe(200);
        const [found, more] = await sync.changes();
        expect([found?.key, more]).toEqual([key(12), undefined]);
        expect(BigInt(found!.seq)).toBeLessThan(BigInt(early!.seq));
      });

      test('brings a copy that takes what is there and drops exactly that to what the writers left', async () => {
        await sync.give('candidate');
        const copy = new Map<string, string>();
        const last = new Map<string, string>();
        let writing = true;
        let [highest, overtaken] = [0n, 0];
        const carry = async () => {
          const entries = await sync.changes();
          const taken = await sync.rows([...new Set(entries.map((entry) => entry.key))]);
          for (const row of taken) copy.set(row.key, service.textOf(row.value));
          for (const { seq } of entries) {
            if (BigInt(seq) < highest) overtaken += 1;
            else highest = BigInt(seq);
          }
          await sync.ack(entries.map((entry) => entry.seq));
          return entries.length;
        };
        const writers = Array.from({ length: 8 }, async (_, n) => {
          for (let turn = 0; turn < 20; turn += 1) {
            const row = 14 + ((n * 3 + turn) % 12);
            const text = `w${n} t${turn}`;
            expect((await sync.write(row, text)).status).toBe(200);
            last.set(key(row), text);
          }
        });
        const carrier = (async () => {
          while (writing) await carry();
          while ((await carry()) > 0);
        })();
        await Promise.all(writers);
        writing = false;
        await carrier;
        expect(overtaken).toBeGreaterThan(0);
        expect(copy.size).toBe(last.size);
        const now = await sync.rows([...last.keys()]);
        expect(Object.fromEntries(copy)).toEqual(
          Object.fromEntries(now.map((row) => [row.key, service.textOf(row.value)])),
        );
      });
    });

    test.each([
      ['get', 'changes?limit=0', 'limit', undefined],
      ['get', 'changes?limit=1001', 'limit', undefined],
      ['get', 'changes/covers', 'position', undefined],
      ['get', 'changes/covers?position=-1', 'position', undefined],
      ['post', 'changes/ack', 'seqs.0', { seqs: ['x'] }],
      ['post', 'changes/ack', 'seqs', {}],
      ['post', 'rows', 'keys.0', { keys: [''] }],
      ['post', 'rows', 'keys', { keys: Array.from({ length: 1001 }, () => '1') }],
      ['post', 'rows', 'more', { keys: [], more: 1 }],
    ] as const)('refuses %s %s, at %s', async (method, path, fault, body) => {
      const answer = await service.send(method, sync.at(path), body === undefined ? {} : { body });
      expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([400, fault]);
    });

    test.each([
      ['get', 'owner'],
      ['put', 'owner'],
      ['get', 'changes'],
      ['post', 'changes/ack'],
      ['get', 'changes/position'],
      ['get', 'changes/covers'],
      ['post', 'changes/marker'],
      ['get', 'numbers'],
      ['put', 'numbers'],
      ['post', 'rows'],
    ] as const)('knows its streams and its callers: %s %s', async (method, path) => {
      const body = method === 'get' || path.endsWith('marker') ? {} : { body: {} };
      const unknown = await service.send(method, `/.fig/sync/letters/${path}`, body);
      expect([unknown.status, unknown.body.code]).toEqual([404, 'SYNC_STREAM_UNKNOWN']);
      const headers = { authorization: 'Bearer wrong' };
      const stranger = await service.send(method, sync.at(path), { ...body, headers });
      expect([stranger.status, stranger.body.code]).toEqual([401, 'AUTH_TOKEN_INVALID']);
    });
  });
}

/** Transactions that wait for an advisory lock of the test. */
async function waitingFor(client: pg.Client, lock: number): Promise<number> {
  const { rows } = await client.query(
    `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [lock],
  );
  return rows[0].n;
}
