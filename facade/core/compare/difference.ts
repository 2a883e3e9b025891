import type { NamedSecret } from '../redact/secret-names.ts';
import type { Span } from '../redact/span.ts';

/**
 * What kind of difference, seen from legacy: `missing` the candidate lacks it, `extra` it has it in addition, `type`
 * another JSON type or kind of body, `value` another value, `order` the same entries in another order, `status`,
 * `header` (absent, in addition or with another value).
 */
export type DifferenceKind = 'missing' | 'extra' | 'type' | 'value' | 'order' | 'status' | 'header';

/**
 * How much a client suffers:
 * `critical` it fails (status, missing, type) · `major` it works with wrong data (value; headers that steer it) ·
 * `minor` it is likely not to notice (extra; the same content written in another way; other headers) ·
 * `trivial` it may not care (order).
 */
export type Severity = 'critical' | 'major' | 'minor' | 'trivial';

/** Why two values differ, where the engine can tell; facade/COMPARE.md says what each means. */
export type Reason = (typeof reasons)[number];

export const reasons = [
  'unicode-form',
  'line-ending',
  'whitespace',
  'byte-order-mark',
  'case',
  'encoding',
  'escaping',
  'truncated',
  'date-format',
  'time-zone',
  'number-format',
  'precision',
  'rounding',
  'scale',
  'null',
  'number-as-text',
  'boolean-as-text',
  'duplicate-key',
  'empty-body',
  'not-json',
  'too-complex',
  'media-type',
  'content-encoding',
  'too-large',
] as const;

/** All differences of one kind on one path of two answers. */
export type Difference = {
  /**
   * Without indices: `$.articles[*].price`, `status`, `header:content-type`, `html:/html/body/h1`, `text`, `body`.
   * Member names that look like ids are `*`: `$.users.*.name`.
   */
  readonly path: string;
  readonly kind: DifferenceKind;
  readonly severity: Severity;
  /** Each reason once; empty where none is known. */
  readonly reasons: readonly Reason[];
  /** How often in this pair of answers. */
  readonly count: number;
  /** The first of them. */
  readonly sample: Sample;
  /**
   * Where on the path, as opaque numbers, each place once: two comparisons that found the same place give the same
   * number. The first 2,000.
   */
  readonly places: readonly number[];
  /** Samples of further places: of the first few. */
  readonly more: readonly { readonly place: number; readonly sample: Sample }[];
};

export type Sample = {
  /** Where it stood, with indices: `$.articles[3].price`. */
  readonly at: string;
  /** Both values as JSON text, cut inside strings, lists and objects so that it stays JSON; null where there is none. */
  readonly legacy: string | null;
  readonly candidate: string | null;
  /** What the values are by something that a sample does not show: `{"name":"password","value":…}`, `<dt>PIN</dt>`. */
  readonly secret?: NamedSecret;
  /** Secrets in the JSON text of each value, by what a sample does not show: the heading of a column. */
  readonly spans?: { readonly legacy: readonly Span[]; readonly candidate: readonly Span[] };
};

/** Of a kind, unless its reason says otherwise. */
export const severityOfKind: Readonly<Record<DifferenceKind, Severity>> = {
  status: 'critical',
  missing: 'critical',
  type: 'critical',
  value: 'major',
  header: 'minor',
  extra: 'minor',
  order: 'trivial',
};

const SAME_CONTENT: ReadonlySet<Reason> = new Set([
  'unicode-form',
  'line-ending',
  'whitespace',
  'byte-order-mark',
  'date-format',
  'number-format',
]);

export const severities: readonly Severity[] = ['critical', 'major', 'minor', 'trivial'];

export function severityOf(kind: DifferenceKind, reason: Reason | null): Severity {
  if (reason === 'duplicate-key') return 'minor';
  if (kind === 'value' && reason !== null && SAME_CONTENT.has(reason)) return 'minor';
  return severityOfKind[kind];
}

export function worse(a: Severity, b: Severity): Severity {
  return severities.indexOf(a) <= severities.indexOf(b) ? a : b;
}
