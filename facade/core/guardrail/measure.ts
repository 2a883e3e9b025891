import type { Figures } from './figures.ts';

/** [low, high]; null where the sample gives no bound. */
export type Interval = readonly [low: number | null, high: number | null];

/** Risk of one wrong verdict: of a pass on the one hand, of ever a false breach in an epoch on the other. */
export const ALPHA = 0.05;

/** One guardrail: what it takes from the figures, and when that passes or breaches. */
export type Measure<Sample> = {
  readonly name: 'mismatch' | 'errors' | 'p99';
  readonly threshold: number;
  of(figures: Figures): Sample;
  /** Number of samples; of two sides, the smaller. */
  size(sample: Sample): number;
  value(sample: Sample): number | null;
  passes(sample: Sample): boolean;
  /** Whether the threshold is certainly exceeded: wrong at some look in at most a share `alpha` of all epochs. */
  breaches(sample: Sample, alpha: number): boolean;
  /** The lower bound at level `alpha` of a breach, the upper one at that of a pass. */
  interval(sample: Sample, alpha: number): Interval;
  /** The sample after `more` further ones on each side that go as they should, or as they went so far. */
  grown(sample: Sample, more: number): Sample;
  /** `3 of 4,000 answers differ`. */
  words(sample: Sample): string;
  /** A value, bound or threshold with its unit: `0.1 %`. */
  figure(value: number): string;
};
