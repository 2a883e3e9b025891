import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MYSQL_URL } from '#acl/testing/databases.ts';
import { dataMutants } from './mutants.ts';
import { type Tried, tryMutants } from './try-mutants.ts';

const tried = dataMutants.filter(({ onMysql }) => !onMysql || MYSQL_URL !== '');

describe('a way to lose data', () => {
  let folder: string;
  let results: readonly Tried[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fig-mutants-'));
    results = await tryMutants(tried, join(folder, 'results'));
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true }));

  test.each(tried)('$name ($what) is found by its suite', ({ name, suite, promise }) => {
    const of = (copy: string) =>
      results.filter((one) => one.copy === copy && one.suite === suite && one.title.includes(promise));
    expect(of('sound').map(({ passed }) => passed)).not.toContain(false);
    expect(of('sound')).not.toEqual([]);
    expect(of(name).map(({ passed }) => passed)).toContain(false);
  });
});

for (const { name } of dataMutants.filter((mutant) => !tried.includes(mutant)))
  test.skip(`${name} is seen on MySQL only: FIG_TEST_MYSQL_URL names no server`, () => {});
