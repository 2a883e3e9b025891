/**
 * `acked`: told that it is done. `rejected`: told that it is not. `unknown`: the connection was cut, or what was in
 * between failed, so it may be in or not.
 */
export type Outcome = 'acked' | 'rejected' | 'unknown';

export type Write = {
  /** Stands in the row that it writes, and in no other write. Empty for a removal. */
  readonly token: string;
  /** Of the row; null while a new one has none. */
  key: number | null;
  readonly kind: 'create' | 'update' | 'remove' | 'job';
  readonly fromMs: number;
  /** When its outcome was known; Infinity before. */
  toMs: number;
  outcome: Outcome;
};

/** A write whose outcome is unknown may still be on its way for so long. */
const LINGER_MS = 60_000;

/** Everything that was asked for, with what was answered. */
export class WriteBook {
  readonly writes: Write[] = [];
  /** Rows that the job took away with what they belonged to, and how that ended. */
  readonly cascaded = new Map<number, Outcome>();
  readonly faults: string[] = [];
  /** How clients were answered, and how often. */
  readonly answers = new Map<string, number>();

  begin(kind: Write['kind'], token: string, key: number | null): Write {
    const write: Write = {
      ...{ token, key, kind, fromMs: performance.now() },
      ...{ toMs: Number.POSITIVE_INFINITY, outcome: 'unknown' as Outcome },
    };
    this.writes.push(write);
    return write;
  }

  end(write: Write, outcome: Outcome, key: number | null = write.key): void {
    Object.assign(write, { toMs: performance.now(), outcome, key });
  }

  answered(how: string): void {
    this.answers.set(how, (this.answers.get(how) ?? 0) + 1);
  }

  count(outcome: Outcome): number {
    return this.writes.filter((write) => write.outcome === outcome).length;
  }

  /** Whether `write` may be the last one of its row, as far as clients can tell by their own clocks. */
  static mayBeLast(write: Write, others: readonly Write[]): boolean {
    if (write.outcome === 'rejected') return false;
    const until = write.outcome === 'acked' ? write.toMs : write.toMs + LINGER_MS;
    return !others.some((other) => other.outcome === 'acked' && other.token !== '' && other.fromMs > until);
  }
}
