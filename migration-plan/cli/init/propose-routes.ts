import type { Endpoint } from '#plan/traffic/endpoints.ts';

/** A route that a plan may begin with: the endpoints of one resource. */
export type Proposal = {
  readonly name: string;
  /** Lines of `match`. */
  readonly match: readonly string[];
  readonly reads: number;
  readonly writes: number;
  /** Requests that the source has seen; 0 where it saw none. */
  readonly requests: number;
};

/** Segments that lie before the resource. */
const PREFIX = /^(?:api|apis|rest|services?|v\d+(?:\.\d+)?|public|internal)$/i;
/** As long as the name of a route may be. */
const LONGEST = 63;
const READS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** More lines than this are told by what they have in common. */
const MAX_LINES = 40;

/**
 * Groups endpoints by the resource in their path, `/api/v1/articles/:id` with `/api/articles`; the one with the most
 * requests comes first, else the smallest one, which is the best to begin with. `base` is what lies before all of them. What has no resource (`/`) stays with the
 * monolith: a request that no route claims goes there.
 */
export function proposeRoutes(endpoints: readonly Endpoint[], base = ''): Proposal[] {
  const groups = Map.groupBy(endpoints, ({ path }) =>
    resourceOf(path.startsWith(base) ? path.slice(base.length) : path),
  );
  const proposals = [...groups].flatMap(([resource, own]): Proposal[] => {
    if (resource === null) return [];
    const reads = own.filter(({ method }) => method !== null && READS.has(method)).length;
    const requests = own.reduce((sum, one) => sum + one.requests, 0);
    return [{ name: nameOf(resource), match: linesOf(own), reads, writes: own.length - reads, requests }];
  });
  return distinct(proposals).toSorted(
    (a, b) => b.requests - a.requests || a.match.length - b.match.length || (a.name < b.name ? -1 : 1),
  );
}

function resourceOf(path: string): string | null {
  const segments = path.split('/').filter((segment) => segment !== '');
  const resource = segments.find((segment) => !PREFIX.test(segment));
  return resource === undefined || /^[:*]/.test(resource) ? null : resource;
}

/** Letters, digits and hyphens, as names of routes are. */
function nameOf(resource: string): string {
  const name = decoded(resource)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/\.\w+$/, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return (/^[a-z]/.test(name) ? name : `route-${name || 'x'}`).slice(0, LONGEST).replace(/-+$/, '');
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function linesOf(own: readonly Endpoint[]): string[] {
  const lines = own.map(({ method, path }) => (method === null ? path : `${method} ${path}`));
  const unique = [...new Set(lines)].sort(byPath);
  if (unique.length <= MAX_LINES) return unique;
  const prefixes = new Set(own.map(({ path }) => prefixOf(path)));
  return [...prefixes].sort().flatMap((prefix) => [prefix, `${prefix}/*rest`]);
}

function prefixOf(path: string): string {
  const segments = path.split('/');
  const at = segments.findIndex((segment) => segment !== '' && !PREFIX.test(segment));
  return segments.slice(0, at + 1).join('/');
}

const pathOf = (line: string) => line.slice(line.indexOf('/'));
const byPath = (a: string, b: string) =>
  pathOf(a) < pathOf(b) ? -1 : pathOf(a) > pathOf(b) ? 1 : a < b ? -1 : 1;

/** `/Order` and `/order` are one resource to a reader and two groups here. */
function distinct(proposals: readonly Proposal[]): Proposal[] {
  return [...Map.groupBy(proposals, ({ name }) => name)].map(([name, same]) => ({
    name,
    match: [...new Set(same.flatMap(({ match }) => match))].sort(byPath),
    reads: same.reduce((sum, { reads }) => sum + reads, 0),
    writes: same.reduce((sum, { writes }) => sum + writes, 0),
    requests: same.reduce((sum, { requests }) => sum + requests, 0),
  }));
}
