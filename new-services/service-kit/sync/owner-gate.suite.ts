import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type pg from 'pg';
import {
  connectBeside,
  type SyncClient,
  syncClient,
  type TestedService,
  until,
} from '../testing/sync-client.ts';

/** What a service of the kit promises to whoever changes the owner of its data. */
export function ownerGateSuite(name: string, open: () => Promise<TestedService>): void {
  describe(`the owner of ${name}`, () => {
    let service: TestedService;
    let sync: SyncClient;
    let beside: pg.Client;
    beforeAll(async () => {
      service = await open();
      sync = syncClient(service);
      beside = await connectBeside(service.databaseUrl);
      await sync.seed(24);
    });
    afterAll(async () => {
      await beside?.end();
      await service?.stop();
    });

    const refusalOf = ({ status, body, headers }: Awaited<ReturnType<SyncClient['write']>>) => [
      status,
      body.code,
      headers['x-fig-refused'],
    ];
    const notTheOwner = [409, 'NOT_THE_OWNER', 'not-the-owner'];
    const epochStale = [409, 'EPOCH_STALE', 'epoch-stale'];
    /** Every row as the database holds it. */
    const content = async () => {
      const { rows } = await beside.query(
        `SELECT row_to_json(t)::text AS row FROM "${service.table}" t ORDER BY 1`,
      );
      return rows;
    };

    test('is nobody in particular at first: every write is taken', async () => {
      expect(await sync.owner()).toEqual({ owner: 'open', epoch: 0 });
      expect((await sync.write(0, 'open')).status).toBe(200);
      expect((await sync.putOwner({ owner: 'open', epoch: 0 })).body).toEqual({ owner: 'open', epoch: 0 });
    });

    test('changes with a higher epoch alone, and may be told twice', async () => {
      const legacy = await sync.give('legacy');
      expect(await sync.owner()).toEqual(legacy);
      const again = await sync.putOwner(legacy);
      expect([again.status, again.body]).toEqual([200, legacy]);
      for (const stale of [
        { owner: 'candidate', epoch: legacy.epoch },
        { owner: 'candidate', epoch: legacy.epoch - 1 },
        { owner: 'legacy', epoch: legacy.epoch - 1 },
      ]) {
        const answer = await sync.putOwner(stale);
        expect([answer.status, answer.body]).toEqual([
          409,
          expect.objectContaining({ code: 'SYNC_EPOCH_STALE', ...legacy }),
        ]);
      }
      expect(await sync.owner()).toEqual(legacy);
    });

    test('is one of two that want the same epoch at once', async () => {
      const epoch = (await sync.owner()).epoch + 1;
      const asked = ['legacy', 'candidate', 'nobody', 'candidate', 'legacy'];
      const answers = await Promise.all(asked.map((owner) => sync.putOwner({ owner, epoch })));
      const won = await sync.owner();
      expect(won.epoch).toBe(epoch);
      answers.forEach(({ status }, n) => {
        expect(status).toBe(asked[n] === won.owner ? 200 : 409);
      });
    });

    test.each([
      ['an owner that is none', { owner: 'both', epoch: 99 }, 'owner'],
      ['no epoch', { owner: 'legacy' }, 'epoch'],
      ['a negative epoch', { owner: 'legacy', epoch: -1 }, 'epoch'],
      ['half an epoch', { owner: 'legacy', epoch: 99.5 }, 'epoch'],
      ['more than it asks for', { owner: 'legacy', epoch: 99, force: true }, 'force'],
    ])('refuses %s', async (_what, body, fault) => {
      const before = await sync.owner();
      const answer = await sync.putOwner(body);
      expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([400, fault]);
      expect(await sync.owner()).toEqual(before);
    });

    test('is asked by each write of the service, before any effect', async () => {
      const before = await content();
      for (const owner of ['legacy', 'nobody'] as const) {
        await sync.give(owner);
        expect(refusalOf(await sync.write(1, 'refused'))).toEqual(notTheOwner);
        if (service.remove !== null) {
          expect(refusalOf(await sync.own(service.remove(1)))).toEqual(notTheOwner);
        }
      }
      expect([await content(), await sync.changes()]).toEqual([before, []]);
      await sync.give('candidate');
      expect((await sync.write(1, 'taken')).status).toBe(200);
    });

    test('is believed in its epoch alone', async () => {
      const { epoch } = await sync.give('candidate');
      const before = await content();
      for (const stale of [epoch - 1, epoch + 1, 0])
        expect(refusalOf(await sync.write(2, 'stale', { 'x-fig-epoch': String(stale) }))).toEqual(epochStale);
      for (const none of ['x', '', '-1', '1.0', '01', '9'.repeat(16)]) {
        const answer = await sync.write(2, 'stale', { 'x-fig-epoch': none });
        expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([400, 'x-fig-epoch']);
      }
      expect(await content()).toEqual(before);
      expect((await sync.write(2, 'right', { 'x-fig-epoch': String(epoch) })).status).toBe(200);
      await sync.give('nobody');
      expect(refusalOf(await sync.write(2, 'late', { 'x-fig-epoch': String(epoch) }))).toEqual(notTheOwner);
      const open = await sync.give('open');
      expect(refusalOf(await sync.write(2, 'late', { 'x-fig-epoch': String(epoch) }))).toEqual(epochStale);
      expect((await sync.write(2, 'now', { 'x-fig-epoch': String(open.epoch) })).status).toBe(200);
    });

    test('is nobody any more once this service governs itself, in the same epoch and not back', async () => {
      await sync.drain();
      const { epoch } = await sync.give('candidate');
      const decided = { 'x-fig-epoch': String(epoch) };
      expect((await sync.write(20, 'governed', decided)).status).toBe(200);
      expect(await sync.changes()).toHaveLength(1);
      expect((await sync.putOwner({ owner: 'open', epoch })).body).toEqual({ owner: 'open', epoch });
      expect((await sync.write(20, 'for good', decided)).status).toBe(200);
      expect(await sync.changes()).toHaveLength(1);
      const carried = await sync.deliver([{ key: service.keyOf(21), deleted: true }]);
      expect([carried.status, carried.body.code]).toEqual([409, 'SYNC_OWNED_HERE']);
      for (const late of ['candidate', 'legacy', 'nobody'] as const)
        expect((await sync.putOwner({ owner: late, epoch })).body.code).toBe('SYNC_EPOCH_STALE');
      await sync.give('nobody');
      const { epoch: closed } = await sync.owner();
      expect((await sync.putOwner({ owner: 'open', epoch: closed })).body.code).toBe('SYNC_EPOCH_STALE');
    });

    test('takes nothing from the inbox while it is this service', async () => {
      const row = { key: service.keyOf(23), deleted: true };
      await sync.give('candidate');
      const before = await content();
      const refused = await sync.deliver([row]);
      expect([refused.status, refused.body.code]).toEqual([409, 'SYNC_OWNED_HERE']);
      expect(await content()).toEqual(before);
      await sync.give('nobody');
      expect((await sync.deliver([row])).body.applied).toBe(1);
    });

    describe('with transactions open across the change', () => {
      /** An own write that has passed the gate and waits for its row; `end` lets it go on. */
      const openWrite = async (n: number) => {
        const holder = await connectBeside(service.databaseUrl, 'a patient reader');
        await holder.query(`BEGIN; SELECT * FROM "${service.table}" FOR UPDATE`);
        const answer = sync.write(n, 'slow');
        await until(async () => (await gates('granted')).length > 0, 'the write at the gate');
        return {
          answer,
          end: async () => {
            await holder.query('ROLLBACK');
            await holder.end();
          },
        };
      };
      /** Processes that hold the gate of the stream, or wait for it. */
      const gates = async (which: 'granted' | 'NOT granted'): Promise<number[]> => {
        const { rows } = await beside.query(
          `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 7105003 AND ${which}
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        );
        return rows.map((row) => row.pid);
      };

      test('waits for a write that is in flight, and lets no later one pass', async () => {
        await sync.give('candidate');
        await sync.drain();
        const slow = await openWrite(4);
        const changed = sync.give('nobody');
        await until(async () => (await gates('NOT granted')).length === 1, 'the wait of the change');
        const later = sync.write(5, 'later');
        await until(async () => (await gates('NOT granted')).length === 2, 'the wait of the later write');
        expect((await sync.owner()).owner).toBe('candidate');
        await slow.end();
        expect((await slow.answer).status).toBe(200);
        expect((await changed).owner).toBe('nobody');
        expect(refusalOf(await later)).toEqual(notTheOwner);
        expect((await sync.changes()).map(({ key }) => key)).toEqual([service.keyOf(4)]);
      });

      test('is refused after 2 s, with the blocker named, and writes go on', async () => {
        const before = await sync.give('candidate');
        const slow = await openWrite(6);
        const [blocker] = await gates('granted');
        const answer = await sync.putOwner({ owner: 'nobody', epoch: before.epoch + 1 });
        expect([answer.status, answer.body.code]).toEqual([409, 'SYNC_GATE_BUSY']);
        expect(answer.body.detail).toMatch(
          new RegExp(`: process ${blocker} of \\w+ \\(user \\w+, active\\) for \\d+ s\\. `),
        );
        expect(await sync.owner()).toEqual(before);
        await slow.end();
        expect((await slow.answer).status).toBe(200);
        expect((await sync.write(6, 'after')).status).toBe(200);
      });

      test('names who locks the row by hand, too', async () => {
        const before = await sync.give('candidate');
        const holder = await connectBeside(service.databaseUrl, 'curious hands');
        await holder.query('BEGIN; SELECT * FROM _sync_owner FOR SHARE');
        const answer = await sync.putOwner({ owner: 'nobody', epoch: before.epoch + 1 });
        expect([answer.status, answer.body.code]).toEqual([409, 'SYNC_GATE_BUSY']);
        expect(answer.body.detail).toMatch(/of curious hands \(user \w+, idle in transaction\)/);
        await holder.end();
        expect((await sync.give('nobody')).owner).toBe('nobody');
      });

      test('waits for a batch of the inbox as well', async () => {
        await sync.give('legacy');
        const holder = await connectBeside(service.databaseUrl);
        await holder.query(`BEGIN; LOCK TABLE "${service.table}"`);
        const batch = sync.deliver([{ key: service.keyOf(7), deleted: false, value: service.valueOf(7) }]);
        await until(async () => (await gates('granted')).length > 0, 'the batch at the gate');
        const changed = sync.give('candidate');
        await until(async () => (await gates('NOT granted')).length > 0, 'the wait of the change');
        await holder.end();
        expect((await batch).status).toBe(200);
        expect((await changed).owner).toBe('candidate');
      });
    });

    test('lets no write commit that it does not own: 20 writers, 6 changes', async () => {
      const lastTaken = new Map<number, string>();
      let isOver = false;
      const refused: string[] = [];
      await sync.give('candidate');
      const writers = Array.from({ length: 20 }, async (_, n) => {
        for (let turn = 0; !isOver; turn += 1) {
          const text = `w${n} t${turn}`;
          const answer = await sync.write(n, text);
          if (answer.status === 200) lastTaken.set(n, text);
          else refused.push(String(refusalOf(answer)));
        }
      });
      try {
        for (let change = 0; change < 3; change += 1) {
          const taken = lastTaken.size === 0 ? '' : [...lastTaken.values()].join();
          await until(async () => [...lastTaken.values()].join() !== taken, 'a write');
          await sync.give('nobody');
          const atChange = await content();
          const refusedAtChange = refused.length;
          await until(async () => refused.length > refusedAtChange + 40, 'refusals');
          await sync.write(20, 'never');
          expect(await content()).toEqual(atChange);
          await sync.give('candidate');
        }
      } finally {
        isOver = true;
        await Promise.all(writers);
      }
      expect(new Set(refused)).toEqual(new Set([String(notTheOwner)]));
      expect(lastTaken.size).toBe(20);
      const rows = await sync.rows(Array.from({ length: 20 }, (_, n) => service.keyOf(n)));
      expect(rows.map((row) => service.textOf(row.value))).toEqual(
        Array.from({ length: 20 }, (_, n) => lastTaken.get(n)),
      );
    });
  });
}
