import type { Difference } from '../compare/index.ts';
import { beatsNoise, type Rate } from './beats-noise.ts';

/** What noise looks at in a difference. */
export type Finding = Pick<Difference, 'path' | 'kind' | 'reasons'> & {
  readonly sample?: Pick<Difference['sample'], 'legacy' | 'candidate'>;
};

/** One kind of difference on one path of one endpoint. */
export type FieldNoise = {
  readonly endpoint: string;
  readonly path: string;
  readonly kind: Difference['kind'];
  readonly candidate: Rate;
  readonly legacy: Rate;
  /** In how many candidate answers each reason was told. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Largest distance of two numbers in the samples; 0 when there were none. */
  readonly distance: number;
  /** `noise`: legacy differs from itself as often · `counts`: it does not. */
  readonly verdict: 'noise' | 'counts';
};

export type NoiseJson = {
  readonly endpoints: readonly (readonly [
    endpoint: string,
    compared: number,
    repeated: number,
    fields: readonly (readonly [key: string, field: Field])[],
  ])[];
  readonly overflow: number;
};

/** One more question to the side that answered. */
export type Again = {
  /** `soon`, so that nothing else changes meanwhile; `later`, when a clock that tells whole seconds shows another one. */
  readonly when: 'soon' | 'later';
  /** How many the endpoint needs until its noise is known; 0 when it is. */
  readonly missing: number;
};

type Field = { candidate: number; legacy: number; distance: number; reasons: Record<string, number> };
type Endpoint = { compared: number; repeated: number; readonly fields: Map<string, Field> };

/** So many second asks of an endpoint say what its noise is; before that each request needs its own. */
const ENOUGH = 20;
/** Share of the sample that is asked again later: rows that change in between would be taken for noise. */
const LATER = 0.25;
/** After so many comparisons of an endpoint the older ones weigh half, so that a new fault is not thinned out by history. */
const HORIZON = 10_000;
const MAX_ENDPOINTS = 500;
const MAX_FIELDS = 500;

/**
 * Learns for each endpoint how often each field differs between legacy and candidate, and how often between legacy and
 * its second answer to the same request. Kinds are kept apart: a field whose value is noise still counts when it is
 * missing or of another type. Memory is bounded; what finds no place is counted, and never taken for noise.
 */
export class NoiseTable {
  readonly #endpoints = new Map<string, Endpoint>();
  /** Findings that found no place. */
  overflow = 0;

