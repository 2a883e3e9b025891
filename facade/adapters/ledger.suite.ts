import { describe, expect, test } from '@jest/globals';
import type { Ledger, LedgerEntry } from '../core/ledger.ts';
import { chainFault } from '../core/ledger-chain.ts';
import { draftOf } from '../test-kit/draft-of.ts';

const ALL = { after: 0, limit: 1000 };

/** What every ledger adapter promises. `open` gives an empty ledger. */
export function ledgerSuite(name: string, open: () => Promise<Ledger>): void {
  describe(`the ${name} ledger`, () => {
    const using = async (work: (ledger: Ledger) => Promise<void>) => {
      const ledger = await open();
      try {
        await work(ledger);
      } finally {
        await ledger.close();
      }
    };

    test('is empty and trusted at first', () =>
      using(async (ledger) => {
        expect(ledger.fault()).toBeNull();
        expect(await ledger.read(ALL)).toEqual([]);
      }));

    test('gives back what was appended, numbered from 1 and chained', () =>
      using(async (ledger) => {
        const drafts = [1, 2, 3].map((version) => draftOf('articles', version, { reason: 'ü "quoted"\n' }));
        for (const draft of drafts) expect(await ledger.append([draft])).toMatchObject({ ok: true });
        const entries = await ledger.read(ALL);
        expect(entries.map((entry) => entry.seq)).toEqual([1, 2, 3]);
        let last: LedgerEntry | undefined;
        for (const [index, entry] of entries.entries()) {
          expect(entry).toMatchObject(drafts[index] as object);
          expect(chainFault(entry, last)).toBeNull();
          last = entry;
        }
      }));

    test('refuses any version but the next one of the route, and writes nothing then', () =>
      using(async (ledger) => {
        await ledger.append([draftOf('articles', 1)]);
        for (const version of [0, 1, 3])
          expect(await ledger.append([draftOf('authors', 1), draftOf('articles', version)])).toEqual({
            ok: false,
            route: 'articles',
            version: 1,
          });
        expect(await ledger.read(ALL)).toHaveLength(1);
      }));

    test('lets exactly one of many concurrent appends with the same version win', () =>
      using(async (ledger) => {
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, i) => ledger.append([draftOf('articles', 1, { reason: `${i}` })])),
        );
        expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(1);
        expect(await ledger.read(ALL)).toHaveLength(1);
      }));

    test('appends several drafts together, also two of one route', () =>
      using(async (ledger) => {
        const outcome = await ledger.append([draftOf('a', 1), draftOf('b', 1), draftOf('a', 2)]);
        expect(outcome).toMatchObject({ ok: true, entries: [{ seq: 1 }, { seq: 2 }, { seq: 3 }] });
      }));

    test('keeps entries about the whole plan, without route and version', () =>
      using(async (ledger) => {
        const nothing = { route: null, stage: null, percent: null, writer: null, paused: null, killed: null };
        const reload = draftOf('', 0, { ...nothing, type: 'reload' });
        await ledger.append([reload]);
        await ledger.append([reload]);
        expect(await ledger.read(ALL)).toMatchObject([{ route: null }, { route: null, seq: 2 }]);
      }));

    test('reads on from a place, up to a limit, and only one route', () =>
      using(async (ledger) => {
        for (let version = 1; version <= 3; version++)
          await ledger.append([draftOf('a', version), draftOf('b', version)]);
        const seqs = async (query: { after: number; limit: number; route?: string }) =>
          (await ledger.read(query)).map((entry) => entry.seq);
        expect(await seqs({ after: 2, limit: 3 })).toEqual([3, 4, 5]);
        expect(await seqs({ after: 1, limit: 2, route: 'a' })).toEqual([3, 5]);
        expect(await seqs({ after: 6, limit: 10 })).toEqual([]);
      }));
  });
}
