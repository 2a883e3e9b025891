import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openFileLedger } from '../adapters/ledger.file.ts';
import { openPostgresLedger } from '../adapters/ledger.postgres.ts';
import { type PostgresAddress, postgresAddress } from '../adapters/postgres-link.ts';
import { openRepairableFile } from '../adapters/repairable-ledger.file.ts';
import { openRepairableTable } from '../adapters/repairable-ledger.postgres.ts';
import type { DataPosition } from '../core/data-position.ts';
import { foldData, foldPositions, type Ledger, type LedgerEntry, lastRepair } from '../core/ledger.ts';
import { chainFault, LedgerChain } from '../core/ledger-chain.ts';
import { ledgerLine } from '../core/ledger-line.ts';
import type { FoundPositions } from '../core/ledger-repair.ts';
import type { StoredPositions } from '../core/position-store.ts';
import type { RepairableLedger } from '../core/repairable-ledger.ts';
import { draftOf } from '../test-kit/draft-of.ts';
import { type TestDatabase, testDatabase } from '../test-kit/test-database.ts';
import { type RepairWish, repairLedger } from './repair-ledger.ts';
import { startingPositions } from './starting-positions.ts';

const folder = mkdtempSync(join(tmpdir(), 'fig-repair-'));
let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('repair');
});
afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const AT = '2026-05-06T07:08:09.010Z';
const WISH: RepairWish = {
  policy: 'latest',
  author: { actor: 'root@host', reason: 'the disk lied' },
  at: AT,
  dryRun: false,
  acceptLoss: false,
};

/** Six entries: articles to canary 1, 2, 3, 4 %, and authors to 5 and 6 %, one after the other. */
const ENTRIES: readonly LedgerEntry[] = (() => {
  const chain = new LedgerChain();
  const draft = (route: string, version: number, percent: number) => draftOf(route, version, { percent });
  const drafts = [1, 2, 3, 4].map((version) => draft('articles', version, version));
  drafts.splice(2, 0, draft('authors', 1, 5), draft('authors', 2, 6));
  for (const one of drafts) {
    const outcome = chain.seal([one]);
    if (!outcome.ok) throw new Error('not sealed');
    chain.add(outcome.entries[0] as LedgerEntry);
  }
  return chain.read({ after: 0, limit: 100 });
})();
const POSITION: DataPosition = {
  ...{ set: 'items', owner: 'legacy', epoch: 0, held: false, step: 'LEGACY_OWNS', to: null, driver: null },
};
const LINES = ENTRIES.map(ledgerLine);
const NEWLINE = Buffer.from('\n');
const bytes = (line: string | Buffer) => (typeof line === 'string' ? Buffer.from(line) : line);
const percents = (entries: readonly LedgerEntry[]) =>
  Object.fromEntries([...foldPositions(entries)].map(([route, { hundredths }]) => [route, hundredths / 100]));

/** What an instance stored that has served the entries up to `seq`. */
function storedAt(seq: number, history: readonly LedgerEntry[] = ENTRIES): FoundPositions {
  const seen = history.slice(0, seq);
  const stored: StoredPositions = {
    seq,
    hash: seen.at(-1)?.hash ?? '',
    repair: lastRepair(seen)?.hash ?? '',
    ledger: seen[0]?.hash ?? '',
    positions: Object.fromEntries(foldPositions(seen)),
    data: Object.fromEntries(foldData(seen)),
  };
  return { source: `positions-${seq}.json`, stored };
}

type Place = {
  /** Puts lines in place of a ledger, whatever they hold. */
  write(lines: readonly (string | Buffer)[]): Promise<void>;
  repairable(): Promise<RepairableLedger>;
  open(): Promise<Ledger>;
  /** The lines that stand aside under a name. */
  aside(name: string): Promise<string[]>;
};
let places = 0;

function filePlace(): Place {
  const path = join(folder, `${++places}`, 'ledger.jsonl');
  mkdirSync(join(path, '..'));
  return {
    write: async (lines) =>
      writeFileSync(path, Buffer.concat(lines.flatMap((line) => [bytes(line), NEWLINE]))),
    repairable: () => openRepairableFile(path),
    open: () => openFileLedger({ path }),
    aside: async (name) => readFileSync(name, 'latin1').split('\n').slice(0, -1),
  };
}

