import type { Difference } from '../compare/index.ts';
import type { Rate } from './beats-noise.ts';
import {
  byKey,
  copyOf,
  countPlace,
  distance,
  ENOUGH,
  type Endpoint,
  type Field,
  type Finding,
  halve,
  halveRecent,
  isDoubtful,
  isNoiseAllOver,
  isSure,
  keyOf,
  MAX_PLACES,
  newField,
  ofFirst,
  type PlaceCounts,
  placeVerdict,
  repeatsItself,
  type Verdict,
  verdictOf,
} from './field-noise.ts';

export type { Finding };

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
    recent?: { readonly compared: number; readonly repeated: number },
    asked?: Endpoint['asked'],
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

type Judged<T> = {
  readonly noise: readonly T[];
  readonly doubtful: readonly T[];
  /** Whether what is left counts as evidence; before it is, it may be noise that was not seen yet. */
  readonly isSure: boolean;
  /** The place that a finding is judged by. */
  readonly telling: ReadonlyMap<T, number>;
};

/** Share of the sample that is asked again later: rows that change in between would be taken for noise. */
const LATER = 0.25;
/** After so many comparisons of an endpoint the older ones weigh half, so that a new fault is not thinned out by history. */
const HORIZON = 10_000;
/** Of the latest answers so many are looked at, the older half of them with half the weight. */
const RECENT = 200;
const MAX_ENDPOINTS = 500;
const MAX_FIELDS = 500;

/**
 * Learns for each endpoint how often each field differs between legacy and candidate, and how often between legacy and
 * its second answer to the same request. Kinds are kept apart: a field whose value is noise still counts when it is
 * missing or of another type. So are places on one path: beside a cell, line or entry that is noise, one that legacy
 * never answers otherwise counts. Memory is bounded; a field that finds no room is counted, and never taken for noise.
 */
export class NoiseTable {
  readonly #endpoints = new Map<string, Endpoint>();
  /** Findings that found no place. */
  overflow = 0;

  /**
   * Whether this request should be asked twice: always until the noise of the endpoint is known, then a sample, and
   * where it differs beside noise at a place that is not known to be some.
   */
  wantsRepeat(
    endpoint: string,
    noiseRatio: number,
    random: number,
    findings: readonly Finding[] = [],
  ): Again | null {
    if (noiseRatio === 0) return null;
    const known = this.#endpoints.get(endpoint);
    const missing = Math.max(0, Math.ceil(ENOUGH - (known?.repeated ?? 0)));
    if (missing > 0) return { when: 'later', missing };
    if (known && findings.some((finding) => isDoubtful(known, finding))) return { when: 'soon', missing };
    if (random >= noiseRatio) return null;
    return { when: random < noiseRatio * LATER ? 'later' : 'soon', missing };
  }

  /** Whether all of this is noise by what is known; nothing is counted. */
  explains(endpoint: string, findings: readonly Finding[]): boolean {
    const known = this.#endpoints.get(endpoint);
    if (!known) return false;
    return findings.every((finding) => this.#verdict(known, finding, finding.places).verdict === 'noise');
  }

  /**
   * Legacy against the candidate; `repeat` is what the second ask of the same request found, null without one. Gives
   * the findings that are noise: legacy differed from itself there on this very request, or does so often enough. Those
   * beside noise, at a place of which too little is known, are `doubtful`: they may be noise or not.
   */
  compared<T extends Finding>(
    endpoint: string,
    findings: readonly T[],
    repeat: readonly Finding[] | null,
  ): Judged<T> {
    const known = this.#endpoint(endpoint);
    if (!known) return { noise: [], doubtful: [], isSure: false, telling: new Map() };
    known.compared++;
    known.recent.compared++;
    for (const [key, { reasons, sample, places }] of byKey(findings)) {
      const field = this.#field(known, key);
      if (!field) continue;
      field.candidate++;
      for (const reason of reasons) field.reasons[reason] = (field.reasons[reason] ?? 0) + 1;
      field.distance = Math.max(field.distance, distance(sample));
      for (const place of places) countPlace(field, place, 0);
    }
    if (repeat && findings.length > 0) {
      known.asked[repeat.length === 0 ? 'same' : 'other']++;
      const told = byKey(repeat);
      for (const key of byKey(findings).keys()) {
        const field = known.fields.get(key);
        if (!field) continue;
        field.asked++;
        if (told.has(key)) field.told++;
      }
    }
    if (repeat) this.#repeated(known, repeat);
    if (known.compared >= HORIZON) halve(known);
    if (known.recent.compared >= RECENT) halveRecent(known);
    const repeats = byKey(repeat ?? []);
    const telling = new Map<T, number>();
    const verdicts = findings.map((finding) => {
      const again = new Set(repeats.get(keyOf(finding))?.places);
      const left = finding.places.filter((place) => !again.has(place));
      const { verdict, place } = this.#verdict(known, finding, left);
      if (place !== undefined) telling.set(finding, place);
      return verdict;
    });
    const having = (verdict: Verdict) => findings.filter((_, index) => verdicts[index] === verdict);
    return {
      noise: having('noise'),
      doubtful: having('doubtful'),
      isSure: having('counts').some((finding) => this.#isSure(known, finding)),
      telling,
    };
  }

  /** Places beside noise were told apart by what is known of them. */
  #isSure(known: Endpoint, finding: Finding): boolean {
    const isLearned = known.repeated >= ENOUGH && (known.fields.get(keyOf(finding))?.legacy ?? 0) > 0;
    return isLearned || isSure(known, finding);
  }

  /** Legacy against its second answer. */
  #repeated(known: Endpoint, findings: readonly Finding[]): void {
    known.repeated++;
    known.recent.repeated++;
    for (const [key, { places }] of byKey(findings)) {
      const field = this.#field(known, key);
      if (!field) continue;
      field.legacy++;
      for (const place of places) countPlace(field, place, 1);
    }
  }

