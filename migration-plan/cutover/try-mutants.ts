import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { DataMutant } from './mutants.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const here = (name: string) => join(import.meta.dirname, name);

/** A test that ran with a fault planted, or in the program as it is (`sound`). */
export type Tried = {
  readonly copy: string;
  readonly suite: string;
  readonly title: string;
  readonly passed: boolean;
};

/** What keeps mutants from being planted: the program was changed under them. */
export async function misfitsOf(mutants: readonly DataMutant[]): Promise<string[]> {
  const found = mutants.map(async ({ name, file, find }) => {
    const count = (await readFile(join(ROOT, file), 'utf8')).split(find).length - 1;
    return count === 1 ? [] : [`${name}: expected its text once in ${file}, found it ${count} times`];
  });
  return (await Promise.all(found)).flat();
}

/**
 * Runs the tests that are to find these mutants: with each fault in what Jest loads, and without one. Nothing is written
 * but `output`. Throws where a mutant does not fit its file, or a suite does not run.
 */
export async function tryMutants(mutants: readonly DataMutant[], output: string): Promise<Tried[]> {
  const { jest } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const [[pattern, [, swc]]] = Object.entries(jest.transform) as [[string, [string, object]]];
  const misfits = await misfitsOf(mutants);
  if (misfits.length > 0) throw new Error(misfits.join('; '));
  /** Jest looks for tests nowhere but beside the suites. */
  const project = (displayName: string, suites: readonly string[], mutant: object | null) => ({
    ...{ displayName, rootDir: ROOT, roots: [...new Set(suites.map((suite) => join(ROOT, dirname(suite))))] },
    testMatch: suites.map((suite) => join(ROOT, suite)),
    testEnvironment: jest.testEnvironment,
    extensionsToTreatAsEsm: jest.extensionsToTreatAsEsm,
    transform: { [pattern]: [here('plant.mjs'), { mutant, swc }] },
  });
  const config = {
    projects: [
      project('sound', [...new Set(mutants.map(({ suite }) => suite))], null),
      ...mutants.map(({ name, file, find, replace, suite }) =>
        project(name, [suite], { path: join(ROOT, file), find, replace }),
      ),
    ],
    reporters: [[here('results.mjs'), { output }]],
  };
  const promises = mutants.map(({ promise }) => promise.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const { JEST_WORKER_ID: _, ...env } = process.env;
  const child = spawn(
    process.execPath,
    [
      ...['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
      join(ROOT, 'node_modules/jest/bin/jest.js'),
      ...['--config', JSON.stringify(config), '--maxWorkers=2', `--testTimeout=${jest.testTimeout}`],
      ...['--testNamePattern', promises.join('|')],
    ],
    { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += String(chunk);
  });
  await once(child, 'close');
  const lines = await readFile(output, 'utf8').catch(() => {
    throw new Error(`Jest ran nothing: ${said}`);
  });
  return lines
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { copy, path, title, passed, error } = JSON.parse(line);
      const suite = path.slice(ROOT.length + 1);
      if (error !== undefined) throw new Error(`${copy}: ${suite} did not run: ${error}`);
      return { copy, suite, title, passed };
    });
}
