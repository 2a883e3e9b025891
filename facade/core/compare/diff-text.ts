import { diffSequence, type Piece } from './diff-sequence.ts';
import type { Reason } from './difference.ts';
import { textExcerpt } from './excerpt.ts';
import type { Findings } from './findings.ts';
import { textReason, withLineFeeds } from './text-reason.ts';

/**
 * Tells the differences of two texts on the path `text`: one for the whole where one reason explains all (line
 * endings, unicode form …), else line by line, line endings apart.
 */
export function diffText(legacy: string, candidate: string, findings: Findings): void {
  if (legacy === candidate) return;
  const whole = textReason(legacy, candidate);
  const tellWhole = (reason: Reason | null) =>
    findings.add({
      kind: 'value',
      reason,
      path: () => 'text',
      sample: () => ({ at: 'text', ...apart(legacy, candidate, findings.limits.excerpt) }),
    });
  if (whole !== null) {
    tellWhole(whole);
    return;
  }
  const linesA = linesOf(legacy, findings.limits.nodes);
  const linesB = linesOf(candidate, findings.limits.nodes);
  if (linesA === null || linesB === null) {
    tellWhole(null);
    return;
  }
  if (endings(legacy) !== endings(candidate)) tellWhole('line-ending');
  diffSequence(linesA, linesB, 'text', findings);
}

/** Null for more lines than the limit. */
function linesOf(text: string, limit: number): Piece[] | null {
  const lines = withLineFeeds(text).split('\n', limit + 1);
  return lines.length > limit
    ? null
    : lines.map((line, index) => ({ path: 'text', at: `line ${index + 1}`, text: line }));
}

function endings(text: string): string {
  return [text.includes('\r\n'), /\r(?!\n)/.test(text), /(?<!\r)\n/.test(text)].join();
}

/** Excerpts from a little before the first character that differs. */
function apart(legacy: string, candidate: string, characters: number): { legacy: string; candidate: string } {
  let start = 0;
  while (start < legacy.length && legacy[start] === candidate[start]) start++;
  const from = Math.max(0, start - 20);
  return {
    legacy: textExcerpt(legacy.slice(from, from + characters + 1), characters),
    candidate: textExcerpt(candidate.slice(from, from + characters + 1), characters),
  };
}
