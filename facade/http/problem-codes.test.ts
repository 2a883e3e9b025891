import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { PROBLEMS } from './problem-codes.ts';

describe('the table of codes in the README', () => {
  test('lists every code with status, meaning and remedy, and nothing else', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const rows = [...readme.matchAll(/^\| `[A-Z]+_[A-Z_]+` .*\|$/gm)].map(([line]) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
    const table = Object.entries(PROBLEMS).map(([code, { status, meaning, remedy }]) => [
      `\`${code}\``,
      String(status),
      meaning,
      remedy,
    ]);
    expect(rows).toEqual(table);
  });
});
