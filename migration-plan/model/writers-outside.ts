import { formatMatch } from './match.ts';
import type { DataSet, Match, Plan, Route } from './plan.ts';

type Outside = {
  readonly place: readonly [key: 'routes' | 'requests' | 'jobs', index: number];
  readonly sentence: string;
};
type Traffic = Pick<Plan, 'routes' | 'matching'>;

/**
 * What writes the tables of a data set and would not follow its owner, each as a sentence that says what to do; empty when
 * all that the plan knows of is within. While legacy owns the set this is as it always was. Once the candidate owns it,
 * each of them writes to tables that are not the set's any more, so cutover refuses. Throws on a set that is not in the plan.
 */
export function writersOutside(plan: Traffic & Pick<Plan, 'dataSets'>, set: string): string[] {
  const dataSet = plan.dataSets.get(set);
  if (dataSet === undefined) throw new RangeError(`no data set ${set} in the plan`);
  return placesOfWritersOutside(plan, dataSet).map(({ sentence }) => sentence);
}

/** The same, each with its place in the data set's file. */
export function placesOfWritersOutside(plan: Traffic, set: DataSet): Outside[] {
  const told =
    (key: Outside['place'][0]) =>
    (sentence: string | null, index: number): Outside[] =>
      sentence === null ? [] : [{ place: [key, index], sentence }];
  return [
    ...set.routes.map((name) => outsideRoute(plan.routes, set, name)).flatMap(told('routes')),
    ...set.requests.map((request) => outsideRequest(plan, set, request)).flatMap(told('requests')),
    ...set.jobs.map((job) => outsideJob(set, job)).flatMap(told('jobs')),
  ];
}

function outsideRoute(routes: readonly Route[], set: DataSet, name: string): string | null {
  const route = routes.find((one) => one.name === name);
  if (route === undefined || owns(route, set)) return null;
  return `route ${name} writes ${set.name} and does not say \`data: { owned: ${set.name} }\`: write that in ${route.file}, or take it off \`routes\` of ${set.file} when it writes the tables no more.`;
}

function outsideRequest(
  { routes, matching }: Traffic,
  set: DataSet,
  { match, state }: DataSet['requests'][number],
): string | null {
  if (state !== 'running') return null;
  const route = routeOf(routes, match, matching.caseSensitive);
  if (route !== null && owns(route, set)) return null;
  const shown = formatMatch(match);
  const [goes, todo] =
    route === null
      ? ['no route matches it, so it stays with legacy', 'make a route of it']
      : [`it belongs to route ${route.name}`, 'move it to a route'];
  return `${shown} writes ${set.name} from outside (${goes}): ${todo} that says \`data: { owned: ${set.name} }\`, or see that nobody sends it while the new service owns the tables and write \`{ request: ${shown}, state: stopped }\` in ${set.file}.`;
}

function outsideJob(set: DataSet, { name, state }: DataSet['jobs'][number]): string | null {
  if (state !== 'running') return null;
  return `job ${name} writes ${set.name} behind the API: stop it while the new service owns the tables, or move what it does; then write \`{ name: ${name}, state: stopped }\` or \`moved\` in ${set.file}.`;
}

function owns({ data }: Route, set: DataSet): boolean {
  return data.kind === 'owned' && data.set === set.name;
}

/** The route that gets such requests: of all whose matches cover it, the one with the most that is not a parameter. */
function routeOf(routes: readonly Route[], request: Match, caseSensitive: boolean): Route | null {
  let best: { readonly route: Route; readonly weight: number } | null = null;
  for (const route of routes)
    for (const match of route.match) {
      if (!covers(match, request, caseSensitive)) continue;
      const literals = segmentsOf(match.pattern).filter((segment) => !/^[:*]/.test(segment)).length;
      const weight = 2 * literals + (match.method === null ? 0 : 1);
      if (best === null || weight > best.weight) best = { route, weight };
    }
  return best?.route ?? null;
}

function covers(match: Match, request: Match, caseSensitive: boolean): boolean {
  if (match.method !== null && match.method !== request.method) return false;
  const [own, other] = [segmentsOf(match.pattern), segmentsOf(request.pattern)];
  const isOpen = own.at(-1)?.startsWith('*') === true;
  if (isOpen ? other.length < own.length : other.length !== own.length) return false;
  const plain = (segment: string) => (caseSensitive ? segment : segment.toLowerCase());
  return own.every((segment, index) => {
    const against = other[index] as string;
    if (segment.startsWith('*')) return true;
    // What stands for one segment covers a literal and another such, and no rest of several.
    if (segment.startsWith(':')) return !against.startsWith('*');
    return plain(segment) === plain(against);
  });
}

function segmentsOf(pattern: string): string[] {
  return pattern.replace(/^\/|\/$/g, '').split('/');
}
