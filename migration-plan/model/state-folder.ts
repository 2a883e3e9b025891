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
  // Alone in a project it needs no other place, unless it had one before it was alone.
  const isAlone = !existsSync(join(own, 'plan.yaml')) && !existsSync(resolve(cwd, folder, 'ledger.jsonl'));
  return isAlone ? '.fig' : folder;
}

const real = (path: string) => (existsSync(path) ? realpathSync(path) : path);
