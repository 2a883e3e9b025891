import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startSqliteSide } from './legacy-side.ts';
import { formatCutoverSoak } from './report.ts';
import { runCutoverSoak } from './run-cutover-soak.ts';
import type { Flip, Noted, Row } from './store-audit.ts';
import { judge } from './verdict.ts';
import { type Outcome, type Write, WriteBook } from './write-book.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fig-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('a small one, on SQLite, with one facade and seconds instead of minutes, holds', async () => {
  const report = await runCutoverSoak({
    ...{ ms: 6_000, seed: 7, legacy: await startSqliteSide(folder), folder, facades: 1, clients: 4 },
    ...{ ownsPostgres: false, killPauseMs: 400, say: () => {} },
  });
  expect(formatCutoverSoak(report, 'SQLite', 7)).toMatch(/\nPASS\n$/);
  expect(report.acked).toBeGreaterThan(0);
  expect(report.killed.kills.size + report.killed.stops.size).toBeGreaterThan(0);
}, 180_000);

const row = (notes: string): Row => ({
  ...{ notes, name: 'n', rateCents: 1, status: 'A', isRemoved: false },
});
const noted = (key: number, token: string, isOwn = true): Noted => ({ key, token, isOwn });
const write = (token: string, key: number, at: number, outcome: Outcome = 'acked'): Write => ({
  ...{ token, key, kind: 'update', fromMs: at, toMs: at + 1, outcome },
});

/** Two stores after: legacy wrote 1, the candidate took over, wrote 1 again, and all of it was carried to both. */
function good() {
  const book = new WriteBook();
  book.writes.push(write('c1-1', 1, 10), write('c1-2', 1, 20), write('c1-3', 1, 30, 'rejected'));
  const flips = (own: readonly number[]): Flip[] => [
    { owner: 'nobody', epoch: 2, ownWrites: own[0]! },
    { owner: 'candidate', epoch: 3, ownWrites: own[1]! },
  ];
  const rows = () => new Map([[1, row('c1-2')]]);
  return {
    book,
    legacy: {
      ...{ name: 'legacy' as const, flips: flips([1, 1]), ownWrites: 1, rows: rows() },
      noted: [noted(1, 'c1-1'), noted(1, 'c1-2', false)],
    },
    candidate: {
      ...{ name: 'candidate' as const, flips: flips([0, 0]), ownWrites: 1, rows: rows() },
      noted: [noted(1, 'c1-1', false), noted(1, 'c1-2')],
    },
  };
}
type Good = ReturnType<typeof good>;

test.each<[string, (stores: Good) => void, RegExp]>([
  ['a row that is missing', ({ candidate }) => candidate.rows.clear(), /^missing at the candidate: 1/],
  ['a phantom', ({ candidate }) => candidate.rows.set(2, row('')), /^phantom at the candidate: 2/],
  ['a stale row', ({ candidate }) => candidate.rows.set(1, row('c1-1')), /^stale: 1/],
  [
    'a write of legacy when it owned nothing',
    ({ legacy }) => (legacy.ownWrites = 2),
    /^legacy took 1 writes/,
  ],
  [
    'one of the candidate',
    ({ candidate }) => candidate.flips.splice(0, 1, { owner: 'nobody', epoch: 2, ownWrites: 5 }),
    /^candidate took/,
  ],
  ['an acknowledged write in no store', ({ legacy }) => legacy.noted.shift(), /^acknowledged, and in no/],
  ['a rejected one in a store', ({ legacy }) => legacy.noted.push(noted(1, 'c1-3')), /^rejected, and in a/],
  ['a write in both', ({ legacy }) => legacy.noted.push(noted(1, 'c1-2')), /^in both stores/],
  ['an echo', ({ legacy }) => legacy.noted.push(noted(1, 'c1-1', false)), /^an echo: c1-1/],
  [
    'a row that fell back',
    ({ legacy, candidate }) => [legacy, candidate].map(({ rows }) => rows.set(1, row('c1-0'))),
    /which nobody wrote last/,
  ],
  [
    'a later write that is gone',
    ({ book }) => book.writes.push(write('', 1, 40), write('c1-4', 1, 50)),
    /later write/,
  ],
  ['a row that came back', ({ book }) => book.cascaded.set(1, 'acked'), /^removed with its batch/],
])('the verdict finds %s', (_what, spoil, fault) => {
  const sound = good();
  expect(judge(sound.legacy, sound.candidate, sound.book)).toEqual([]);
  const spoilt = good();
  spoil(spoilt);
  expect(judge(spoilt.legacy, spoilt.candidate, spoilt.book).join('\n')).toMatch(new RegExp(fault, 'm'));
});