  /** Whether this request should be asked twice: always until the noise of the endpoint is known, then a sample. */
  wantsRepeat(endpoint: string, noiseRatio: number, random: number): Again | null {
    if (noiseRatio === 0) return null;
    const missing = Math.max(0, Math.ceil(ENOUGH - (this.#endpoints.get(endpoint)?.repeated ?? 0)));
    if (missing > 0) return { when: 'later', missing };
    if (random >= noiseRatio) return null;
    return { when: random < noiseRatio * LATER ? 'later' : 'soon', missing };
  }

  /** Legacy against its second answer. Record it before the comparison of the same request. */
  repeated(endpoint: string, findings: readonly Finding[]): void {
    const known = this.#endpoint(endpoint);
    if (!known) return;
    known.repeated++;
    for (const key of byKey(findings).keys()) {
      const field = this.#field(known, key);
      if (field) field.legacy++;
    }
  }

  /**
   * Legacy against the candidate; `repeat` is what the second ask of the same request found, null without one. Gives
   * the findings that are noise: legacy differed from itself there on this very request, or does so often enough.
   */
  compared<T extends Finding>(
    endpoint: string,
    findings: readonly T[],
    repeat: readonly Finding[] | null,
  ): T[] {
    const known = this.#endpoint(endpoint);
    if (!known) return [];
    known.compared++;
    for (const [key, { reasons, sample }] of byKey(findings)) {
      const field = this.#field(known, key);
      if (!field) continue;
      field.candidate++;
      for (const reason of reasons) field.reasons[reason] = (field.reasons[reason] ?? 0) + 1;
      field.distance = Math.max(field.distance, distance(sample));
    }
    if (known.compared >= HORIZON) halve(known);
    const repeats = new Set(repeat?.map(keyOf));
    return findings.filter((finding) => repeats.has(keyOf(finding)) || this.#isNoise(known, keyOf(finding)));
  }

  /** All fields that ever differed, the most frequent first. */
  fields(): FieldNoise[] {
    const all: FieldNoise[] = [];
    for (const [endpoint, known] of this.#endpoints) {
      for (const [key, { candidate, legacy, distance, reasons }] of known.fields) {
        const space = key.indexOf(' ');
        all.push({
          endpoint,
          path: key.slice(space + 1),
          kind: key.slice(0, space) as Difference['kind'],
          candidate: { seen: candidate, of: known.compared },
          legacy: { seen: legacy, of: known.repeated },
          reasons: { ...reasons },
          distance,
          verdict: this.#isNoise(known, key) ? 'noise' : 'counts',
        });
      }
    }
    return all.sort((one, other) => other.candidate.seen - one.candidate.seen);
  }

  /** What several workers or replicas learned. Each source's state may be merged once only: it is a sum. */
  static merge(one: NoiseTable, other: NoiseTable): NoiseTable {
    const merged = NoiseTable.from(one.toJSON());
    const json = other.toJSON();
    merged.overflow += json.overflow;
    for (const [endpoint, compared, repeated, fields] of json.endpoints) {
      const known = merged.#endpoint(endpoint);
      if (!known) continue;
      known.compared += compared;
      known.repeated += repeated;
      for (const [key, { candidate, legacy, distance, reasons }] of fields) {
        const field = merged.#field(known, key);
        if (!field) continue;
        field.candidate += candidate;
        field.legacy += legacy;
        field.distance = Math.max(field.distance, distance);
        for (const [reason, count] of Object.entries(reasons))
          field.reasons[reason] = (field.reasons[reason] ?? 0) + count;
      }
    }
    return merged;
  }

  toJSON(): NoiseJson {
    return {
      endpoints: [...this.#endpoints].map(([endpoint, { compared, repeated, fields }]) => [
        endpoint,
        compared,
        repeated,
        [...fields].map(([key, field]) => [key, copyOf(field)]),
      ]),
      overflow: this.overflow,
    };
  }

  static from(json: NoiseJson): NoiseTable {
    const table = new NoiseTable();
    table.overflow = json.overflow;
    for (const [endpoint, compared, repeated, fields] of json.endpoints) {
      table.#endpoints.set(endpoint, {
        compared,
        repeated,
        fields: new Map(fields.map(([key, field]) => [key, copyOf(field)])),
      });
    }
    return table;
  }

  #isNoise(known: Endpoint, key: string): boolean {
    const field = known.fields.get(key);
    if (!field || known.repeated < ENOUGH || field.legacy === 0) return false;
    return !beatsNoise(
      { seen: field.candidate, of: known.compared },
      { seen: field.legacy, of: known.repeated },
    );
  }

  #endpoint(endpoint: string): Endpoint | null {
    const known = this.#endpoints.get(endpoint);
    if (known) return known;
    if (this.#endpoints.size >= MAX_ENDPOINTS) {
      this.overflow++;
      return null;
    }
    const added: Endpoint = { compared: 0, repeated: 0, fields: new Map() };
    this.#endpoints.set(endpoint, added);
    return added;
  }

  #field(known: Endpoint, key: string): Field | null {
    const field = known.fields.get(key);
    if (field) return field;
    if (known.fields.size >= MAX_FIELDS) {
      this.overflow++;
      return null;
    }
    const added: Field = { candidate: 0, legacy: 0, distance: 0, reasons: {} };
    known.fields.set(key, added);
    return added;
  }
}

/** Kinds hold no space, so the first one ends it. */
function keyOf({ kind, path }: Finding): string {
  return `${kind} ${path}`;
}

/** Each kind and path once: a field counts once for each pair of answers. */
function byKey(findings: readonly Finding[]): Map<string, Finding> {
  return new Map(findings.map((finding) => [keyOf(finding), finding]));
}

function copyOf(field: Field): Field {
  return { ...field, reasons: { ...field.reasons } };
}

function distance(sample: Finding['sample']): number {
  const found = Math.abs(Number(sample?.legacy ?? Number.NaN) - Number(sample?.candidate ?? Number.NaN));
  return Number.isFinite(found) ? found : 0;
}

function halve(known: Endpoint): void {
  known.compared /= 2;
  known.repeated /= 2;
  for (const [key, field] of known.fields) {
    field.candidate /= 2;
    field.legacy /= 2;
    for (const reason of Object.keys(field.reasons)) field.reasons[reason]! /= 2;
    // What was not seen for a dozen horizons makes room.
    if (field.candidate + field.legacy < 1 / 4096) known.fields.delete(key);
  }
}
