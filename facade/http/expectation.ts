import type { IncomingMessage } from 'node:http';
import { type ProblemBody, problemOf } from './problem.ts';
import { clip } from './refusals.ts';

/** None, or `100-continue` once or more often (RFC 9110 §10.1.1). */
const KNOWN = /^(?:100-continue(?:[\t ]*,[\t ]*100-continue)*)?$/i;

/** The problem of a request that expects something nobody here knows; else null. */
export function unknownExpectation({ headers: { expect = '' } }: IncomingMessage): ProblemBody | null {
  if (KNOWN.test(expect)) return null;
  return problemOf(
    'ROUTE_EXPECTATION_UNSUPPORTED',
    `expected Expect: 100-continue or none, got ${clip(expect)}.`,
  );
}
