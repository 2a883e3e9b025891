import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { reasons, severities, severityOf, severityOfKind } from './difference.ts';
import { compareAnswers, compileRules, defaultLimits } from './index.ts';

const text = readFileSync(join(import.meta.dirname, '../../COMPARE.md'), 'utf8');

/** Cells of the table under the heading that has this in its first column's head. */
function tableOf(head: string): string[][] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${head} |`));
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end).map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));
}
const bare = (cell = '') => cell.replaceAll('`', '');

describe('COMPARE.md', () => {
  test('lists every kind with its severity', () => {
    const listed = tableOf('kind').map(([kind, severity]) => [bare(kind), bare(severity)]);
    expect(Object.fromEntries(listed)).toEqual(severityOfKind);
    for (const severity of severities) expect(text).toContain(`\`${severity}\`: `);
  });

  test('lists every reason, with its severity where that is another than of a value', () => {
    const rows = tableOf('reason');
    expect(rows.map(([reason]) => bare(reason))).toEqual(reasons);
    for (const [cell, of = ''] of rows) {
      const reason = reasons.find((each) => each === bare(cell));
      const kind = of.startsWith('value') ? 'value' : 'missing';
      if (reason)
        expect([reason, of.includes('`minor`')]).toEqual([reason, severityOf(kind, reason) === 'minor']);
    }
  });

  test('lists every limit with its default', () => {
    const listed = tableOf('limit').map(([limit, value]) => [bare(limit), Number(value)]);
    expect(Object.fromEntries(listed)).toEqual(defaultLimits);
  });

  test('the example says what it shows', () => {
    const [, code = ''] = /```ts\nimport [^\n]*\n([\s\S]*?)```/.exec(text) ?? [];
    const [program = '', shown = ''] = code.split('// outcome: ');
    const plain = program
      .replaceAll('(body: string)', '(body)')
      .replace('const { outcome, differences } =', 'return');
    const run = new Function('compareAnswers', 'compileRules', plain);
    const { outcome, differences } = run(compareAnswers, compileRules) as ReturnType<typeof compareAnswers>;
    const [word, list = ''] = shown.replaceAll('\n//', '').split('; differences: ');
    expect(word).toBe(`'${outcome}'`);
    // Opaque, and not for reading.
    const shownOf = differences.map(({ places: _, more: __, ...difference }) => difference);
    expect(new Function(`return ${list}`)()).toEqual(shownOf);
  });
});
