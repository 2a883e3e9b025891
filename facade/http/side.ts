import type { Upstream } from '#plan/model/plan.ts';
import type { Party } from '../core/party.ts';
import type { AnswerContext } from './answer-headers.ts';
import type { Call } from './call.ts';
import type { TagPassage } from './entity-tags.ts';
import { replacePrefix } from './rewrite.ts';

/** One side of a request's route; null where the plan names no such upstream. */
export function upstreamAt({ snapshot, decision }: Call, party: Party): Upstream | null {
  const { legacy, candidates } = snapshot.plan;
  return party === 'legacy' ? legacy : (candidates.get(decision.state?.route.candidate ?? '') ?? null);
}

/** Path and query of a request as one side gets them. */
export function targetAt(call: Call, party: Party): string {
  const { target, snapshot } = call;
  const rewrite = rewriteAt(call, party);
  const path = rewrite
    ? replacePrefix(target.path, rewrite.from, rewrite.to, !snapshot.plan.matching.caseSensitive)
    : target.path;
  return path + target.query;
}

/** How the headers of one side's answer become what the client gets. */
export function answerContext(call: Call, party: Party, tags: TagPassage | null): AnswerContext {
  return {
    upstream: (upstreamAt(call, party) as Upstream).url,
    publicOrigin: call.edge.origin,
    publicHostname: call.edge.hostname,
    rewrite: rewriteAt(call, party),
    trailers: call.method !== 'HEAD' && call.request.httpVersionMinor > 0,
    tags,
  };
}

function rewriteAt({ decision }: Call, party: Party): AnswerContext['rewrite'] {
  return party === 'candidate' ? (decision.state?.route.rewrite ?? null) : null;
}
