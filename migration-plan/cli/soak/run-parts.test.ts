import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { runParts } from './run-parts.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'fig-soak-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function part(name: string, source: string) {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, source);
  return { name, promise: name, entry: relative(root, file) };
}

test('runs every part with the same flags, also behind one that failed', async () => {
  const seen = join(folder, 'seen');
  const source = (code: number) => `import { appendFileSync } from 'node:fs';
appendFileSync(${JSON.stringify(seen)}, process.argv.slice(2).join(' ') + ';');
process.exit(${code});`;
  const results = await runParts([part('one', source(3)), part('two', source(0))], ['--minutes', '2']);
  expect(results).toMatchObject([
    { name: 'one', code: 3 },
    { name: 'two', code: 0 },
  ]);
  expect(readFileSync(seen, 'utf8')).toBe('--minutes 2;--minutes 2;');
});

test('names the parts there are when asked for another one', () => {
  const soak = join(import.meta.dirname, 'soak.ts');
  const { status, stderr } = spawnSync(process.execPath, [soak, 'backfil'], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stderr).toMatch(/expected parts among .*facade.*, got backfil\./);
});
