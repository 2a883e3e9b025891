import type { Difference } from '../compare/index.ts';
import { beatsNoise } from './beats-noise.ts';

/** What noise looks at in a difference. */
export type Finding = Pick<Difference, 'path' | 'kind' | 'reasons' | 'places'> & {
  readonly sample?: Pick<Difference['sample'], 'legacy' | 'candidate'>;
};

export type Verdict = 'noise' | 'counts' | 'doubtful';

/** In how many answers a place of a field differed, of all and of the latest. */
export type PlaceCounts = [candidate: number, legacy: number, recently: number, legacyRecently: number];
export type Field = {
  candidate: number;
  legacy: number;
  distance: number;
  reasons: Record<string, number>;
  /** Requests that differed here and were asked twice; of those, legacy differed from itself here, too. */
  asked: number;
  told: number;
  /** By number of the place; those that found no room are not told apart. */
  places: Record<number, PlaceCounts>;
};
export type Endpoint = {
  compared: number;
  repeated: number;
  /** Of the latest answers: what begins to go wrong is seen in them, however many were right before. */
  readonly recent: { compared: number; repeated: number };
  /** Requests that differed and were asked twice: of those, legacy gave its first answer again to `same`. */
  readonly asked: { same: number; other: number };
  readonly fields: Map<string, Field>;
};

/** Of a field. */
export const MAX_PLACES = 64;
/** So far below what was to be expected, in standard deviations, is no accident: 0 where 6.25 were to be expected. */
const FAR = 5;
/** So many second asks of an endpoint say what its noise is; before that each request needs its own. */
export const ENOUGH = 20;

/**
 * So often must legacy have repeated itself where the candidate differed before that is evidence. A right candidate with
 * values that are random is told by the second answer on one such request in two, so this is an accident in a thousand.
 */
const SURE = 10;

/** Of what counts: whether noise that was not seen yet is no explanation of it. */
export function isSure(known: Endpoint, finding: Pick<Finding, 'kind' | 'path'>): boolean {
  const field = known.fields.get(keyOf(finding));
  if (field && field.legacy === 0 && field.asked >= SURE) return true;
  // What is on another path each time is told by the answer as a whole.
  return known.asked.other === 0 && known.asked.same >= SURE;
}

/**
 * Whether legacy says the same again wherever the candidate differs. Of values that are random, one of two of those second
 * answers would differ; what legacy changed beside other requests (a write came between) is no explanation. Not to be
 * asked of values that are random now and then only: their second answers are mostly the same, too.
 */
export function repeatsItself({ asked, told }: Pick<Field, 'asked' | 'told'>): boolean {
  return 2 * (Math.sqrt(asked / 2) - Math.sqrt(told)) >= FAR;
}

/** Kinds hold no space, so the first one ends it. */
export function keyOf({ kind, path }: Pick<Finding, 'kind' | 'path'>): string {
  return `${kind} ${path}`;
}

/** Each kind and path once: a field counts once for each pair of answers. */
export function byKey(findings: readonly Finding[]): Map<string, Finding> {
  return new Map(findings.map((finding) => [keyOf(finding), finding]));
}

export function newField(): Field {
  return {
    candidate: 0,
    legacy: 0,
    distance: 0,
    reasons: {},
    asked: 0,
    told: 0,
    places: {},
  };
}

/** One that an earlier version kept knows of no places. */
export function copyOf(field: Partial<Field>): Field {
  return structuredClone({ ...newField(), ...field });
}

export function countPlace(field: Field, place: number, side: 0 | 1, count = 1, recently = count): void {
  let counts = field.places[place];
  if (!counts) {
    const all = Object.keys(field.places);
    if (all.length >= MAX_PLACES) return;
    counts = [0, 0, 0, 0];
    field.places[place] = counts;
  }
  counts[side] += count;
  counts[side + 2] = (counts[side + 2] as number) + recently;
}

/**
 * Of a field or a place. `noise`: legacy differs from itself as often there. `counts`: it would have been seen to, by now.
 * `doubtful`: too little was seen.
 */
export function verdictOf(
  known: Pick<Endpoint, 'compared' | 'repeated'>,
  candidate: number,
  legacy: number,
): Verdict {
  const beats = beatsNoise({ seen: candidate, of: known.compared }, { seen: legacy, of: known.repeated });
  if (!beats) return 'noise';
  const expected = (candidate / known.compared) * known.repeated;
  return 2 * (Math.sqrt(expected) - Math.sqrt(legacy)) >= FAR ? 'counts' : 'doubtful';
}

export function placeVerdict(
  known: Endpoint,
  [candidate, legacy, recently, legacyRecently]: PlaceCounts,
): Verdict {
  return verdictOf(known.recent, recently, legacyRecently) === 'counts'
    ? 'counts'
    : verdictOf(known, candidate, legacy);
}

export const ofFirst = ([place]: readonly number[]) => (place === undefined ? {} : { place });

/** Wherever the candidate differs on the path, legacy differs from itself as often. */
export function isNoiseAllOver(known: Endpoint, field: Field): boolean {
  if (known.repeated < ENOUGH || verdictOf(known, field.candidate, field.legacy) !== 'noise') return false;
  return Object.values(field.places).every((counts) => placeVerdict(known, counts) !== 'counts');
}

/** What of a finding that is not counted yet will be doubtful, or count without being sure. Where places are too many to be told apart none is. */
export function isDoubtful(known: Endpoint, { kind, path, places }: Finding): boolean {
  const field = known.fields.get(keyOf({ kind, path }));
  if (!field) return false;
  if (field.legacy === 0) return !isSure(known, { kind, path });
  if (Object.keys(field.places).length >= MAX_PLACES) return false;
  const [compared, repeated] = [known.compared + 1, known.repeated];
  return places.some((place) => {
    const [candidate = 0, legacy = 0] = field.places[place] ?? [];
    return verdictOf({ compared, repeated }, candidate + 1, legacy) !== 'noise';
  });
}

export function distance(sample: Finding['sample']): number {
  const found = Math.abs(Number(sample?.legacy ?? Number.NaN) - Number(sample?.candidate ?? Number.NaN));
  return Number.isFinite(found) ? found : 0;
}

export function halveRecent({ recent, fields }: Endpoint): void {
  recent.compared /= 2;
  recent.repeated /= 2;
  for (const { places } of fields.values())
    for (const counts of Object.values(places)) {
      counts[2] /= 2;
      counts[3] /= 2;
    }
}

export function halve(known: Endpoint): void {
  known.compared /= 2;
  known.repeated /= 2;
  for (const [key, field] of known.fields) {
    field.candidate /= 2;
    field.legacy /= 2;
    for (const [place, counts] of Object.entries(field.places)) {
      counts[0] /= 2;
      counts[1] /= 2;
      if (counts[0] + counts[1] < 1 / 4096) delete field.places[Number(place)];
    }
    for (const reason of Object.keys(field.reasons)) field.reasons[reason]! /= 2;
    // What was not seen for a dozen horizons makes room.
    if (field.candidate + field.legacy < 1 / 4096) known.fields.delete(key);
  }
}
