import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { buildId } from './build-id.ts';

const root = mkdtempSync(join(tmpdir(), 'fig-build-'));
afterAll(() => rmSync(root, { recursive: true }));
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], { cwd: root });

test('each state of a folder that is being worked in is a build of its own', () => {
  expect(buildId(root)).toBe('dev');
  mkdirSync(join(root, 'migration-plan'));
  writeFileSync(join(root, 'service.ts'), 'one');
  git('init', '-q');
  git('add', '.');
  git('commit', '-qm', 'first');
  const builds = [buildId(root)];
  expect(builds[0]).toMatch(/^[0-9a-f]{7,}$/);
  for (const [file, text] of [
    ['service.ts', 'two'],
    ['service.ts', 'three'],
    ['added.ts', 'one'],
    ['added.ts', 'two'],
  ] as const) {
    writeFileSync(join(root, file), text);
    builds.push(buildId(root));
    expect(buildId(root)).toBe(builds.at(-1));
  }
  expect(new Set(builds).size).toBe(5);
  for (const build of builds.slice(1))
    expect(build).toMatch(new RegExp(`^${builds[0]}-changed-[0-9a-f]{8}$`));
  // Neither the plan nor a text is code.
  writeFileSync(join(root, 'migration-plan', 'plan.yaml'), 'routes: []');
  writeFileSync(join(root, 'NOTES.md'), 'text');
  expect(buildId(root)).toBe(builds.at(-1));
  rmSync(join(root, 'added.ts'));
  writeFileSync(join(root, 'service.ts'), 'one');
  expect(buildId(root)).toBe(builds[0]);
});
