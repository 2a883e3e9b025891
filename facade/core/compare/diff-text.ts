import { findApart } from '../redact/find-secrets.ts';
import { spansWithin } from '../redact/span.ts';
import { diffSequence, type Piece } from './diff-sequence.ts';
import type { Reason, Sample } from './difference.ts';
import { spansInExcerpt, textExcerpt } from './excerpt.ts';
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
      sample: () => ({ at: 'text', ...differing(legacy, candidate, findings.limits.excerpt) }),
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
  const whole = withLineFeeds(text);
  const lines = whole.split('\n', limit + 1);
  if (lines.length > limit) return null;
  // A line alone does not show the heading of its columns, nor the element that it stands in.
  const secrets = findApart(whole).sort((one, other) => one.from - other.from);
  let [start, next] = [0, 0];
  return lines.map((line, index) => {
    const end = start + line.length;
    while (next < secrets.length && secrets[next]!.to <= start) next++;
    let last = next;
    while (last < secrets.length && secrets[last]!.from < end) last++;
    const spans = spansWithin(secrets.slice(next, last), start, end);
    start = end + 1;
    return { path: 'text', at: `line ${index + 1}`, text: line, spans };
  });
}

function endings(text: string): string {
  return [text.includes('\r\n'), /\r(?!\n)/.test(text), /(?<!\r)\n/.test(text)].join();
}

/** Excerpts from a little before the first character that differs. */
function differing(legacy: string, candidate: string, characters: number): Omit<Sample, 'at'> {
  let start = 0;
  while (start < legacy.length && legacy[start] === candidate[start]) start++;
  const from = Math.max(0, start - 20);
  const shown = (text: string) => {
    const part = text.slice(from, from + characters + 1);
    const spans = spansWithin(findApart(text), from, from + part.length);
    return [textExcerpt(part, characters), spansInExcerpt(spans, part, characters)] as const;
  };
  const [[a, ofA], [b, ofB]] = [shown(legacy), shown(candidate)];
  const holdsNone = ofA.length + ofB.length === 0;
  return { legacy: a, candidate: b, ...(holdsNone ? {} : { spans: { legacy: ofA, candidate: ofB } }) };
}