function tablePlace(): Place {
  const schema = `p${++places}`;
  const address = postgresAddress(`${database.url}?schema=${schema}`) as PostgresAddress;
  return {
    async write(lines) {
      await (await openPostgresLedger({ address })).close();
      for (const [index, line] of lines.entries())
        await database.query(`INSERT INTO ${schema}.ledger VALUES ($1, $2)`, [index + 1, String(line)]);
    },
    repairable: () => openRepairableTable(address),
    open: () => openPostgresLedger({ address }),
    aside: async (name) =>
      (await database.query(`SELECT entry FROM ${name} ORDER BY seq`)).map(({ entry }) => String(entry)),
  };
}

async function repair(place: Place, found: readonly FoundPositions[], wish: Partial<RepairWish> = {}) {
  const ledger = await place.repairable();
  try {
    return await repairLedger(ledger, found, { ...WISH, ...wish });
  } finally {
    await ledger.close();
  }
}

/** Every entry of a ledger that has to be sound and to go on. */
async function soundEntries(place: Place): Promise<LedgerEntry[]> {
  const ledger = await place.open();
  try {
    expect(ledger.fault()).toBeNull();
    const entries = await ledger.read({ after: 0, limit: 1000 });
    const version = foldPositions(entries).get('articles')?.version ?? 0;
    expect(await ledger.append([draftOf('articles', version + 1)])).toMatchObject({ ok: true });
    return entries;
  } finally {
    await ledger.close();
  }
}

const changed = (line: string) => line.replace('"percent":', '"percent":1');
const without = (at: number) => LINES.toSpliced(at, 1);

