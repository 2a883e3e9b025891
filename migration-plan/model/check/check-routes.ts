import { closest } from '../closest.ts';
import { type PlanFile, valueAt } from '../plan-file.ts';

/** Name of a route file as written; null when it has none that could be referred to. */
export function routeName(route: PlanFile): string | null {
  const name = valueAt(route.value, ['route']);
  return typeof name === 'string' ? name : null;
}

/** Names are unique, candidates and dependencies exist, and no route waits for itself. */
export function checkRoutes(plan: PlanFile | null, routes: readonly PlanFile[]): void {
  const byName = new Map<string, PlanFile>();
  for (const route of routes) {
    const name = routeName(route);
    if (name === null) continue;
    const other = byName.get(name);
    if (other === undefined) byName.set(name, route);
    else
      route.report(
        ['route'],
        `expected a name of its own, got {got} as in ${other.file}. Write another one.`,
      );
  }
  for (const route of routes) {
    if (plan !== null) checkCandidate(plan, route);
    checkDependencyNames(route, byName);
  }
  checkCycles(byName);
}

function checkCandidate(plan: PlanFile, route: PlanFile): void {
  const candidate = valueAt(route.value, ['candidate']);
  if (typeof candidate !== 'string') return;
  const candidates = valueAt(plan.value, ['candidates']);
  const known = typeof candidates === 'object' && candidates !== null ? Object.keys(candidates) : [];
  if (known.includes(candidate)) return;
  route.report(
    ['candidate'],
    `expected an entry of \`candidates\` in plan.yaml, got {got}. ${advise(candidate, known)}`,
  );
}

/** What to write instead of a name that is not known. */
export function advise(name: string, known: readonly string[]): string {
  const meant = closest(name, known);
  if (meant !== null) return `Did you mean \`${meant}\`?`;
  return known.length === 0 ? 'There is none yet: add it.' : `Write one of ${known.join(', ')}.`;
}

function dependenciesOf(route: PlanFile): unknown[] {
  const written = valueAt(route.value, ['dependsOn']);
  return Array.isArray(written) ? written : [];
}

function checkDependencyNames(route: PlanFile, byName: ReadonlyMap<string, PlanFile>): void {
  for (const [index, name] of dependenciesOf(route).entries()) {
    if (typeof name !== 'string' || byName.has(name)) continue;
    route.report(
      ['dependsOn', index],
      `expected the name of a route, got {got}. ${advise(name, [...byName.keys()])}`,
    );
  }
}

function checkCycles(byName: ReadonlyMap<string, PlanFile>): void {
  const done = new Set<string>();
  const walk = (name: string, trail: string[]): void => {
    if (done.has(name)) return;
    const route = byName.get(name);
    if (route === undefined) return;
    for (const [index, next] of dependenciesOf(route).entries()) {
      if (typeof next !== 'string') continue;
      const start = [...trail, name].indexOf(next);
      if (start >= 0) {
        const cycle = [...trail, name].slice(start).concat(next).join(' → ');
        route.report(
          ['dependsOn', index],
          `expected no circle of dependencies, got ${cycle}. Leave one of them out.`,
        );
      } else {
        walk(next, [...trail, name]);
      }
    }
    done.add(name);
  };
  for (const name of byName.keys()) walk(name, []);
}
