import type { Difference } from './difference.ts';
import { Differences, type Sighting } from './differences.ts';
import type { CompareLimits } from './limits.ts';
import type { Rule } from './rules.ts';

/** What one comparison has found so far. */
export class Findings {
  readonly limits: CompareLimits;
  private readonly counted: Differences;
  private readonly excused: Differences;
  private readonly excuses: Uint32Array;

  constructor(limits: CompareLimits, rules: readonly Rule[]) {
    this.limits = limits;
    this.counted = new Differences(limits.differences);
    this.excused = new Differences(limits.differences);
    this.excuses = new Uint32Array(rules.length);
  }

  /** Notes a difference, as an ignored one where a rule says so. */
  add(sighting: Sighting, ignore: Rule | null = null): void {
    if (ignore === null) this.counted.add(sighting);
    else {
      this.excused.add(sighting);
      this.excuse(ignore);
    }
  }

  /** A rule called equal what would have been a difference without it. */
  excuse(rule: Rule): void {
    this.excuses[rule.index] = (this.excuses[rule.index] ?? 0) + 1;
  }

  result(): {
    differences: Difference[];
    ignored: Difference[];
    more: number;
    excused: number[];
  } {
    return {
      differences: this.counted.list(),
      ignored: this.excused.list(),
      more: this.counted.more,
      excused: [...this.excuses],
    };
  }
}
