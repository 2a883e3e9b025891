/** What the shell is told; the table in README.md says the same. */
export const EXIT = {
  ok: 0,
  /** A check failed or the facade or relay refused. */
  refused: 1,
  /** The command line is wrong. */
  usage: 2,
  /** Nothing answers there. */
  unreachable: 3,
  /** Somebody else changed it first, or it runs already. */
  conflict: 4,
  /** The token is missing or wrong. */
  unauthorised: 5,
  /** The facade or relay failed while answering. */
  failed: 6,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
