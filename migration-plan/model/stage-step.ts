import { formatShare, parseShare } from './percent.ts';
import type { StageStep } from './plan.ts';
import { type Reading, read, refuse } from './reading.ts';

export const STAGE_PATTERN = '(shadow|canary \\d+(\\.\\d+)?%|candidate|retired)';

/** Reads one entry of `stages`: `shadow`, `canary 2.5%`, `candidate`, `retired`. */
export function parseStageStep(text: unknown): Reading<StageStep> {
  const refusal = refuse('`shadow`, `canary P%`, `candidate` or `retired`', 'canary 25%');
  if (typeof text !== 'string') return refusal;
  if (text === 'shadow' || text === 'candidate' || text === 'retired') {
    return read({ stage: text, hundredths: 0 });
  }
  if (text === 'legacy') {
    return refuse('a stage after legacy, which is where every route begins and a rollback ends', 'shadow');
  }
  const share = /^canary\s+(\S+%)$/.exec(text)?.[1];
  if (share === undefined) return refusal;
  const hundredths = parseShare(share);
  if (!hundredths.ok) return refuse(hundredths.expected, `canary ${hundredths.write}`);
  if (hundredths.value === 0) return refuse('a share above 0 %', 'canary 0.1%');
  return read({ stage: 'canary', hundredths: hundredths.value });
}

/** `canary 2.5%`, `candidate`: the form that `stages` is written in. */
export function formatStageStep(step: { stage: string; hundredths: number }): string {
  return step.stage === 'canary' ? `canary ${formatShare(step.hundredths)}` : step.stage;
}
