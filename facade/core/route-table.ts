import type { Match, Plan, Route } from '#plan/model/plan.ts';
import { normalisePath } from './path.ts';

type Matched = { readonly route: Route; readonly match: Match };

/** Two routes that claim the same requests: neither is more specific. */
export type RouteConflict = {
  readonly routes: readonly [string, string];
  readonly method: string | null;
  readonly patterns: readonly [string, string];
};

export type RouteTable = {
  /** The most specific match of a normalised path (see `normalisePath`); null when no route claims it. */
  find(method: string, path: string): Matched | null;
};

type Node = {
  literals: Map<string, Node>;
  param: Node | null;
  rest: Map<string, Matched> | null;
  ends: Map<string, Matched> | null;
};

const ANY = '*';
const newNode = (): Node => ({ literals: new Map(), param: null, rest: null, ends: null });

/**
 * Builds the radix tree over path segments. Per segment a literal beats `:name`, which beats `*rest`; at the same
 * place a named method beats any method. HEAD follows GET and OPTIONS follows its path unless a match names them.
 * The cost of `find` depends on the depth of the path, not on the number of routes.
 */
export function buildRouteTable(
  routes: readonly Route[],
  matching: Plan['matching'],
): { table: RouteTable; conflicts: RouteConflict[] } {
  const root = newNode();
  const conflicts: RouteConflict[] = [];
  for (const route of routes) {
    for (const match of route.match) {
      const ends = endsOf(root, segmentsOf(patternPath(match.pattern), matching));
      const method = match.method ?? ANY;
      const holder = ends.get(method);
      if (!holder) ends.set(method, { route, match });
      else if (holder.route.name !== route.name)
        conflicts.push({
          routes: [holder.route.name, route.name],
          method: match.method,
          patterns: [holder.match.pattern, match.pattern],
        });
    }
  }
  return { table: { find: (method, path) => walk(root, segmentsOf(path, matching), 0, method) }, conflicts };
}

// Patterns are text: what a client must escape, the pattern may write plainly.
function patternPath(pattern: string): string {
  const bytes = Buffer.from(pattern, 'utf8').toString('latin1');
  return normalisePath(bytes) ?? bytes;
}

function segmentsOf(path: string, matching: Plan['matching']): string[] {
  const folded = matching.caseSensitive ? path : path.toLowerCase();
  const cut =
    !matching.strictSlash && folded.length > 1 && folded.endsWith('/') ? folded.slice(0, -1) : folded;
  return cut.slice(1).split('/');
}

function endsOf(root: Node, segments: string[]): Map<string, Matched> {
  let node = root;
  for (const [index, segment] of segments.entries()) {
    if (segment.startsWith('*') && index === segments.length - 1) {
      node.rest ??= new Map();
      return node.rest;
    }
    if (segment.startsWith(':')) {
      node.param ??= newNode();
      node = node.param;
    } else {
      let child = node.literals.get(segment);
      if (!child) {
        child = newNode();
        node.literals.set(segment, child);
      }
      node = child;
    }
  }
  node.ends ??= new Map();
  return node.ends;
}

function walk(node: Node, segments: string[], index: number, method: string): Matched | null {
  const segment = segments[index];
  if (segment === undefined) return node.ends && pick(node.ends, method);
  const literal = node.literals.get(segment);
  const exact = literal && walk(literal, segments, index + 1, method);
  if (exact) return exact;
  if (segment === '') return null;
  const named = node.param && walk(node.param, segments, index + 1, method);
  if (named) return named;
  return node.rest && pick(node.rest, method);
}

function pick(ends: Map<string, Matched>, method: string): Matched | null {
  const found = ends.get(method) ?? (method === 'HEAD' ? ends.get('GET') : undefined) ?? ends.get(ANY);
  if (found) return found;
  if (method !== 'OPTIONS') return null;
  for (const first of ends.values()) return first;
  return null;
}
