import { parseMatch } from '../match.ts';
import { type PlanFile, valueAt } from '../plan-file.ts';

/** One method and pattern belongs to one route; parameter names do not tell two patterns apart. */
export function checkMatches(
  routes: readonly PlanFile[],
  matching: { caseSensitive: boolean; strictSlash: boolean },
): void {
  const taken = new Map<string, { route: PlanFile; index: number }>();
  for (const route of routes) {
    const written = valueAt(route.value, ['match']);
    if (!Array.isArray(written)) continue;
    for (const [index, entry] of written.entries()) {
      const match = parseMatch(entry);
      if (!match.ok) continue;
      const shape = `${match.value.method ?? '*'} ${shapeOf(match.value.pattern, matching)}`;
      const other = taken.get(shape);
      if (other === undefined) taken.set(shape, { route, index });
      else {
        const place = other.route.problem(['match', other.index], '');
        const where =
          other.route === route ? `line ${place.line}` : `${place.file}:${place.line} ${place.key}`;
        route.report(
          ['match', index],
          `expected a method and path that nothing else matches, got {got} as in ${where}. Leave one out.`,
        );
      }
    }
  }
}

function shapeOf(pattern: string, matching: { caseSensitive: boolean; strictSlash: boolean }): string {
  const slashed = matching.strictSlash || pattern === '/' ? pattern : pattern.replace(/\/$/, '');
  const shape = slashed
    .split('/')
    .map((segment) => (/^[:*]/.test(segment) ? segment[0] : segment))
    .join('/');
  return matching.caseSensitive ? shape : shape.toLowerCase();
}
