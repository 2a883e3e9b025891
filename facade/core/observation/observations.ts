import { type Comparison, type Difference, worse } from '../compare/index.ts';
import { type NoiseJson, NoiseTable } from '../noise/noise-table.ts';
import type { DiscardReason, Fate } from '../shadow/fate.ts';
import { type AccountCounts, addCounts, countFate, noCounts } from './account.ts';
import { type EndpointCounts, mergeEndpoints, newEndpoint } from './endpoint-counts.ts';
import { type Field, fieldKey, type KeptSample, mergeFields, newField, seeField } from './field.ts';

/** Everything observed of one form of a route with one build of its candidate. JSON; two add up in any order. */
export type ObservationsJson = {
  readonly sinceMs: number;
  readonly counts: AccountCounts;
  readonly endpoints: readonly EndpointCounts[];
  readonly fields: readonly Field[];
  /** Rows that made room for others. Absent: none. */
  readonly rowsLeftOut?: number;
  readonly noise: NoiseJson;
};

export type ComparedAnswer = {
  /** `GET /api/articles/:slug`. */
  readonly endpoint: string;
  readonly comparison: Comparison;
  /** What the side that answered said when it was asked the same again; null when it was not. */
  readonly repeat: Comparison | null;
  /** A write and its dry run: writes are not repeated, so they have no noise. */
  readonly dryRun: boolean;
  /** What may be kept of a difference; asked only when it is kept. */
  readonly keep: (difference: Difference) => KeptSample;
};

const MAX_ENDPOINTS = 500;
const MAX_FIELDS = 1000;
/** Of all samples; from then on a row keeps those that it has. */
const MAX_SAMPLE_CHARACTERS = 4 << 20;
/** What is beyond the bounds. */
const OTHER = '(others)';

/** `doubtful`: ignored beside noise, where too little is known to say that it is some. */
export type Outcome = 'match' | 'mismatch' | 'ignored' | 'doubtful';

export type Judgement = {
  readonly outcome: Outcome;
  /** Of a mismatch: whether it is evidence. While noise is still being learned it may turn out to be some. */
  readonly isSure: boolean;
};

export class Observations {
  readonly sinceMs: number;
  #counts = noCounts();
  #noise = new NoiseTable();
  #secondAsks = 0;
  readonly #endpoints = new Map<string, EndpointCounts>();
  readonly #fields = new Map<string, Field>();
  #rowsLeftOut = 0;
  #sampleCharacters = 0;

  constructor(sinceMs: number) {
    this.sinceMs = sinceMs;
  }

  get counts(): AccountCounts {
    return this.#counts;
  }

