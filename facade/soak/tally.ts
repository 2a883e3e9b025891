import type { UpstreamProcess } from './upstream-process.ts';

/** How one request, stream or connection ended. `upstream` as far as the client was told. */
export type Ending = {
  readonly kind: string;
  readonly ok: boolean;
  readonly started: number;
  readonly ended: number;
  readonly upstream?: string | undefined;
  /** Status, code of a problem, or code of an error. */
  readonly detail?: string;
};

export type Row = {
  readonly kind: string;
  readonly ok: number;
  readonly excused: number;
  readonly failed: number;
};

/** After an upstream is back: a probe and a trial of the facade, on a busy machine. */
const RECOVERY_MS = 5_000;
const SHOWN = 20;

/** Counts endings by kind. A failed one is excused when its upstream was away; every other is the facade's own fault. */
export class Tally {
  readonly failures: string[] = [];
  readonly #upstreams: readonly UpstreamProcess[];
  readonly #rows = new Map<string, { kind: string; ok: number; excused: number; failed: number }>();

  constructor(upstreams: readonly UpstreamProcess[]) {
    this.#upstreams = upstreams;
  }

  add(ending: Ending): void {
    const { kind, ok, upstream, detail } = ending;
    const row = this.#rows.get(kind) ?? { kind, ok: 0, excused: 0, failed: 0 };
    this.#rows.set(kind, row);
    if (ok) row.ok++;
    else if (this.#wasAway(ending)) row.excused++;
    else {
      row.failed++;
      if (this.failures.length < SHOWN)
        this.failures.push(`${kind}: ${detail} (${upstream ?? 'nobody named'})`);
    }
  }

  get rows(): Row[] {
    return [...this.#rows.values()].sort((a, b) => a.kind.localeCompare(b.kind));
  }

  get failed(): number {
    return this.rows.reduce((sum, row) => sum + row.failed, 0);
  }

  #wasAway({ started, ended, upstream }: Ending): boolean {
    return this.#upstreams.some(
      ({ name, outages }) =>
        name === upstream && outages.some(({ from, to }) => started <= to + RECOVERY_MS && ended >= from),
    );
  }
}