  /** All fields that ever differed, the most frequent first. */
  fields(): FieldNoise[] {
    const all: FieldNoise[] = [];
    for (const [endpoint, known] of this.#endpoints) {
      for (const [key, field] of known.fields) {
        const { candidate, legacy, distance, reasons } = field;
        const space = key.indexOf(' ');
        all.push({
          endpoint,
          path: key.slice(space + 1),
          kind: key.slice(0, space) as Difference['kind'],
          candidate: { seen: candidate, of: known.compared },
          legacy: { seen: legacy, of: known.repeated },
          reasons: { ...reasons },
          distance,
          verdict: isNoiseAllOver(known, field) ? 'noise' : 'counts',
        });
      }
    }
    return all.sort((one, other) => other.candidate.seen - one.candidate.seen);
  }

  /** What several workers or replicas learned. Each source's state may be merged once only: it is a sum. */
  static merge(one: NoiseTable, other: NoiseTable): NoiseTable {
    const merged = NoiseTable.from(one.toJSON());
    merged.#add(other.toJSON());
    return merged;
  }

  #add(json: NoiseJson): void {
    this.overflow += json.overflow;
    for (const [endpoint, compared, repeated, fields, recent, asked] of json.endpoints) {
      const known = this.#endpoint(endpoint);
      if (!known) continue;
      known.compared += compared;
      known.repeated += repeated;
      known.recent.compared += recent?.compared ?? 0;
      known.recent.repeated += recent?.repeated ?? 0;
      known.asked.same += asked?.same ?? 0;
      known.asked.other += asked?.other ?? 0;
      for (const [key, { candidate, legacy, distance, reasons, asked = 0, told = 0, places }] of fields) {
        const field = this.#field(known, key);
        if (!field) continue;
        field.candidate += candidate;
        field.legacy += legacy;
        field.asked += asked;
        field.told += told;
        for (const [place, counts] of Object.entries(places) as unknown as [number, PlaceCounts][])
          for (const side of [0, 1] as const) countPlace(field, place, side, counts[side], counts[side + 2]);
        field.distance = Math.max(field.distance, distance);
        for (const [reason, count] of Object.entries(reasons))
          field.reasons[reason] = (field.reasons[reason] ?? 0) + count;
      }
    }
  }

  /** The same under other names of endpoints; those that get one name are added up. */
  renamed(rename: (endpoint: string) => string): NoiseTable {
    const { endpoints, overflow } = this.toJSON();
    const renamed = new NoiseTable();
    renamed.#add({
      overflow,
      endpoints: endpoints.map(([name, ...figures]) => [rename(name), ...figures] as const),
    });
    return renamed;
  }

  toJSON(): NoiseJson {
    return {
      endpoints: [...this.#endpoints].map(([endpoint, { compared, repeated, fields, recent, asked }]) => [
        endpoint,
        compared,
        repeated,
        [...fields].map(([key, field]) => [key, copyOf(field)]),
        { ...recent },
        { ...asked },
      ]),
      overflow: this.overflow,
    };
  }

  static from(json: NoiseJson): NoiseTable {
    const table = new NoiseTable();
    table.overflow = json.overflow;
    for (const [endpoint, compared, repeated, fields, recent, asked] of json.endpoints) {
      table.#endpoints.set(endpoint, {
        compared,
        repeated,
        recent: { compared: recent?.compared ?? 0, repeated: recent?.repeated ?? 0 },
        asked: { same: asked?.same ?? 0, other: asked?.other ?? 0 },
        fields: new Map(fields.map(([key, field]) => [key, copyOf(field)])),
      });
    }
    return table;
  }

  /** Of what differs at `places`, and was not explained by this request itself: as the worst of them, and which that is. */
  #verdict(
    known: Endpoint,
    finding: Finding,
    places: readonly number[],
  ): { verdict: Verdict; place?: number } {
    if (places.length === 0) return { verdict: 'noise' };
    const field = known.fields.get(keyOf(finding));
    if (!field || known.repeated < ENOUGH) return { verdict: 'counts', ...ofFirst(places) };
    const ofAll = verdictOf(known, field.candidate, field.legacy);
    // Legacy never differed from itself on this path: there is no noise to be beside of.
    if (ofAll === 'counts' || field.legacy === 0) return { verdict: 'counts', ...ofFirst(places) };
    // What is not told apart is judged by the path.
    const isFull = Object.keys(field.places).length >= MAX_PLACES;
    const told = places.filter((place) => !isFull || place in field.places);
    const verdicts = told.map((place) => placeVerdict(known, field.places[place] ?? [0, 0, 0, 0]));
    for (const verdict of ['counts', 'doubtful'] as const) {
      const at = verdicts.indexOf(verdict);
      if (at === -1) continue;
      const isCounted = ofAll === 'doubtful' && repeatsItself(field);
      return { verdict: isCounted ? 'counts' : verdict, ...ofFirst(told.slice(at)) };
    }
    return { verdict: ofAll, ...ofFirst(places) };
  }

  #endpoint(endpoint: string): Endpoint | null {
    const known = this.#endpoints.get(endpoint);
    if (known) return known;
    if (this.#endpoints.size >= MAX_ENDPOINTS) {
      this.overflow++;
      return null;
    }
    const added: Endpoint = {
      compared: 0,
      repeated: 0,
      recent: { compared: 0, repeated: 0 },
      asked: { same: 0, other: 0 },
      fields: new Map(),
    };
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
    const added = newField();
    known.fields.set(key, added);
    return added;
  }
}
