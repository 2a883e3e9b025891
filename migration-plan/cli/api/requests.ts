/** Requests of clients that a facade has answered since it started, by route ('' for none) and by who answered. */
export type Requests = ReadonlyMap<string, Readonly<Record<'legacy' | 'candidate', number>>>;

const LINE = /^fig_requests_total\{(.*)\} (\d+(?:\.\d+)?(?:e\+?\d+)?)$/gm;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** Reads them from the Prometheus text of `/metrics`. */
export function readRequests(text: string): Requests {
  const requests = new Map<string, Record<'legacy' | 'candidate', number>>();
  for (const [, labels = '', value] of text.matchAll(LINE)) {
    const of = Object.fromEntries([...labels.matchAll(LABEL)].map(([, name, said]) => [name, said]));
    const { upstream, route = '' }: Record<string, string | undefined> = of;
    if (upstream !== 'legacy' && upstream !== 'candidate') continue;
    const sums = requests.get(route) ?? { legacy: 0, candidate: 0 };
    sums[upstream] += Number(value);
    requests.set(route, sums);
  }
  return requests;
}
