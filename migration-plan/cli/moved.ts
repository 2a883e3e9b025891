import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Match, Plan, Route } from '#plan/model/plan.ts';
import { readContract } from '#plan/parity/contract-coverage.ts';
import { isSafe, routeOf } from '#plan/parity/route-match.ts';
import type { RouteAnswer } from './api/admin.ts';
import type { Requests } from './api/requests.ts';

type Part = { readonly moved: number; readonly of: number };

/** How much of a migration is done: whole routes, endpoints, and requests of clients since the facade started. */
export type Moved = {
  readonly routes: Part;
  /** Operations of the contract in the plan folder; without one, matches of the routes. */
  readonly endpoints: Part & { readonly counted: 'operations of the contract' | 'matches of the plan' };
  readonly requests: Part;
};

/** A route has moved when the candidate answers all its reads; an endpoint, when it answers that one. */
const isMoved = ({ stage, killed }: RouteAnswer) => (stage === 'candidate' || stage === 'retired') && !killed;

export function movedSoFar(
  plan: Plan | null,
  planDir: string,
  routes: readonly RouteAnswer[],
  requests: Requests,
): Moved {
  const there = new Map(routes.filter(isMoved).map((state) => [state.route, state]));
  const all = [...requests.values()];
  return {
    routes: { moved: there.size, of: routes.length },
    endpoints: endpointsOf(plan, planDir, there),
    requests: {
      moved: all.reduce((sum, { candidate }) => sum + candidate, 0),
      of: all.reduce((sum, { legacy, candidate }) => sum + legacy + candidate, 0),
    },
  };
}

function endpointsOf(
  plan: Plan | null,
  planDir: string,
  there: ReadonlyMap<string, RouteAnswer>,
): Moved['endpoints'] {
  // Writes of owned data go to their writer, wherever reads have got to.
  const hasMoved = ({ name, data }: Route, method: string | null, match: Match) => {
    const at = there.get(name);
    if (!at) return false;
    return data.kind !== 'owned' || at.writer !== 'legacy' || (method !== null && isSafe(method, match));
  };
  const file = join(planDir, 'contract', 'openapi.yaml');
  if (plan && existsSync(file)) {
    try {
      const { operations } = readContract(file);
      const moved = operations.filter(({ method, path }) => {
        const claimed = routeOf(plan, method, path);
        return claimed !== null && hasMoved(claimed.route, method, claimed.match);
      }).length;
      return { moved, of: operations.length, counted: 'operations of the contract' };
    } catch {
      // What is wrong with it `fig parity --contract` and `fig lint` say.
    }
  }
  const matches = (plan?.routes ?? []).flatMap((route) => route.match.map((match) => ({ route, match })));
  return {
    moved: matches.filter(({ route, match }) => hasMoved(route, match.method, match)).length,
    of: matches.length,
    counted: 'matches of the plan',
  };
}

const share = ({ moved, of }: Part) =>
  of === 0 ? 'none' : `${((100 * moved) / of).toFixed(of > 1000 ? 1 : 0)} %`;

/** `1 of 3 routes`, `9 of 60 operations of the contract (15 %)`, `37.2 % of 12,345 requests since …`. */
export function describeMoved({ routes, endpoints, requests }: Moved): readonly string[] {
  const count = (n: number) => n.toLocaleString('en');
  return [
    `${routes.moved} of ${routes.of} routes`,
    `${count(endpoints.moved)} of ${count(endpoints.of)} ${endpoints.counted} (${share(endpoints)})`,
    requests.of === 0
      ? 'no requests since the facade started'
      : `${share(requests)} of ${count(requests.of)} requests since the facade started`,
  ];
}
