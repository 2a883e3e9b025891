import type { LedgerDraft } from '../core/ledger.ts';

/** A transition of a route, fit for a ledger. */
export function draftOf(route: string, version: number, part: Partial<LedgerDraft> = {}): LedgerDraft {
  return {
    at: '2026-01-02T03:04:05.678Z',
    type: 'transition',
    route,
    stage: 'canary',
    percent: 2.5,
    writer: 'legacy',
    paused: false,
    killed: false,
    version,
    plan: 'p'.repeat(64),
    actor: 'admin',
    reason: `step ${version}`,
    ...part,
  };
}
