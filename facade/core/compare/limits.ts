/** What one comparison may cost, whatever the bodies hold. Beyond `depth` or `nodes` a body is not taken apart. */
export type CompareLimits = {
  /** Nesting of lists and objects, or of HTML elements. */
  readonly depth: number;
  /** JSON values and member names, HTML elements and texts, or lines of one body. */
  readonly nodes: number;
  /** Distinct (path, kind) pairs that are kept; further ones are counted as `more`. */
  readonly differences: number;
  /** Steps spent on pairing list entries that are not equal; after that they are paired by position. */
  readonly work: number;
  /** Longest value shown in a difference, in characters. */
  readonly excerpt: number;
};

export const defaultLimits: CompareLimits = {
  depth: 500,
  nodes: 500_000,
  differences: 400,
  work: 2_000_000,
  excerpt: 400,
};
