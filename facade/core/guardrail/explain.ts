import { formatDuration } from '#plan/model/duration.ts';
import type { Ground } from './look.ts';
import type { Interval, Measure } from './measure.ts';
import { grouped } from './number-words.ts';

type Finding<Sample> = {
  readonly ground: Ground;
  readonly sample: Sample;
  readonly interval: Interval;
  readonly fromMs: number;
  readonly minimum: number;
  readonly windowMs: number;
};

/** The verdict in one sentence of words. */
export function explain<Sample>(measure: Measure<Sample>, finding: Finding<Sample>): string {
  const { sample, minimum } = finding;
  const [low, high] = finding.interval.map((bound) => (bound === null ? null : measure.figure(bound)));
  const threshold = measure.figure(measure.threshold);
  const words = measure.words(sample);
  switch (finding.ground) {
    case 'under':
      return sentence(
        `${words}: ${high === threshold ? `less than ${high}` : `at most ${high}`}, and ${threshold} may be`,
      );
    case 'over':
      return sentence(
        `since ${clock(finding.fromMs)} ${words}: ${low === threshold ? `more than ${low}` : `at least ${low}`}, and ${threshold} may be`,
      );
    case 'open':
      return sentence(`${words}: ${range(low, high)}, so it is open whether that is under ${threshold}`);
    case 'thin':
      return sentence(
        `${words}: ${grouped(measure.size(sample))} samples, and fewer than ${grouped(minimum)} hold`,
      );
    case 'silent':
      return sentence(
        `${words}, and nothing more in the last ${formatDuration(finding.windowMs)}: silence holds`,
      );
  }
}

function range(low: string | null | undefined, high: string | null | undefined): string {
  return high === null ? `at least ${low}` : `between ${low} and ${high}`;
}

function clock(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}
