import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { mutants } from './mutants.ts';

test('the README counts what its table says', () => {
  const text = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `[\w-]+` \|.*\| ([^|]*) \| ([^|]*) \|$/gm)];
  const count = (is: (shadow: string, parity: string) => boolean) =>
    rows.filter(([, shadow = '', parity = '']) => is(shadow, parity)).length;
  const missed = (cell: string) => cell.startsWith('no: ');
  const generated = count((_, parity) => parity.startsWith('generated: '));
  expect(rows).toHaveLength(mutants.length);
  expect(text).toContain(
    `Of the ${rows.length}, shadow finds ${count((shadow) => !missed(shadow))}. Written cases find ${rows.length - generated - count((_, parity) => missed(parity))}, 500 generated requests ${generated} more, and ${count((_, parity) => missed(parity))} are found by neither`,
  );
  expect(count((shadow, parity) => missed(shadow) && missed(parity))).toBe(
    Number(/; (\d+) of those escape shadow, too/.exec(text)?.[1]),
  );
});
