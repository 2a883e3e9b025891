/**
 * Why no copy was sent. `unsafe` a write, or a read that the plan calls unsafe, or a rehearsal that a server could take for a write · `streaming` an upgrade, or a client that
 * asks for an event stream · `too-large` a body beyond `shadow.maxBody` · `aborted` the client left before its body
 * was complete · `no-memory` all bodies that are kept take as much as they may · `ejected` the side to copy to is out
 * for its health · `behind` the side to copy to lags, or lacks what this client has written, or a write could be rehearsed
 * only on data from before another one.
 */
export const SKIP_REASONS = [
  'unsafe',
  'streaming',
  'too-large',
  'no-memory',
  'aborted',
  'ejected',
  'behind',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/**
 * Why two answers were not compared though a copy was sent. `aborted` the client left, or the answer broke off ·
 * `conditional` the client has been answered 206, 304, 412 or 416, which the copy did not ask for · `fallback` the side
 * copied to answered the client in the end · `late` the copy waited longer than `shadow.timeout` for its turn, or too
 * many before it had come to nothing ·
 * `no-shadow` before its turn came nothing more was to be copied there: the route went back or on, was killed or changed ·
 * `no-answer` the facade itself answered, for an upstream that did not · `no-dry-run` the candidate did not rehearse
 * the write · `raced` the answers differed by what was on its way from the owner of the data to the other side: asked anew,
 * they agreed · `unsettled` they differed, and nobody could tell whether by what was on its way · `streaming` an event stream · `too-complex` beyond the limits of a
 * comparison · `compare-busy` all threads compare and as many wait as may · `compare-timeout` the comparison took too
 * long · `compare-failed` its thread broke · `too-large` the answer of the side that is copied from, or both, beyond
 * `shadow.maxBody` · `no-memory` all bodies that are kept take as much as they may · `encoding` both in
 * a content coding that cannot be decoded.
 */
export const DISCARD_REASONS = [
  'aborted',
  'conditional',
  'fallback',
  'late',
  'no-answer',
  'no-dry-run',
  'no-shadow',
  'raced',
  'unsettled',
  'streaming',
  'too-complex',
  'compare-busy',
  'compare-timeout',
  'compare-failed',
  'too-large',
  'no-memory',
  'encoding',
] as const;
export type DiscardReason = (typeof DISCARD_REASONS)[number];

/**
 * Reasons that lie in the answers, or in how many there are: what was compared instead may be of another kind. The others
 * befall any request.
 */
export const UNCOMPARED: ReadonlySet<DiscardReason> = new Set<DiscardReason>([
  'no-dry-run',
  'streaming',
  'too-complex',
  'compare-busy',
  'compare-timeout',
  'compare-failed',
  'too-large',
  'no-memory',
  'encoding',
]);

/** What became of a request that could be copied, the moment that is known. */
export type Fate = 'sampled-out' | 'dropped' | 'sent' | { readonly skipped: SkipReason };
