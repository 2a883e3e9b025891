import { parse } from 'yaml';
import type { Proposal } from './propose-routes.ts';

export type PlanAnswers = {
  /** Base URL of the monolith. */
  readonly legacy: string;
  /** Base URL of the first new service. */
  readonly candidate: string;
};

/** The files of a plan to begin with, by path in its folder; each says what its keys are for. */
export function planFiles(
  { legacy, candidate }: PlanAnswers,
  routes: readonly Proposal[],
): Record<string, string> {
  return {
    'plan.yaml': planYaml(legacy, candidate),
    ...Object.fromEntries(routes.map((route) => [`routes/${route.name}.yaml`, routeYaml(route)])),
  };
}

const planYaml = (
  legacy: string,
  candidate: string,
) => `# What stands behind the public endpoint. All keys: REFERENCE.md beside the model of the plan.
version: 1

# Where clients reach the facade. Redirects and cookie domains of both sides are rewritten to it.
publicUrl: "\${PUBLIC_URL:-http://127.0.0.1:8080}"

# The monolith. What no route claims goes there, and so does everything at the beginning.
legacy: { url: "\${LEGACY_URL:-${legacy}}" }

# What routes move to, by name. \`build\` is where a service tells which build it is: evidence about another one does not count.
candidates:
  new: { url: "\${CANDIDATE_URL:-${candidate}}" } # , build: /version, buildHeader: x-build

# What keeps a client on its side while a route is moved for a part of them: the first of these that a request carries.
cohort: [{ cookie: sid }, address]

# Tells in each answer who gave it, and why. Take it out for the public.
expose: true
`;

/** A canary would split writes between two stores, and each side would miss what the other one took. */
const WRITES = `
# This route writes. Before a canary: both sides write to one store, or its writes move together, with \`data: { owned: SET }\``;

const routeYaml = ({
  name,
  match,
  reads,
  writes,
  requests,
}: Proposal) => `# ${describe(reads, writes, requests)}
route: ${quoted(name)}
# owner: who decides about this route
# targetDate: 2027-03-01

# Method and path. Mark a POST that only reads \`safe\`, a GET that changes something \`unsafe\`: it is never copied or repeated.
match:
${match.map((line) => `  - ${quoted(line)}`).join('\n')}
candidate: new

# Whose the data behind it is: \`none\` where both sides answer from the same or from none; see REFERENCE.md for the others.
data: none

# The steps after legacy, one \`fig advance ${name}\` each. In shadow the monolith answers everybody, and the new service gets
# copies of reads: \`fig observations ${name}\` tells what it would have answered otherwise.${writes > 0 ? WRITES : ''}
stages: [${writes > 0 ? 'shadow] # , ' : 'shadow, '}canary 1%, canary 10%, canary 50%, candidate${writes > 0 ? '' : ']'}

# What counts as a difference. \`fig observations ${name} --suggest\` proposes rules.
compare: { headers: [content-type, location] }

# What each step has to show before the next one, and what sends clients back. Without it nothing is asked for.
# guardrails: { mismatch: { max: 0.1% }, errors: { maxIncrease: 0.5% }, onBreach: rollback }
`;

/** As YAML takes it for a text: `null`, `true` and `*rest` are others without quotes. */
const quoted = (text: string) =>
  /^[\w/][\w/:. -]*$/.test(text) && parse(text) === text ? text : JSON.stringify(text);

function describe(reads: number, writes: number, requests: number): string {
  const endpoints = `${reads} that read${writes > 0 ? `, ${writes} that write` : ''}`;
  return `Endpoints: ${endpoints}${requests > 0 ? `; ${requests.toLocaleString('en')} requests seen` : ''}. Proposed by \`fig init\`: split and join routes as you would move them.`;
}
