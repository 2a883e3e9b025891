import type { Route } from '#plan/model/plan.ts';
import { errors } from './errors.ts';
import { explain } from './explain.ts';
import { findGround, type Look, lookAt } from './look.ts';
import { ALPHA, type Interval, type Measure } from './measure.ts';
import { mismatch } from './mismatch.ts';
import { type Missing, missingSamples } from './missing-samples.ts';
import { p99 } from './p99.ts';
import type { Tally } from './tally.ts';

type Verdict = 'pass' | 'hold' | 'breach';

/** A verdict with the figures it rests on. */
export type Evidence = { readonly verdict: Verdict; readonly guardrails: readonly GuardrailEvidence[] };

export type GuardrailEvidence = {
  readonly name: 'mismatch' | 'errors' | 'p99';
  readonly verdict: Verdict;
  /** What was measured, in the unit of the threshold; null without samples. */
  readonly value: number | null;
  readonly threshold: number;
  /** Samples that the value rests on; of two sides, the smaller number. */
  readonly sample: number;
  readonly interval: Interval;
  /** Beginning of the stretch that was judged, in milliseconds since 1970. */
  readonly fromMs: number;
  /** The verdict in one sentence. */
  readonly explanation: string;
  /** What a pass still takes; null when it passed, and when more samples would not help. */
  readonly missing: Missing | null;
};

/** What the guardrails of a route say about a tally. A guardrail that the plan does not name says nothing. */
export function judge(tally: Tally, guardrails: Route['guardrails'], nowMs: number): Evidence {
  const look = lookAt(tally, guardrails.minimum, nowMs);
  const found: GuardrailEvidence[] = [];
  if (guardrails.mismatch) found.push(judgeOne(mismatch(guardrails.mismatch.maxRatio), look));
  if (guardrails.errors) found.push(judgeOne(errors(guardrails.errors.maxIncreaseRatio), look));
  if (guardrails.p99) found.push(judgeOne(p99(guardrails.p99.maxRatio), look));
  const is = (verdict: Verdict) => found.some((one) => one.verdict === verdict);
  return { verdict: is('breach') ? 'breach' : is('hold') ? 'hold' : 'pass', guardrails: found };
}

function judgeOne<Sample>(measure: Measure<Sample>, look: Look): GuardrailEvidence {
  const { ground, stretch } = findGround(measure, look);
  const sample = measure.of(stretch.figures);
  const [value, interval] = [measure.value(sample), measure.interval(sample, ALPHA * stretch.risk)];
  const verdict = ground === 'under' ? 'pass' : ground === 'over' ? 'breach' : 'hold';
  return {
    name: measure.name,
    verdict,
    value,
    threshold: measure.threshold,
    sample: measure.size(sample),
    interval,
    fromMs: stretch.fromMs,
    explanation: explain(measure, { ground, sample, interval, fromMs: stretch.fromMs, ...look }),
    missing: verdict === 'hold' ? missingSamples(measure, sample, rate(measure, look), look.minimum) : null,
  };
}

/** Samples a millisecond over the last window. */
function rate<Sample>(measure: Measure<Sample>, { window }: Look): number {
  return window.coveredMs <= 0 ? 0 : measure.size(measure.of(window.figures)) / window.coveredMs;
}
