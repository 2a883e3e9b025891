import type { Decision } from '../core/decide.ts';
import type { Party } from '../core/party.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { UpstreamFailure } from './forwarder.ts';
import { type ProblemBody, problemOf } from './problem.ts';
import type { ProblemCode, UpstreamCode } from './problem-codes.ts';

/** What stands in the way of a decision that cannot be carried out: no known owner, no legacy. */
export function refusalOf({ state, upstream }: Decision, { plan }: Snapshot): ProblemBody | null {
  if (upstream === null)
    return problemOf(
      'ROUTE_OWNER_UNKNOWN',
      `Nobody may answer for ${state?.route.name}: who owns its data is not known.`,
    );
  if (upstream === 'candidate' || plan.legacy) return null;
  return state
    ? problemOf(
        'UPSTREAM_MISSING_LEGACY',
        `${state.route.name} answers from legacy, and the plan names no legacy.`,
      )
    : problemOf('ROUTE_NOT_FOUND', 'No route claims this path.');
}

function failureCode(party: Party, failure: UpstreamFailure): ProblemCode {
  if (failure.clientStalled) return 'ROUTE_BODY_TIMEOUT';
  return `UPSTREAM_${failure.stage}_${party === 'legacy' ? 'LEGACY' : 'CANDIDATE'}` satisfies UpstreamCode;
}

const HAPPENED: Record<
  UpstreamFailure['stage'],
  (timeouts: Snapshot['plan']['timeouts'], fault: string | null) => string
> = {
  CONNECT: () => 'could not be reached',
  CONNECT_TIMEOUT: ({ connectMs }) => `accepted no connection within ${connectMs} ms`,
  TLS: () => 'showed no certificate that can be trusted, or speaks no TLS',
  HEADERS: () => 'closed the connection before it answered',
  HEADERS_TIMEOUT: ({ headersMs }) => `did not answer within ${headersMs} ms`,
  IDLE_TIMEOUT: ({ idleMs }) => `took no more of the request for ${idleMs} ms`,
  PROTOCOL: (_timeouts, fault) => `answered something that is not HTTP${fault ? `: ${fault}` : ''}`,
};

/** What a client is told about an upstream that failed. The cause (addresses, ports) goes to the log alone. */
export function failureProblem(party: Party, failure: UpstreamFailure, { plan }: Snapshot): ProblemBody {
  const detail = failure.clientStalled
    ? 'The rest of the request did not arrive in time.'
    : `The ${party} upstream ${HAPPENED[failure.stage](plan.timeouts, failure.fault)}.`;
  return problemOf(failureCode(party, failure), detail);
}

/** What a client sent, fit for a message: quoted and at most 80 characters. */
export const clip = (text: string) => JSON.stringify(text.slice(0, 80));
