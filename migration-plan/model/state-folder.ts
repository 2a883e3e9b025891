import { existsSync, realpathSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

/** The plan of a project, where no other one is named. */
export const DEFAULT_PLAN = 'migration-plan';

/**
 * Where the ledger and the last positions of a plan lie, under `cwd`: `.fig`, or for another plan than the project's own
 * `.fig/plans/NAME`. Positions hang on names alone: in one ledger, a route of one plan would stand where a route of the
 * same name stood in the other.
 */
export function stateFolder(planDir: string, cwd = process.cwd()): string {
  const own = resolve(cwd, DEFAULT_PLAN);
  const path = resolve(cwd, planDir);
  if (real(path) === real(own)) return '.fig';
  const name = relative(cwd, path)
    .replace(/[^\w-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  const folder = join('.fig', 'plans', name || 'plan');
  const has = (where: string) => existsSync(resolve(cwd, where, 'ledger.jsonl'));
  // It lay there before each plan had its own.
  const isOld = !has(folder) && has('.fig') && !existsSync(join(own, 'plan.yaml'));
  return isOld ? '.fig' : folder;
}

const real = (path: string) => (existsSync(path) ? realpathSync(path) : path);
