// `npm run check`: types, lint and format, dependency arrows, unused code. Prints one line a check; exits 1 if any fails.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkDependencies } from './check-dependencies.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const bin = (name: string) => join(root, 'node_modules', '.bin', name);

const sourceFiles = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file && existsSync(join(root, file)));

type Check = { name: string; run: () => Promise<string> | string };

const checks: Check[] = [
  { name: 'types', run: () => command(bin('tsc'), ['--noEmit', '--pretty', 'false']) },
  {
    name: 'lint and format',
    run: () => command(bin('biome'), ['ci', '--error-on-warnings', '--colors=off', '.']),
  },
  { name: 'dependency arrows', run: async () => (await checkDependencies(root, sourceFiles)).join('\n') },
  { name: 'unused code', run: () => command(bin('knip'), ['--no-progress']) },
];

/** Output of a failed command, '' when it succeeded. */
function command(file: string, args: readonly string[]): string {
  const run = spawnSync(file, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    env: { ...process.env, NO_COLOR: '1' },
  });
  if (run.status === 0) return '';
  return `${run.stdout ?? ''}${run.stderr ?? ''}`.trim() || run.error?.message || `exit code ${run.status}`;
}

let failed = 0;
for (const check of checks) {
  const started = performance.now();
  const problems = await check.run();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${problems === '' ? 'ok  ' : 'FAIL'} ${check.name} (${seconds} s)\n`);
  if (problems !== '') {
    failed += 1;
    process.stdout.write(`${problems.replace(/^/gm, '     ')}\n`);
  }
}
process.exit(failed === 0 ? 0 : 1);
