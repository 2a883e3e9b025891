import { type Difference, type DifferenceKind, type Reason, type Severity, worse } from '../compare/index.ts';

/** One of the answers in which a field differed, without its secrets. */
export type KeptSample = {
  /** Where it stood, with indices. */
  readonly at: string;
  /** JSON text; null where there is none. */
  readonly legacy: string | null;
  readonly candidate: string | null;
  readonly curl: string;
};

type FieldSample = KeptSample & {
  /** Milliseconds since 1970. */
  readonly atMs: number;
};

/** A place at which answers of one endpoint differed in one way. JSON. */
export type Field = {
  readonly endpoint: string;
  readonly path: string;
  readonly kind: DifferenceKind;
  severity: Severity;
  reasons: readonly Reason[];
  /** Answers in which it differed. */
  count: number;
  firstMs: number;
  lastMs: number;
  /** The latest, at most five. */
  samples: readonly FieldSample[];
};

const SAMPLES = 5;

/** One place and kind of difference at one endpoint. */
export function fieldKey(endpoint: string, { kind, path }: Pick<Difference, 'kind' | 'path'>): string {
  return `${endpoint}\t${kind}\t${path}`;
}

export function newField(endpoint: string, difference: Difference, nowMs: number): Field {
  const { path, kind, severity, reasons } = difference;
  return { endpoint, path, kind, severity, reasons, count: 0, firstMs: nowMs, lastMs: nowMs, samples: [] };
}

export function seeField(
  field: Field,
  difference: Difference,
  nowMs: number,
  keep: ((difference: Difference) => KeptSample) | null,
): void {
  field.count += 1;
  field.lastMs = nowMs;
  field.severity = worse(field.severity, difference.severity);
  field.reasons = union(field.reasons, difference.reasons);
  // The first ones, then ever fewer: a field that always differs would otherwise cost a sample each time.
  if (keep === null || (field.samples.length >= SAMPLES && field.count % 100 !== 0)) return;
  field.samples = [...field.samples, { atMs: nowMs, ...keep(difference) }].slice(-SAMPLES);
}

export function mergeFields(one: Field, other: Field): Field {
  const samples = [...one.samples, ...other.samples].sort((a, b) => a.atMs - b.atMs).slice(-SAMPLES);
  return {
    ...one,
    severity: worse(one.severity, other.severity),
    reasons: union(one.reasons, other.reasons),
    count: one.count + other.count,
    firstMs: Math.min(one.firstMs, other.firstMs),
    lastMs: Math.max(one.lastMs, other.lastMs),
    samples,
  };
}

function union<T>(one: readonly T[], other: readonly T[]): readonly T[] {
  return other.every((item) => one.includes(item)) ? one : [...new Set([...one, ...other])];
}
