import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MYSQL_URL } from '#acl/testing/databases.ts';
import { dataMutants } from './mutants.ts';
import { misfitsOf, type Tried, tryMutants } from './try-mutants.ts';

/** FIG_SOAK=1 plants all of them, else one of each suite that needs no database. */
const ALL = process.env.FIG_SOAK === '1';
const QUICK = new Set(['ack-first', 'echo', 'position-before-fence', 'late-leader']);

const fitting = dataMutants.filter(({ onMysql }) => !onMysql || MYSQL_URL !== '');
const tried = fitting.filter(({ name }) => ALL || QUICK.has(name));

test('every way to lose data fits the program as it is', async () => {
  expect(await misfitsOf(dataMutants)).toEqual([]);
});

describe('a way to lose data', () => {
  let folder: string;
  let results: readonly Tried[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fig-mutants-'));
    results = await tryMutants(tried, join(folder, 'results'));
  }, 1_200_000);
  afterAll(() => rm(folder, { recursive: true }));

  test.each(tried)('$name ($what) is found by its suite', ({ name, suite, promise }) => {
    const of = (copy: string) =>
      results.filter((one) => one.copy === copy && one.suite === suite && one.title.includes(promise));
    expect(of('sound').map(({ passed }) => passed)).not.toContain(false);
    expect(of('sound')).not.toEqual([]);
    expect(of(name).map(({ passed }) => passed)).toContain(false);
  });
});

for (const { name } of ALL ? dataMutants.filter((mutant) => !fitting.includes(mutant)) : [])
  test.skip(`${name} is seen on MySQL only: FIG_TEST_MYSQL_URL names no server`, () => {});
