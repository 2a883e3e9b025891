import type { DiscardReason, Fate, SkipReason } from '../shadow/fate.ts';

/** Counts of copies. Always: eligible = sampledOut + dropped + Σskipped + sent. JSON. */
export type AccountCounts = {
  eligible: number;
  sampledOut: number;
  dropped: number;
  skipped: Partial<Record<SkipReason, number>>;
  sent: number;
  failed: number;
  discarded: Partial<Record<DiscardReason, number>>;
  /** Compared, whatever came of it. */
  compared: number;
};

export function noCounts(): AccountCounts {
  return {
    eligible: 0,
    sampledOut: 0,
    dropped: 0,
    skipped: {},
    sent: 0,
    failed: 0,
    discarded: {},
    compared: 0,
  };
}

export function countFate(counts: AccountCounts, fate: Fate): void {
  counts.eligible += 1;
  if (fate === 'sampled-out') counts.sampledOut += 1;
  else if (fate === 'dropped') counts.dropped += 1;
  else if (fate === 'sent') counts.sent += 1;
  else counts.skipped[fate.skipped] = (counts.skipped[fate.skipped] ?? 0) + 1;
}

/** Sent, and neither failed, discarded nor compared yet: waiting for its turn, its answer or its comparison. */
export function inFlight({ sent, failed, discarded, compared }: AccountCounts): number {
  return sent - failed - sum(discarded) - compared;
}

export function addCounts(a: AccountCounts, b: AccountCounts): AccountCounts {
  return {
    eligible: a.eligible + b.eligible,
    sampledOut: a.sampledOut + b.sampledOut,
    dropped: a.dropped + b.dropped,
    skipped: addEach(a.skipped, b.skipped),
    sent: a.sent + b.sent,
    failed: a.failed + b.failed,
    discarded: addEach(a.discarded, b.discarded),
    compared: a.compared + b.compared,
  };
}

function addEach<K extends string>(
  a: Partial<Record<K, number>>,
  b: Partial<Record<K, number>>,
): Partial<Record<K, number>> {
  const both = { ...a };
  for (const [key, count] of Object.entries(b) as [K, number][]) both[key] = (both[key] ?? 0) + count;
  return both;
}

function sum(counts: Partial<Record<string, number>>): number {
  return Object.values(counts).reduce<number>((total, count) => total + (count ?? 0), 0);
}