/** A damage, and how many entries stand before it. */
const DAMAGES: [string, (string | Buffer)[], number][] = [
  ['garbage in the first line', LINES.with(0, 'garbage'), 0],
  ['garbage in the middle', LINES.with(3, 'garbage'), 3],
  ['garbage in the last line', LINES.with(5, 'garbage'), 5],
  ['a changed first line', LINES.with(0, changed(LINES[0] as string)), 0],
  ['a changed line in the middle', LINES.with(2, changed(LINES[2] as string)), 2],
  ['a changed last line', LINES.with(5, changed(LINES[5] as string)), 5],
  ['no first line', without(0), 0],
  ['a line that is missing', without(3), 3],
  ['two lines swapped', [...LINES.slice(0, 2), LINES[3], LINES[2], ...LINES.slice(4)] as string[], 2],
  ['a line twice', LINES.toSpliced(3, 0, LINES[2] as string), 3],
  ['a wrong hash', LINES.with(1, (LINES[1] as string).replace(/"hash":"../, '"hash":"zz')), 1],
  ['a wrong seq', LINES.with(4, (LINES[4] as string).replace('"seq":5', '"seq":9')), 4],
  ['a further key', LINES.with(3, (LINES[3] as string).replace('{', '{"admin":true,')), 3],
  ['a key twice', LINES.with(3, (LINES[3] as string).replace('"seq":4', '"seq":4,"seq":4')), 3],
  ['spaces where none were', LINES.with(3, ` ${LINES[3]}`), 3],
  ['an empty line', LINES.toSpliced(2, 0, ''), 2],
];
const FILE_DAMAGES: typeof DAMAGES = [
  ['NUL bytes', LINES.with(3, '\0'.repeat((LINES[3] as string).length)), 3],
  [
    'half a character',
    (LINES as (string | Buffer)[]).with(
      3,
      Buffer.concat([Buffer.from([0xc3]), Buffer.from(LINES[3] as string)]),
    ),
    3,
  ],
  ['Windows line ends', LINES.map((line) => `${line}\r`), 0],
];

describe.each([
  ['file', filePlace, [...DAMAGES, ...FILE_DAMAGES]],
  ['postgres', tablePlace, DAMAGES],
] as const)('a damaged ledger (%s)', (_kind, newPlace, damages) => {
  test.each(damages as typeof DAMAGES)(
    'with %s: is refused, and repaired keeps what can be verified, what was served, and the rest aside',
    async (_what, lines, kept) => {
      const place = newPlace();
      await place.write(lines);
      const damaged = await place.open();
      expect(damaged.fault()).not.toBeNull();
      await expect(damaged.append([draftOf('x', 1)])).rejects.toMatchObject({ code: 'LEDGER_CORRUPT' });
      await damaged.close();
      const dry = await repair(place, [storedAt(6)], { dryRun: true });
      expect(dry).toMatchObject({ kept, aside: null, appended: [], refused: null });
      expect(
        (await place.repairable().then(async (same) => [same.lines.length, await same.close()]))[0],
      ).toBe(lines.length);
      const report = await repair(place, [storedAt(6)]);
      expect(report).toMatchObject({ damage: dry.damage, kept, routes: dry.routes, refused: null });
      const entries = await soundEntries(place);
      expect(entries.slice(0, kept)).toEqual(ENTRIES.slice(0, kept));
      expect(entries[kept]).toMatchObject({ type: 'repair', route: null, actor: 'root@host', at: AT });
      expect(entries[kept]?.reason).toMatch(
        /^the disk lied \(kept \d of the ledger's entries, \d lines stand in /,
      );
      expect(percents(entries)).toEqual(percents(ENTRIES));
      const aside = await place.aside(report.aside ?? '');
      expect(aside).toEqual(lines.slice(kept).map((line) => bytes(line).toString('latin1')));
    },
  );

  test('goes by the lines behind the damage where nothing is stored, if each entry is accounted for', async () => {
    const place = newPlace();
    await place.write([LINES[0], LINES[2], LINES[1], ...LINES.slice(3)] as string[]);
    expect(await repair(place, [])).toMatchObject({ kept: 1, unknown: [], refused: null });
    const entries = await soundEntries(place);
    expect(percents(entries)).toEqual(percents(ENTRIES));
    expect(foldPositions(entries).get('articles')?.version).toBeGreaterThan(4);
  });

  test.each<[string, string[], FoundPositions[], number[]]>([
    ['an unreadable line', LINES.with(4, 'garbage'), [], [5]],
    ['an unreadable last line', LINES.with(5, 'garbage'), [storedAt(5)], [6]],
    ['a missing line, and stored positions from before it', without(3), [storedAt(3)], [4]],
    ['two unreadable lines', LINES.with(1, 'a').with(5, 'b'), [storedAt(4)], [6]],
  ])('never loses an acknowledged entry unasked: %s', async (_what, lines, found, unknown) => {
    const place = newPlace();
    await place.write(lines);
    const report = await repair(place, found);
    expect(report).toMatchObject({ unknown, aside: null, refused: { code: 'LEDGER_REPAIR_LOSS' } });
    const before = await place.open();
    expect(before.fault()).not.toBeNull();
    await before.close();
    expect(await repair(place, found, { acceptLoss: true })).toMatchObject({ unknown, refused: null });
    await soundEntries(place);
  });

  test('that ends before what was served is repaired by what was stored', async () => {
    const place = newPlace();
    await place.write(LINES.slice(0, 2));
    expect((await repair(place, [storedAt(2)])).damage).toBeNull();
    const report = await repair(place, [storedAt(4), storedAt(6), storedAt(1)]);
    expect(report).toMatchObject({
      damage: 'the ledger ends at entry 2, but this instance has served entry 6',
      kept: 2,
      aside: null,
      stored: [{ counts: false }, { source: 'positions-6.json', counts: true }, { counts: false }],
    });
    expect(percents(await soundEntries(place))).toEqual(percents(ENTRIES));
  });

  test('that is another one than was served keeps its entries and goes by what was stored', async () => {
    const place = newPlace();
    const other = new LedgerChain();
    const outcome = other.seal([draftOf('articles', 1, { percent: 50 }), draftOf('tags', 1)]);
    if (!outcome.ok) throw new Error('not sealed');
    await place.write(outcome.entries.map(ledgerLine));
    await repair(place, [storedAt(6)]);
    expect(percents(await soundEntries(place))).toEqual({ articles: 4, authors: 6, tags: 2.5 });
  });

  test('goes by what was stored about it, and not by what is about another one, however new that is', async () => {
    const chain = new LedgerChain();
    for (let version = 1; version <= 9; version++) {
      const outcome = chain.seal([draftOf('articles', version, { percent: 90, reason: 'another ledger' })]);
      if (outcome.ok) chain.add(outcome.entries[0] as LedgerEntry);
    }
    const foreign = storedAt(9, chain.read({ after: 0, limit: 100 }));
    const place = newPlace();
    await place.write(LINES.with(4, 'garbage'));
    await repair(place, [foreign, storedAt(6)]);
    expect(percents(await soundEntries(place))).toEqual({ articles: 4, authors: 6 });
  });

  test('goes by its kept entries alone when that is asked for, and nobody can take a version for an old one', async () => {
    const place = newPlace();
    await place.write(LINES.with(2, 'garbage'));
    const report = await repair(place, [storedAt(6)], { policy: 'kept' });
    expect(report.routes).toMatchObject([
      { route: 'articles', from: 'kept', becomes: { hundredths: 200, version: 5 } },
      { route: 'authors', from: 'kept', becomes: { stage: 'legacy', version: 3 } },
    ]);
    expect(percents(await soundEntries(place))).toEqual({ articles: 2, authors: 0 });
  });

  test('is taken by an instance that has served what was cut off, but not once it is cut again', async () => {
    const place = newPlace();
    await place.write(LINES.with(2, 'garbage'));
    await repair(place, [storedAt(6)]);
    const entries = await soundEntries(place);
    for (const seq of [1, 2, 3, 4, 5, 6])
      expect(startingPositions(entries, null, storedAt(seq).stored)).toMatchObject({ distrust: null });
    const served = storedAt(entries.length, entries).stored;
    expect(startingPositions(entries, null, served)).toMatchObject({ distrust: null });
    const cut = entries.slice(0, 4);
    expect(startingPositions(cut, null, served)).toMatchObject({
      distrust: expect.stringContaining('ends at entry 4'),
    });
  });

  test('can be damaged and repaired again, and what was stored before the first repair counts for nothing', async () => {
    const place = newPlace();
    await place.write(LINES.with(5, 'garbage'));
    await repair(place, [storedAt(6)], { acceptLoss: true });
    const ledger = await place.open();
    const rollback = draftOf('authors', 4, { stage: 'legacy', percent: 0 });
    const version = foldPositions(await ledger.read({ after: 0, limit: 100 })).get('authors')?.version ?? 0;
    await ledger.append([{ ...rollback, version: version + 1 }]);
    const entries = await ledger.read({ after: 0, limit: 100 });
    await ledger.close();
    const again = newPlace();
    await again.write(entries.map(ledgerLine).with(1, 'garbage'));
    const report = await repair(again, [storedAt(6), storedAt(entries.length, entries)]);
    expect(report.stored.map(({ counts }) => counts)).toEqual([false, true]);
    expect(percents(await soundEntries(again))).toMatchObject({ authors: 0 });
  });

  describe('with a data set that has changed its owner', () => {
    /** Begun, decided, and at rest with the candidate. */
    const history = (() => {
      const chain = new LedgerChain();
      const step = (version: number, data: Partial<DataPosition>) =>
        draftOf('data:items', version, {
          ...{ type: 'cutover', stage: null, percent: null, writer: null, paused: null, killed: null },
          data: { ...POSITION, ...data },
        });
      const drafts = [
        draftOf('articles', 1),
        step(1, { to: 'candidate', driver: 'a:1', step: 'FENCING', held: true }),
        step(2, {
          to: 'candidate',
          driver: 'a:1',
          step: 'JOURNALED',
          owner: 'candidate',
          epoch: 3,
          held: true,
        }),
        step(3, { step: 'CANDIDATE_OWNS', owner: 'candidate', epoch: 3 }),
      ];
      for (const one of drafts) {
        const outcome = chain.seal([one]);
        if (!outcome.ok) throw new Error('not sealed');
        chain.add(outcome.entries[0] as LedgerEntry);
      }
      return chain.read({ after: 0, limit: 100 });
    })();
    const lines = history.map(ledgerLine);

    test.each<[string, string[], FoundPositions[]]>([
      ['what was served', lines.slice(0, 2).concat('garbage'), [storedAt(4, history)]],
      ['a whole line behind the damage', lines.with(2, 'garbage'), []],
    ])(
      'keeps the newest owner that %s tells, also where only kept entries shall count',
      async (_by, damaged, found) => {
        for (const policy of ['latest', 'kept'] as const) {
          const place = newPlace();
          await place.write(damaged);
          const report = await repair(place, found, { policy, acceptLoss: true });
          const becomes = { owner: 'candidate', epoch: 3, step: 'CANDIDATE_OWNS', to: null, version: 4 };
          expect(report.sets).toMatchObject([{ set: 'items', kept: { step: 'FENCING' }, becomes }]);
          const entries = await soundEntries(place);
          expect(foldData(entries).get('items')).toMatchObject(becomes);
        }
      },
    );

    test('leaves a change that was under way to whoever takes it over, and what is kept as it is', async () => {
      const place = newPlace();
      await place.write([...lines.slice(0, 3), 'garbage']);
      const report = await repair(place, [storedAt(3, history)], { acceptLoss: true });
      expect(report.sets).toMatchObject([
        { from: 'kept', becomes: { step: 'JOURNALED', to: 'candidate', version: 2 } },
      ]);
      const entries = await soundEntries(place);
      expect(entries.filter(({ route }) => route === 'data:items')).toHaveLength(2);
    });
  });

  test('that is sound is left alone', async () => {
    const place = newPlace();
    await place.write(LINES);
    expect(await repair(place, [storedAt(6)])).toMatchObject({ damage: null, kept: 6, appended: [] });
    expect(await soundEntries(place)).toEqual(ENTRIES);
  });
});

test('NUL bytes in place of what may have been an entry are not passed over', async () => {
  const place = filePlace();
  await place.write([...LINES, '\0\0\0']);
  expect(await repair(place, [storedAt(6)])).toMatchObject({
    unknown: [7],
    refused: { code: 'LEDGER_REPAIR_LOSS' },
  });
});

test('a torn last line is no damage, and is cut off as before', async () => {
  const place = filePlace();
  await place.write(LINES);
  const ledger = await place.repairable();
  await ledger.close();
  const path = join(folder, `${places}`, 'ledger.jsonl');
  writeFileSync(path, `${LINES.slice(0, 5).join('\n')}\n${LINES[5]?.slice(0, 40)}`);
  expect(await repair(place, [storedAt(5)])).toMatchObject({ damage: null, cutOff: [{ torn: true }] });
  expect(await soundEntries(place)).toHaveLength(5);
});

test('a repaired chain can be verified from its first entry to its last', async () => {
  const place = filePlace();
  await place.write(LINES.with(1, 'garbage'));
  await repair(place, [storedAt(6)]);
  let last: LedgerEntry | undefined;
  for (const entry of await soundEntries(place)) {
    expect(chainFault(entry, last)).toBeNull();
    last = entry;
  }
});

describe('a ledger in use', () => {
  test('is not repaired: a file that a process holds', async () => {
    const place = filePlace();
    await place.write(LINES.with(1, 'garbage'));
    const used = await place.open();
    await expect(place.repairable()).rejects.toMatchObject({
      code: 'LEDGER_LOCKED',
      message: expect.stringContaining(`held by process ${process.pid}`),
    });
    await used.close();
    await (await place.repairable()).close();
  });

  test('is not repaired: a table that an instance uses which was seen a moment ago', async () => {
    const place = tablePlace();
    await place.write(LINES);
    const schema = `p${places}`;
    await database.query(
      `CREATE TABLE ${schema}.instances (id text, evicted boolean, last_seen timestamptz);
       INSERT INTO ${schema}.instances VALUES ('a:1', false, now()), ('b:1', true, now()), ('c:1', false, now() - interval '1 minute')`,
    );
    await expect(place.repairable()).rejects.toMatchObject({
      code: 'LEDGER_LOCKED',
      message: expect.stringMatching(/is used by a:1\. Stop them/),
    });
    await database.query(`UPDATE ${schema}.instances SET evicted = true`);
    await (await place.repairable()).close();
  });

  test('is not repaired without its database', async () => {
    const address = postgresAddress('postgres://nobody:hunter2@127.0.0.1:1/none') as PostgresAddress;
    const error = await openRepairableTable(address).catch((caught: Error) => caught);
    expect(error).toMatchObject({ code: 'LEDGER_UNREACHABLE' });
    expect(String(error)).not.toContain('hunter2');
  });
});
