import { loadPlan } from '#plan/model/load-plan.ts';
import type { Plan } from '#plan/model/plan.ts';
import { formatProblem } from '#plan/model/problem.ts';
import { AdminApi } from '../api/admin.ts';
import { readToken, type TokenKind, tokenSource } from '../api/token.ts';
import type { Session } from '../session.ts';
import { probe } from './probe.ts';

/** One line of `fig doctor`; `todo` says what to do, null when there is nothing. */
export type Finding = {
  readonly check: string;
  readonly verdict: 'ok' | 'warn' | 'fail';
  readonly found: string;
  readonly todo: string | null;
};

const NODE_MAJOR = 24;

/** Runs every check; those on the network at the same time. */
export async function diagnose(session: Session): Promise<Finding[]> {
  const { plan, finding } = checkPlan(session);
  const local = [checkNode(), finding];
  const remote = await Promise.all([
    checkFacade(session),
    checkToken(session, 'admin', session.adminUrl, '/v1/routes'),
    checkLedger(session),
    ...(plan ? checkPlanned(session, plan) : []),
  ]);
  return [...local, ...remote.filter((finding) => finding !== null)];
}

function checkNode(): Finding {
  const found = process.version;
  return Number(found.slice(1).split('.')[0]) >= NODE_MAJOR
    ? ok('node', found)
    : fail('node', found, `Expected Node ${NODE_MAJOR}. Run through \`npx fig\`, which brings its own.`);
}

function checkPlan(session: Session): { plan: Plan | null; finding: Finding } {
  const { plan, problems } = loadPlan(session.planDir, session.env, { missingModules: 'error' });
  const errors = problems.filter((problem) => problem.severity === 'error');
  const first = errors[0];
  if (first) {
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
    return {
      plan: loadPlan(session.planDir, session.env).plan,
      finding: fail('plan', `${formatProblem(first)}${more}`, 'Run: npx fig lint'),
    };
  }
  const size = `${session.planDir} (routes: ${plan?.routes.length ?? 0}, data sets: ${plan?.dataSets.size ?? 0})`;
  return {
    plan,
    finding:
      problems.length === 0
        ? ok('plan', size)
        : warn('plan', `${size}, ${problems.length} warnings.`, 'See: npx fig lint'),
  };
}

async function checkFacade(session: Session): Promise<Finding> {
  const start = 'Start it: npx fig up, or name another one with --admin URL.';
  return checkReachable('facade admin', session.adminUrl, '/readyz', start);
}

/** Null when there is nothing to say; a facade that cannot be asked is another check's finding. */
async function checkLedger(session: Session): Promise<Finding | null> {
  const fault = await new AdminApi(session).ledgerFault().catch(() => null);
  return fault === null ? null : warn('ledger', `positions cannot be changed: ${fault}`, null);
}

function checkPlanned(session: Session, plan: Plan): Promise<Finding>[] {
  const readyPath = new Map(plan.up.map((process) => [process.url, process.ready]));
  // What the plan does not start is somebody's own.
  const start =
    plan.up.length > 0
      ? 'Start it: npx fig up, or correct its url in plan.yaml.'
      : 'Start it, or correct its url in plan.yaml.';
  const checks: Promise<Finding>[] = [
    checkReachable('facade public', plan.publicUrl, '/', 'Start it: npx fig up.', true),
  ];
  const upstreams = [
    ...(plan.legacy ? [['legacy', plan.legacy] as const] : []),
    ...[...plan.candidates].map(([name, upstream]) => [`candidate ${name}`, upstream] as const),
  ];
  for (const [name, upstream] of upstreams) {
    const path = readyPath.get(upstream.url) ?? upstream.build ?? '/';
    checks.push(checkReachable(name, upstream.url, path, start, path === '/'));
  }
  for (const set of plan.dataSets.values()) {
    const path = readyPath.get(set.service.url) ?? '/readyz';
    checks.push(checkReachable(`service of ${set.name}`, set.service.url, path, start));
  }
  if (plan.relay) {
    checks.push(checkReachable('relay', plan.relay.url, '/readyz', start));
    checks.push(checkToken(session, 'relay', plan.relay.url, '/v1/sets'));
  }
  return checks;
}

async function checkReachable(
  check: string,
  url: string,
  path: string,
  todo: string,
  anyAnswer = false,
): Promise<Finding> {
  const result = await probe(url + path, null);
  if (result.error !== null) return fail(check, `${url}: ${result.error}.`, todo);
  const took = `${url} in ${result.ms} ms`;
  if (!anyAnswer && result.status >= 400) {
    return fail(
      check,
      `${url}${path} answers ${result.status}.`,
      'Look at its log; its own dependencies may be away.',
    );
  }
  const version = await probe(`${url}/version`, null);
  return ok(check, version.version === null ? took : `${took}, ${version.version}`);
}

async function checkToken(session: Session, kind: TokenKind, url: string, path: string): Promise<Finding> {
  const check = `${kind} token`;
  const token = readToken(kind, session.env);
  const todo = `Set ${tokenSource(kind)}, as where it was started.`;
  if (token === null) return fail(check, 'none.', todo);
  const result = await probe(url + path, token);
  if (result.error !== null) return warn(check, 'found, not tried: nothing answers there.', null);
  if (result.status === 401 || result.status === 403) return fail(check, `refused by ${url}.`, todo);
  return result.status < 400
    ? ok(check, 'accepted')
    : fail(check, `${url}${path} answers ${result.status}.`, 'Look at its log.');
}

function ok(check: string, found: string): Finding {
  return { check, verdict: 'ok', found, todo: null };
}
function warn(check: string, found: string, todo: string | null): Finding {
  return { check, verdict: 'warn', found, todo };
}
function fail(check: string, found: string, todo: string): Finding {
  return { check, verdict: 'fail', found, todo };
}
