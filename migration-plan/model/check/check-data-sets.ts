import { type PlanFile, valueAt } from '../plan-file.ts';
import { advise, routeName } from './check-routes.ts';

/** Routes and data sets name each other: a writer that the set does not know of would lose its writes at cutover. */
export function checkDataSets(routes: readonly PlanFile[], dataSets: readonly PlanFile[]): void {
  const byFile = new Map(dataSets.map((set) => [set.file, set]));
  for (const set of dataSets) {
    const name = valueAt(set.value, ['set']);
    const stem = set.file.replace(/^data\/|\.yaml$/g, '');
    if (typeof name === 'string' && name !== stem) {
      set.report(['set'], `expected the name of the file, got {got}. Write \`${stem}\`, or rename the file.`);
    }
    checkSetRoutes(set, routes);
  }
  for (const route of routes) {
    const owned = ownedSet(route);
    if (owned === null) continue;
    const set = byFile.get(`data/${owned}.yaml`);
    if (set === undefined) {
      const known = dataSets.map((other) => other.file.replace(/^data\/|\.yaml$/g, ''));
      route.report(
        ['data', 'owned'],
        `expected a data set with a file data/${owned}.yaml, got none. ${advise(owned, known)}`,
      );
      continue;
    }
    const listed = valueAt(set.value, ['routes']);
    const name = routeName(route);
    if (name !== null && Array.isArray(listed) && !listed.includes(name)) {
      set.report(
        ['routes'],
        `expected \`${name}\` among the routes (${route.file} writes this set), got no such entry. Add \`${name}\`.`,
      );
    }
  }
}

function ownedSet(route: PlanFile): string | null {
  const owned = valueAt(route.value, ['data', 'owned']);
  return typeof owned === 'string' && /^[a-z][a-z0-9-]*$/.test(owned) ? owned : null;
}

function checkSetRoutes(set: PlanFile, routes: readonly PlanFile[]): void {
  const listed = valueAt(set.value, ['routes']);
  if (!Array.isArray(listed)) return;
  const known = routes.map(routeName).filter((route) => route !== null);
  for (const [index, entry] of listed.entries()) {
    if (typeof entry !== 'string') continue;
    const route = routes.find((candidate) => routeName(candidate) === entry);
    if (route === undefined) {
      set.report(['routes', index], `expected the name of a route, got {got}. ${advise(entry, known)}`);
    }
  }
}
