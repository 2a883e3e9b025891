import type { Answer, Difference } from '#facade/core/compare/index.ts';
import type { Redactor } from '#facade/core/redact/redactor.ts';

const MAX_SHOWN = 4096;

/** An answer as a report shows it. */
export function shown(answer: Answer, redactor: Redactor) {
  const text = Buffer.from(answer.body).toString('utf8');
  const safe = redactor.body(text, String(answer.headers['content-type'] ?? ''));
  return { status: answer.status, body: safe.length > MAX_SHOWN ? `${safe.slice(0, MAX_SHOWN)}…` : safe };
}

/** A difference without a secret in its sample. */
export function redacted(difference: Difference, redactor: Redactor): Difference {
  const { at, legacy, candidate } = difference.sample;
  const value = (json: string | null) => json && redactor.json(json, at);
  return {
    ...difference,
    sample: { at: redactor.text(at), legacy: value(legacy), candidate: value(candidate) },
  };
}