  get endpoints(): readonly EndpointCounts[] {
    return [...this.#endpoints.values()];
  }

  get fields(): readonly Field[] {
    return [...this.#fields.values()];
  }

  /** So often the side that answered was asked again, since this process began. */
  get secondAsks(): number {
    return this.#secondAsks;
  }

  get noise(): NoiseTable {
    return this.#noise;
  }

  knows(endpoint: string, difference: Difference): boolean {
    return this.#fields.has(fieldKey(endpoint, difference));
  }

  fate(fate: Fate): void {
    countFate(this.#counts, fate);
  }

  failed(): void {
    this.#counts.failed += 1;
  }

  discarded(reason: DiscardReason): void {
    this.#counts.discarded[reason] = (this.#counts.discarded[reason] ?? 0) + 1;
  }

  /** Takes a comparison in. A difference that is noise does not make a mismatch; it is counted all the same. */
  compared(answer: ComparedAnswer, nowMs: number): Judgement {
    this.#counts.compared += 1;
    if (answer.repeat) this.#secondAsks += 1;
    const { endpoint, comparison, keep } = answer;
    const { outcome, isSure, telling } = this.#judged(answer);
    for (const difference of comparison.differences) {
      const key = fieldKey(endpoint, difference);
      let field = this.#fields.get(key);
      if (!field) {
        if (this.#fields.size >= MAX_FIELDS) this.#makeRoom();
        field = newField(endpoint, difference, nowMs);
        this.#fields.set(key, field);
      }
      const isRoomy = this.#sampleCharacters < MAX_SAMPLE_CHARACTERS;
      const before = charactersOf(field);
      seeField(field, shownAt(difference, telling.get(difference)), nowMs, isRoomy ? keep : null);
      this.#sampleCharacters += charactersOf(field) - before;
    }
    const counts = this.#endpoint(endpoint);
    counts[outcome === 'doubtful' ? 'ignored' : outcome] += 1;
    if (outcome === 'doubtful') counts.doubtful = (counts.doubtful ?? 0) + 1;
    return { outcome, isSure };
  }

  get rowsLeftOut(): number {
    return this.#rowsLeftOut;
  }

  /** Who was seen least goes, of those the mildest and the longest ago: a new fault finds a row, however many there were. */
  #makeRoom(): void {
    let least: [key: string, field: Field] | null = null;
    for (const entry of this.#fields) if (!least || isLess(entry[1], least[1])) least = entry;
    if (!least) return;
    this.#fields.delete(least[0]);
    this.#sampleCharacters -= charactersOf(least[1]);
    this.#rowsLeftOut += 1;
  }

  /** Puts what was seen of endpoints that have one name by now together. */
  rename(name: (endpoint: string) => string): void {
    const { endpoints, fields } = this;
    if (endpoints.every(({ template }) => name(template) === template)) return;
    this.#endpoints.clear();
    for (const one of endpoints)
      put(
        this.#endpoints,
        name(one.template),
        { ...one, template: name(one.template) },
        mergeEndpoints,
        MAX_ENDPOINTS + 1,
      );
    this.#fields.clear();
    for (const field of fields) {
      const own = { ...field, endpoint: name(field.endpoint) };
      put(this.#fields, fieldKey(own.endpoint, own), own, mergeFields, MAX_FIELDS);
    }
    this.#sampleCharacters = this.fields.reduce((sum, field) => sum + charactersOf(field), 0);
    this.#noise = this.#noise.renamed(name);
  }

  /** Adds what another process saw of the same. */
  add(json: ObservationsJson): void {
    this.#counts = addCounts(this.#counts, json.counts);
    for (const endpoint of json.endpoints)
      put(this.#endpoints, endpoint.template, endpoint, mergeEndpoints, MAX_ENDPOINTS + 1);
    for (const field of json.fields)
      put(this.#fields, fieldKey(field.endpoint, field), field, mergeFields, MAX_FIELDS);
    this.#rowsLeftOut += json.rowsLeftOut ?? 0;
    this.#noise = NoiseTable.merge(this.#noise, NoiseTable.from(json.noise));
  }

  toJSON(): ObservationsJson {
    const { sinceMs, endpoints, fields, rowsLeftOut } = this;
    return { sinceMs, counts: this.#counts, endpoints, fields, rowsLeftOut, noise: this.#noise.toJSON() };
  }

  /** What comes of a comparison, and which place speaks for it. */
  #judged({ endpoint, comparison, repeat, dryRun }: ComparedAnswer): Judgement & {
    telling: ReadonlyMap<Difference, number>;
  } {
    const { differences, more } = comparison;
    const { noise, doubtful, isSure, telling } = dryRun
      ? { noise: [], doubtful: [], isSure: true, telling: new Map<Difference, number>() }
      : this.#noise.compared(endpoint, differences, repeat?.differences ?? null);
    if (comparison.outcome === 'match') return { outcome: 'match', isSure: true, telling };
    const counting = differences.length - noise.length - doubtful.length + more;
    if (counting > 0) return { outcome: 'mismatch', isSure, telling };
    return { outcome: doubtful.length > 0 ? 'doubtful' : 'ignored', isSure: true, telling };
  }

  #endpoint(name: string): EndpointCounts {
    const template = this.#endpoints.has(name) || this.#endpoints.size < MAX_ENDPOINTS ? name : OTHER;
    let endpoint = this.#endpoints.get(template);
    if (!endpoint) {
      endpoint = newEndpoint(template);
      this.#endpoints.set(template, endpoint);
    }
    return endpoint;
  }
}

/** With the sample of that place, where there is one: the first may be noise. */
function shownAt(difference: Difference, place: number | undefined): Difference {
  const other = difference.more.find((one) => one.place === place);
  return other ? { ...difference, sample: other.sample } : difference;
}

function charactersOf({ samples }: Field): number {
  return samples.reduce(
    (sum, { curl, legacy, candidate }) =>
      sum + curl.length + (legacy?.length ?? 0) + (candidate?.length ?? 0),
    0,
  );
}

function isLess(one: Field, other: Field): boolean {
  if (one.count !== other.count) return one.count < other.count;
  if (one.severity !== other.severity) return worse(one.severity, other.severity) === other.severity;
  return one.lastMs < other.lastMs;
}

function put<T>(
  map: Map<string, T>,
  key: string,
  value: T,
  merge: (one: T, other: T) => T,
  limit: number,
): void {
  const known = map.get(key);
  if (known) map.set(key, merge(known, value));
  else if (map.size < limit) map.set(key, structuredClone(value));
}
