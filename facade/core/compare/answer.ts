import type { Difference } from './difference.ts';

/** One side's answer to a request. */
export type Answer = {
  readonly status: number;
  /** By lower-case name; a header that came several times is a list. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Decoded: without content encoding and transfer encoding. */
  readonly body: Uint8Array;
};

export type Comparison = {
  /**
   * `match` no difference (also where `unordered`, `tolerance` or `equivalent` say what equal means) · `mismatch` ·
   * `ignored` differences only where `ignore` rules say so · `too-complex` both bodies are beyond the limits, and not
   * the same bytes: nobody knows.
   */
  readonly outcome: 'match' | 'mismatch' | 'ignored' | 'too-complex';
  /** Worst first. */
  readonly differences: readonly Difference[];
  /** What `ignore` rules took out. */
  readonly ignored: readonly Difference[];
  /** Further differences, which were only counted. */
  readonly more: number;
  /** How many differences each rule took out or called equal, in the order of `CompiledRules.rules`. */
  readonly excused: readonly number[];
};

/** Where the two sides and the public live: origins (`http://10.0.0.5:8000`) that mean the same in a `Location`. */
export type Origins = { readonly public: string; readonly sides: readonly string[] };
