import type { Answer, Difference } from '#facade/core/compare/index.ts';
import type { Redactor } from '#facade/core/redact/redactor.ts';
import type { Sent } from './side.ts';

const MAX_SHOWN = 4096;

/** An answer as a report shows it. */
export function shown(answer: Answer, redactor: Redactor) {
  const text = Buffer.from(answer.body).toString('utf8');
  const safe = redactor.withoutEchoes(redactor.body(text, String(answer.headers['content-type'] ?? '')));
  return { status: answer.status, body: safe.length > MAX_SHOWN ? `${safe.slice(0, MAX_SHOWN)}…` : safe };
}

/** A difference without a secret in its sample. */
export function redacted(difference: Difference, redactor: Redactor): Difference {
  return {
    ...difference,
    // Of use to whoever learns noise.
    places: [],
    more: [],
    sample: redactor.sample(difference),
  };
}

/** The secrets of a request: an answer may repeat them where nothing tells that they are some. */
export function learnSecrets({ headers, body }: Sent, redactor: Redactor): void {
  for (const [name, value] of Object.entries(headers)) redactor.header(name, value);
  if (body !== null) redactor.body(body, headers['content-type'] ?? '');
}
