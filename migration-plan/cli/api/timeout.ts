import { formatDuration, parseDuration } from '#plan/model/duration.ts';
import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';

const DEFAULT_MS = 30_000;

/** How long facade and relay are waited for: `FIG_TIMEOUT`, a duration above 0, default 30 s. Rejects another value as wrong usage. */
export function answerTimeoutMs({ FIG_TIMEOUT: wanted }: NodeJS.ProcessEnv): number {
  if (wanted === undefined || wanted === '') return DEFAULT_MS;
  const duration = parseDuration(wanted);
  if (duration.ok && duration.value > 0) return duration.value;
  throw new Failure(
    EXIT.usage,
    'CLI_USAGE',
    `FIG_TIMEOUT: expected a duration above 0, got \`${wanted}\`. Write e.g. \`FIG_TIMEOUT=${formatDuration(DEFAULT_MS)}\`.`,
  );
}
