import type { Match, Plan, Route } from '#plan/model/plan.ts';

/** Whether a path, or the path of a contract's operation, is one of a match: parameters stand where the match has them. */
function fits({ pattern }: Match, path: string): boolean {
  const parts = pattern.split('/');
  const given = path.replace(/(?<=.)\/$/, '').split('/');
  const rest = parts.at(-1)?.startsWith('*') === true;
  if (rest ? given.length < parts.length : given.length !== parts.length) return false;
  return parts.every((part, n) => /^[:*]/.test(part) || part.toLowerCase() === given[n]?.toLowerCase());
}

/** The match of a route for a method and path, null for none; a literal segment goes before a parameter. */
export function matchOf({ match }: Pick<Route, 'match'>, method: string, path: string): Match | null {
  const asked = method === 'HEAD' ? ['HEAD', 'GET'] : [method];
  const found = match.filter((one) => (one.method === null || asked.includes(one.method)) && fits(one, path));
  return found.toSorted((a, b) => rank(a) - rank(b))[0] ?? null;
}

/** The route of a plan that claims a request, with its match; null for none. */
export function routeOf(plan: Plan, method: string, path: string): { route: Route; match: Match } | null {
  const found = plan.routes.flatMap((route) => {
    const match = matchOf(route, method, path);
    return match ? [{ route, match }] : [];
  });
  return found.toSorted((a, b) => rank(a.match) - rank(b.match))[0] ?? null;
}

const rank = ({ pattern, method }: Match): number =>
  pattern
    .split('/')
    .reduce((sum, part) => sum * 3 + (part.startsWith('*') ? 2 : part.startsWith(':') ? 1 : 0), 0) *
    2 +
  (method === null ? 1 : 0);

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Whether a request only reads: by what its match says, else by its method. */
export const isSafe = (method: string, match: Match | null): boolean =>
  match?.safety === 'safe' || (match?.safety !== 'unsafe' && SAFE.has(method));
