import type { Difference, DifferenceKind, Reason, Sample, Severity } from './difference.ts';
import { severityOf, worse } from './difference.ts';
import { placeNumber } from './place.ts';

type Row = {
  path: string;
  kind: DifferenceKind;
  severity: Severity;
  reasons: Set<Reason>;
  count: number;
  sample: Sample;
  places: Set<number>;
  more: { place: number; sample: Sample }[];
};

/** One sighting; path and sample are functions, because most sightings only raise a count or are beyond the limit. */
export type Sighting = {
  readonly kind: DifferenceKind;
  readonly reason: Reason | null;
  /** That of kind and reason, unless it is given. */
  readonly severity?: Severity;
  readonly path: () => string;
  /** What tells it from others on the same path; '' where there is one only. */
  readonly place?: () => string;
  readonly sample: () => Sample;
};

const MAX_SIGHTINGS = 20_000;
const MAX_PLACES = 2_000;
const MAX_SAMPLES = 4;

/** Folds sightings by path and kind, bounded. */
export class Differences {
  private readonly rows = new Map<string, Row>();
  private readonly limit: number;
  private seen = 0;
  /** Sightings that were not kept, as the table was full. */
  more = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  add({ kind, reason, severity = severityOf(kind, reason), path, place, sample }: Sighting): void {
    // From here on no path is made any more: a hostile body may hold a million differences.
    if (this.more > 0 || ++this.seen > MAX_SIGHTINGS) {
      this.more++;
      return;
    }
    const where = path();
    const key = `${kind} ${where}`;
    const row = this.rows.get(key);
    if (row) {
      row.count++;
      const number = placeNumber(place?.() ?? '');
      if (row.places.size < MAX_SAMPLES && !row.places.has(number))
        row.more.push({ place: number, sample: sample() });
      if (row.places.size < MAX_PLACES) row.places.add(number);
      if (reason) row.reasons.add(reason);
      row.severity = worse(row.severity, severity);
    } else if (this.rows.size >= this.limit) this.more++;
    else {
      this.rows.set(key, {
        path: where,
        kind,
        severity,
        reasons: new Set(reason ? [reason] : []),
        count: 1,
        sample: sample(),
        places: new Set([placeNumber(place?.() ?? '')]),
        more: [],
      });
    }
  }

  get size(): number {
    return this.rows.size;
  }

  /** In the order in which they were found. */
  list(): Difference[] {
    return [...this.rows.values()].map((row) => ({
      ...row,
      reasons: [...row.reasons],
      places: [...row.places],
    }));
  }
}
