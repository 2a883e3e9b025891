import fc from 'fast-check';
import type { Route } from '#plan/model/plan.ts';
import type { CaseReport } from '../report.ts';
import { isSafe, matchOf } from '../route-match.ts';
import type { ParityCase, Step } from '../suite.ts';
import { arbitraryRequest, type GeneratedRequest } from './arbitrary-request.ts';
import { type Json, operationsOf } from './openapi.ts';

export type GenerateOptions = {
  readonly contract: Json;
  /** Requests in all, shared out among the operations. */
  readonly count: number;
  /** The same number makes the same requests. */
  readonly seed: number;
  /** Whose session they have; null for none. */
  readonly as: string | null;
};

/**
 * Sends requests made from the contract's operations of a route, through `send`. One report for each operation: of those
 * that both sides answered alike how many they were, else the smallest request that was found to be answered differently.
 */
export async function generatedCases(
  route: Route,
  { contract, count, seed, as }: GenerateOptions,
  { writes, signal }: { readonly writes: boolean; readonly signal?: AbortSignal | undefined },
  send: (one: ParityCase) => Promise<CaseReport>,
): Promise<CaseReport[]> {
  const operations = operationsOf(contract).flatMap((operation) => {
    const method = operation.method.toUpperCase();
    const match = matchOf(route, method, operation.path);
    return match ? [{ operation, method, safe: isSafe(method, match) }] : [];
  });
  const sent = operations.filter(({ safe }) => safe || writes);
  const reports: CaseReport[] = [];
  for (const [index, { operation, method, safe }] of sent.entries()) {
    const runs = Math.floor(count / sent.length) + (index < count % sent.length ? 1 : 0);
    if (runs === 0) continue;
    if (signal?.aborted) break;
    const name = `generated: ${method} ${operation.path}`;
    const started = performance.now();
    const ask = (request: GeneratedRequest) =>
      send({ name, skip: null, safe, steps: [stepOf(route, request, as)] });
    let asked = 0;
    // Once nothing more is to be sent, nothing more is found.
    const alike = async (request: GeneratedRequest) => {
      if (signal?.aborted) return true;
      asked++;
      return (await ask(request)).outcome === 'passed';
    };
    const found = await fc.check(
      fc.asyncProperty(
        arbitraryRequest(contract, operation).filter(
          ({ target, body }) => !`${target}${body}`.includes('{{'),
        ),
        alike,
      ),
      { numRuns: runs, seed },
    );
    const ms = Math.round(performance.now() - started);
    const [smallest] = found.counterexample ?? [];
    if (!found.failed || !smallest) {
      reports.push({
        name: `${name} (${signal?.aborted ? asked : runs} requests)`,
        outcome: 'passed',
        reason: null,
        steps: [],
        ms,
      });
      continue;
    }
    const again = await ask(smallest);
    // A difference that does not come again is one all the same.
    const seen: CaseReport =
      again.outcome === 'passed'
        ? {
            ...again,
            outcome: 'error',
            reason: `${line(smallest)} was answered differently, and alike when it was sent again`,
          }
        : again;
    reports.push({
      ...seen,
      name: `${name} (request ${found.numRuns} of ${runs}, seed ${seed}, made smaller ${found.numShrinks} times)`,
      ms,
    });
  }
  return reports;
}

const line = ({ method, target }: GeneratedRequest) => `${method.toUpperCase()} ${target}`;

function stepOf(
  { compare }: Route,
  { method, target, mediaType, body }: GeneratedRequest,
  as: string | null,
): Step {
  return {
    as,
    request: { method: method.toUpperCase(), path: target },
    headers: mediaType === null ? {} : { 'content-type': mediaType },
    json: undefined,
    form: null,
    body,
    status: null,
    capture: {},
    compare,
  };
}
