import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type PlanFile, valueAt } from '../plan-file.ts';
import type { KeyPath, Problem } from '../problem.ts';

/** Files that the plan names: translators and scripts, relative to the folder that holds the plan folder; TLS files. */
export function checkModules(
  dir: string,
  plan: PlanFile | null,
  dataSets: readonly PlanFile[],
  severity: Problem['severity'],
): void {
  const root = dirname(resolve(dir));
  for (const set of dataSets) checkModule(root, set, ['translator'], severity);
  for (const key of ['cert', 'key']) {
    const written = valueAt(plan?.value, ['tls', key]);
    if (plan === null || typeof written !== 'string' || isFile(resolve(dir, written))) continue;
    plan.report(
      ['tls', key],
      'expected a file, absolute or relative to the plan folder, got {got}, which is not there. Create it, or correct the path.',
      severity,
    );
  }
  if (plan) checkAuthorities(dir, plan);
  const up = valueAt(plan?.value, ['up']);
  if (plan === null || typeof up !== 'object' || up === null) return;
  for (const name of Object.keys(up)) checkModule(root, plan, ['up', name, 'run'], severity);
}

function checkModule(root: string, file: PlanFile, path: KeyPath, severity: Problem['severity']): void {
  const written = valueAt(file.value, path);
  if (typeof written !== 'string' || written === '' || written.startsWith('/')) return;
  if (isFile(resolve(root, written))) return;
  file.report(
    path,
    'expected a file relative to the folder that holds the plan folder, got {got}, which is not there. Create it, or correct the path.',
    severity,
  );
}

/** Without its authorities no request reaches an upstream, so here a file that is missing is an error in any case. */
function checkAuthorities(dir: string, plan: PlanFile): void {
  const candidates = valueAt(plan.value, ['candidates']);
  const names = typeof candidates === 'object' && candidates !== null ? Object.keys(candidates) : [];
  for (const upstream of [['legacy'], ...names.map((name) => ['candidates', name])]) {
    const path = [...upstream, 'tls', 'ca'];
    const written = valueAt(plan.value, path);
    if (typeof written !== 'string' || written === '') continue;
    const problem = authoritiesProblem(resolve(dir, written));
    if (problem) plan.report(path, problem, 'error');
  }
}

function authoritiesProblem(path: string): string | null {
  if (!isFile(path))
    return 'expected a file, absolute or relative to the plan folder, got {got}, which is not there. Create it, or correct the path.';
  try {
    new X509Certificate(readFileSync(path));
    return null;
  } catch {
    return 'expected a file of certificates (PEM), got {got}, which holds none. Name the file of the authority.';
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
