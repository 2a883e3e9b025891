import type { Evidence } from '../api/observations.ts';
import type { Session } from '../session.ts';
import { duration } from './duration.ts';
import { painter, type Tone } from './paint.ts';
import { plain } from './table.ts';

const TONE: Readonly<Record<'pass' | 'fail' | Evidence['verdict'], Tone>> = {
  pass: 'green',
  hold: 'yellow',
  breach: 'red',
  fail: 'red',
};

/** What guardrails say of a route and what its parity suite found, a line for each. */
export function sayEvidence(session: Session, evidence: Evidence, nowMs = Date.now()): void {
  const paint = painter(session.streams.stdout, session.env);
  const line = (verdict: keyof typeof TONE, text: string) =>
    session.say(`  ${paint(TONE[verdict], verdict.padEnd(6))} ${text}`);
  for (const { name, verdict, explanation, missing } of evidence.guardrails) {
    line(verdict, `${name}: ${explanation}`);
    if (missing !== null)
      session.say(
        `         ${missing.samples.toLocaleString('en')} more samples for a pass, ${missing.ms === null ? 'and none come at the moment' : `about ${duration(missing.ms)} at the present rate`}`,
      );
  }
  const { parity, parityGap } = evidence;
  if (parity)
    line(
      parityGap === null ? 'pass' : parity.verdict === 'fail' ? 'fail' : 'hold',
      `parity: ${parity.passed} of ${parity.passed + parity.failed + parity.errors} cases alike, ${parity.skipped} skipped, ${duration(nowMs - Date.parse(parity.at))} ago by ${parity.actor}`,
    );
  if (parityGap !== null) session.say(`         ${plain(parityGap)}`);
}
