import type { Comparison } from './answer.ts';
import { placeNumber } from './place.ts';

/**
 * What is to be said of two answers of which one cannot be read and the other can: their clients do not get the same.
 * `content-encoding` a coding that cannot be undone · `too-large` many times as large as the other · `media-type` an
 * event stream.
 */
export function unreadable(
  side: 'legacy' | 'candidate',
  reason: 'content-encoding' | 'too-large' | 'media-type',
): Comparison {
  const [read, unread] = ['"read"', JSON.stringify(`not read: ${reason}`)];
  const sample = {
    at: 'body',
    legacy: side === 'legacy' ? unread : read,
    candidate: side === 'candidate' ? unread : read,
  };
  return {
    outcome: 'mismatch',
    differences: [
      {
        path: 'body',
        kind: 'type',
        severity: 'critical',
        reasons: [reason],
        count: 1,
        sample,
        places: [placeNumber('')],
        more: [],
      },
    ],
    ignored: [],
    more: 0,
    excused: [],
  };
}
