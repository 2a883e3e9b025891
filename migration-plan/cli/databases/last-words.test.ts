import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { lastWords } from './last-words.ts';

/** What Node writes when a program ends like this. */
function written(program: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
  });
  return `${stdout}${stderr}`;
}

test('an error that nobody caught is told by its message and its causes, not by what stands behind them', () => {
  const thrown = `console.log('starting');
    throw Object.assign(new Error('expected a database, got none', { cause: new TypeError('no address') }), { code: 'X' });`;
  expect(lastWords(written(thrown), 3)).toBe(
    'Error: expected a database, got none\nbecause of TypeError: no address',
  );
  expect(lastWords(written("await import('/not/there.ts')"), 3)).toMatch(
    /^Error \[ERR_MODULE_NOT_FOUND\]: Cannot find module '\/not\/there\.ts'/,
  );
  expect(
    lastWords(written('class Own extends Error { name = "Own" }; await Promise.reject(new Own("mine"))'), 3),
  ).toMatch(/^Own: mine$/);
  expect(lastWords(written("throw 'a text'"), 3)).toContain('a text');
});

test('else by the last error of its log, else by its last lines', () => {
  const log = [
    { level: 30, msg: 'starting' },
    { level: 60, msg: 'cannot start', err: { message: 'the port is taken', stack: 'at …' } },
    { level: 30, msg: 'stopped' },
  ];
  expect(lastWords(log.map((line) => JSON.stringify(line)).join('\n'), 3)).toBe(
    'cannot start: the port is taken',
  );
  expect(lastWords('one\n\n  two\nthree\n', 2)).toBe('two\nthree');
  expect(lastWords('one "NaN" {\n', 1)).toBe('one "NaN" {');
  expect(lastWords(' \n', 3)).toBe('(no output)');
});
