import type { Evidence, RecordedParity, Stale } from '../api/observations.ts';
import type { Session } from '../session.ts';
import { duration } from './duration.ts';
import { mixedInWords } from './mixed.ts';
import { painter, type Tone } from './paint.ts';
import { plain } from './table.ts';

const TONE: Readonly<Record<'pass' | 'fail' | 'stale' | 'mixed' | Evidence['verdict'], Tone>> = {
  pass: 'green',
  hold: 'yellow',
  stale: 'yellow',
  mixed: 'yellow',
  breach: 'red',
  fail: 'red',
};

const SINCE: Readonly<Record<Stale, string>> = {
  route: ', of another form of the route',
  suite: ', of another suite',
  build: ', of another build',
  age: '',
};

/** `pass 3 h ago`; of a run that counts no more `stale: pass 26 h ago`, `stale: pass 3 h ago, of another build`. */
export function parityInShort({ verdict, at, stale }: RecordedParity, nowMs: number): string {
  const when = `${verdict} ${duration(nowMs - Date.parse(at))} ago`;
  return stale ? `stale: ${when}${SINCE[stale]}` : when;
}

/** What guardrails say of a route and what its parity suite found, a line for each. */
export function sayEvidence(session: Session, evidence: Evidence, nowMs = Date.now()): void {
  const paint = painter(session.streams.stdout, session.env);
  const line = (verdict: keyof typeof TONE, text: string) =>
    session.say(`  ${paint(TONE[verdict], verdict.padEnd(6))} ${text}`);
  if (evidence.mixed) line('mixed', mixedInWords(evidence.mixed));
  for (const { name, verdict, explanation, missing } of evidence.guardrails) {
    line(verdict, `${name}: ${explanation}`);
    if (missing !== null)
      session.say(
        `         ${missing.samples.toLocaleString('en')} more ${missing.samples === 1 ? 'sample' : 'samples'} for a pass, ${missing.ms === null ? 'and none come at the moment' : `about ${duration(missing.ms)} at the present rate`}`,
      );
  }
  const { parity, parityGap } = evidence;
  if (parity)
    line(
      parity.stale ? 'stale' : parity.verdict === 'fail' ? 'fail' : parityGap === null ? 'pass' : 'hold',
      `parity: ${parity.passed} of ${parity.passed + parity.failed + parity.errors} cases alike, ${parity.skipped} skipped, ${duration(nowMs - Date.parse(parity.at))} ago by ${parity.actor}`,
    );
  if (parityGap !== null) session.say(`         ${plain(parityGap)}`);
}
