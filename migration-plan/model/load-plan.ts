import { readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ZodType } from 'zod';
import { checkAddresses } from './check/check-addresses.ts';
import { checkBuilds } from './check/check-builds.ts';
import { checkCredentials } from './check/check-credentials.ts';
import { checkDataSets } from './check/check-data-sets.ts';
import { checkIdle } from './check/check-idle.ts';
import { checkMatches } from './check/check-matches.ts';
import { checkModules } from './check/check-modules.ts';
import { checkRoutes } from './check/check-routes.ts';
import { checkReach, checkStages } from './check/check-stages.ts';
import { warnOfWritersOutside } from './check/check-writers.ts';
import type { Plan } from './plan.ts';
import { PlanFile, valueAt } from './plan-file.ts';
import { type Problem, sortProblems } from './problem.ts';
import { dataSchema } from './schema/data-schema.ts';
import { planSchema } from './schema/plan-schema.ts';
import { routeSchema } from './schema/route-schema.ts';
import { type Checked, toPlan } from './to-plan.ts';
import { readYamlSource } from './yaml-source.ts';

export type LoadOptions = {
  /**
   * What a translator or `up` script that is not on this machine counts as. Default `warning`: a facade serves
   * without them. `fig lint` says `error`.
   */
  readonly missingModules?: Problem['severity'];
};

/**
 * Reads and checks a plan folder: plan.yaml, routes/*.yaml, data/*.yaml. Reports every problem of every file at once,
 * in file and line order; the plan is null when one of them is an error. Throws on nothing that a plan's author can cause.
 */
export function loadPlan(
  dir: string,
  env: NodeJS.ProcessEnv,
  options: LoadOptions = {},
): { plan: Plan | null; problems: Problem[] } {
  const problems: Problem[] = [];
  const folder = resolve(dir);
  if (!stat(folder)?.isDirectory()) {
    const message = `expected a plan folder at ${folder}, got ${stat(folder) ? 'a file' : 'nothing'}. Name it with --plan DIR.`;
    return { plan: null, problems: [{ file: dir, line: 0, key: '', message, severity: 'error' }] };
  }
  const open = (file: string) => openFile(folder, file, env, problems);
  const planFile = open('plan.yaml');
  const routeFiles = yamlFiles(folder, 'routes', problems).map(open);
  const dataFiles = yamlFiles(folder, 'data', problems).map(open);
  const routes = routeFiles.filter((file) => file !== null);
  const dataSets = dataFiles.filter((file) => file !== null);

  const plan = planFile && check(planFile, planSchema);
  const checkedRoutes = routes.map((file) => check(file, routeSchema));
  const checkedSets = dataSets.map((file) => check(file, dataSchema));

  checkRoutes(planFile, routes);
  for (const route of routes) checkStages(route);
  checkReach(routes);
  if (planFile) checkAddresses(planFile);
  if (planFile) checkBuilds(planFile);
  for (const route of routes) checkCredentials(route);
  for (const route of routes) checkIdle(route);
  checkMatches(routes, {
    caseSensitive: valueAt(planFile?.value, ['matching', 'case']) === 'sensitive',
    strictSlash: valueAt(planFile?.value, ['matching', 'trailingSlash']) === 'strict',
  });
  checkDataSets(routes, dataSets);
  checkModules(folder, planFile, dataSets, options.missingModules ?? 'warning');

  for (const file of [planFile, ...routes, ...dataSets]) problems.push(...(file?.problems ?? []));
  const failed = problems.some((problem) => problem.severity === 'error');
  if (failed || !plan) return { plan: null, problems: sortProblems(problems) };
  const isChecked = <T>(checked: Checked<T> | null): checked is Checked<T> => checked !== null;
  const loaded = toPlan(folder, plan, checkedRoutes.filter(isChecked), checkedSets.filter(isChecked), env);
  problems.push(...warnOfWritersOutside(loaded, dataSets));
  return { plan: loaded, problems: sortProblems(problems) };
}

function check<T>(file: PlanFile, schema: ZodType<T>): Checked<T> | null {
  const value = file.read(schema);
  return value === undefined ? null : { file, value };
}

function openFile(
  folder: string,
  file: string,
  env: NodeJS.ProcessEnv,
  problems: Problem[],
): PlanFile | null {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(join(folder, file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const got = code === 'ENOENT' ? 'no such file' : `an error (${code})`;
    const advice =
      code === 'ENOENT' ? 'Create it, or name another folder with --plan DIR.' : 'Make it readable.';
    problems.push({
      file,
      line: 0,
      key: '',
      message: `expected a plan file in ${folder}, got ${got}. ${advice}`,
      severity: 'error',
    });
    return null;
  }
  const read = readYamlSource(file, bytes);
  problems.push(...read.problems);
  return read.source && new PlanFile(read.source, env);
}

/** The files of `routes` or `data`, by name; a folder that is not there holds none. */
function yamlFiles(folder: string, kind: 'routes' | 'data', problems: Problem[]): string[] {
  const path = join(folder, kind);
  const found = stat(path);
  if (!found) return [];
  const refuse = (file: string, message: string) =>
    problems.push({ file, line: 0, key: '', message, severity: 'error' });
  if (!found.isDirectory()) {
    refuse(kind, 'expected a folder, got a file. Move it into the folder.');
    return [];
  }
  const names = readdirSync(path)
    .filter((name) => !name.startsWith('.'))
    .sort();
  for (const name of names.filter((name) => /\.ya?ml$/i.test(name) && !name.endsWith('.yaml'))) {
    refuse(
      `${kind}/${name}`,
      `expected the ending .yaml, got another one. Rename it to ${name.replace(/\.\w+$/, '.yaml')}.`,
    );
  }
  return names.filter((name) => name.endsWith('.yaml')).map((name) => `${kind}/${name}`);
}

function stat(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}
