import { readFileSync } from 'node:fs';

/** The last argument of a test or of a hook: `}, 240_000);`. */
const DEADLINE = /, (\d+(?:_\d{3})+)\);$/gm;
/** A suite that stands in another file says nothing of its length. */
const ELSEWHERE = /from '.*[.-]suite[./]/;
const ELSEWHERE_MS = 120_000;

/**
 * A Jest sequencer: what asks for the longest deadline begins first. Where Jest has seen no suite run it goes by the size
 * of files, and a short file that starts a whole system would be the last one, with nothing beside it.
 */
// biome-ignore lint/style/noDefaultExport: Jest asks for it
export default class LongSuitesFirst {
  sort<T extends { path: string }>(tests: readonly T[]): T[] {
    return tests
      .map((test) => ({ test, text: readFileSync(test.path, 'utf8') }))
      .map(({ test, text }) => ({ test, size: text.length, deadlineMs: longestDeadlineMs(text) }))
      .sort((one, other) => other.deadlineMs - one.deadlineMs || other.size - one.size)
      .map(({ test }) => test);
  }

  /** Jest calls it behind a run. */
  cacheResults(): void {}
}

function longestDeadlineMs(text: string): number {
  const asked = [...text.matchAll(DEADLINE)].map(([, ms]) => Number(ms?.replaceAll('_', '')));
  return Math.max(ELSEWHERE.test(text) ? ELSEWHERE_MS : 0, ...asked);
}
