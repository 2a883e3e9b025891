import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import LongSuitesFirst from './long-suites-first.ts';

const folder = mkdtempSync(join(tmpdir(), 'fig-order-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('what asks for the longest deadline begins first, then suites of other files, then the largest', () => {
  const texts = {
    'large.test.ts': `${'// much\n'.repeat(500)}`,
    'small.test.ts': "test('quick', () => {});\n",
    'shared.test.ts': "import { expectations } from './expectations.suite.ts';\n",
    'short.test.ts': "test('starts one', async () => {\n}, 60_000);\n",
    'long.test.ts': "beforeAll(() => {\n}, 30_000);\ntest('starts all', async () => {\n}, 1_200_000);\n",
  };
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
  const tests = Object.keys(texts).map((name) => ({ path: join(folder, name) }));
  expect(new LongSuitesFirst().sort(tests).map(({ path }) => basename(path, '.test.ts'))).toEqual([
    'long',
    'shared',
    'short',
    'large',
    'small',
  ]);
});
