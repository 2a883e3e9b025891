import type { Difference } from '#facade/core/compare/index.ts';
import type { ContractCoverage } from './contract-coverage.ts';

/**
 * `passed` both sides answered alike · `failed` they did not · `skipped` not sent, `reason` says why · `error` it could
 * not be told: a side did not answer, legacy did not answer as the case expects, or a value to go on with is missing.
 */
export type CaseOutcome = 'passed' | 'failed' | 'skipped' | 'error';

type SideAnswer = { readonly status: number; readonly body: string };

/** A request that both sides got; nothing secret stands in it. */
export type StepReport = {
  /** As legacy got it, with its own ids: `PUT /api/articles/17`. */
  readonly request: string;
  readonly legacy: SideAnswer | null;
  readonly candidate: SideAnswer | null;
  readonly differences: readonly Difference[];
  /** Differences beyond those, which were only counted. */
  readonly more: number;
};

export type CaseReport = {
  readonly name: string;
  readonly outcome: CaseOutcome;
  /** Why it was skipped or is an error; null else. */
  readonly reason: string | null;
  /** Those that were sent; the last one is where it ended. */
  readonly steps: readonly StepReport[];
  readonly ms: number;
};

export type SuiteReport = {
  readonly route: string;
  readonly file: string;
  readonly routeHash: string;
  readonly legacy: string;
  readonly candidate: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly ms: number;
  readonly counts: Readonly<Record<CaseOutcome, number>>;
  /** Skipped cases that write, since writes were not asked for. */
  readonly unsentWrites: number;
  /** Null when no contract was named. */
  readonly coverage: ContractCoverage | null;
  readonly cases: readonly CaseReport[];
};

/** Two values side by side, as a line of a report shows them. */
export function differenceText({ path, kind, reasons, count, sample }: Difference): string {
  const why = reasons.length > 0 ? ` (${reasons.join(', ')})` : '';
  const times = count > 1 ? `, ${count} times` : '';
  return `${path} ${kind}${why}${times}: legacy ${sample.legacy ?? '(none)'}, candidate ${sample.candidate ?? '(none)'}`;
}

/** What a case is reported for: the reason, or the first differing step and all its differences. */
export function explain({ reason, steps }: CaseReport): string[] {
  const lines = reason === null ? [] : [reason];
  for (const { request, differences, more } of steps.filter(({ differences }) => differences.length > 0)) {
    lines.push(request, ...differences.map((one) => `  ${differenceText(one)}`));
    if (more > 0) lines.push(`  and ${more} more`);
  }
  return lines;
}
