import { runToEnd } from '#acl/testing/process.ts';

/** One endpoint of the monolith as its router knows it, e.g. `GET /api/freelancers/:id`. */
export type Endpoint = string;

/** Asks the application itself, so that one that was added yesterday is in the list. */
export async function endpointsOfLegacy(): Promise<readonly Endpoint[]> {
  const { code, stdout, stderr } = await runToEnd('legacy-monolith/routes.ts', []);
  const endpoints = stdout.split('\n').filter((line) => line !== '');
  if (code !== 0 || endpoints.length === 0) throw new Error(`routes.ts ended with ${code}: ${stderr}`);
  return endpoints;
}

/** The endpoint that answers a request, as Express finds it: any case, with or without a slash at the end, first come. */
export function endpointOf(endpoints: readonly Endpoint[], method: string, target: string): Endpoint | null {
  const path = target.split('?', 1)[0]!.replace(/(?<=.)\/$/, '');
  const found = endpoints.find((endpoint) => {
    const [verb, pattern] = endpoint.split(' ') as [string, string];
    const literal = pattern.replace(/[.+*?()[\]{}^$|\\]/g, '\\$&').replace(/:\w+/g, '[^/]+');
    return verb === method && new RegExp(`^${literal}$`, 'i').test(path);
  });
  return found ?? null;
}

/** One request that was answered; `strange` when nobody was logged in. */
export type Asked = { readonly endpoint: Endpoint; readonly status: number; readonly strange: boolean };

/** Who needs no session: nothing there has to be refused. */
const OPEN = new Set([
  'GET /ping',
  'POST /api/login',
  'POST /api/logout',
  'GET /login',
  'POST /login',
  'POST /logout',
]);

/** Endpoints that were never asked with success, or never with a refusal; one line each. */
export function notCovered(endpoints: readonly Endpoint[], asked: readonly Asked[]): string[] {
  return endpoints.flatMap((endpoint) => {
    const of = asked.filter((one) => one.endpoint === endpoint);
    const open = OPEN.has(endpoint);
    // pages refuse strangers with a redirect to the login
    const refused = of.filter(({ status, strange }) => status >= 400 || (!open && strange));
    return [
      ...(refused.length < of.length ? [] : [`${endpoint}: never with success`]),
      ...(open || refused.length > 0 ? [] : [`${endpoint}: never refused`]),
    ];
  });
}
