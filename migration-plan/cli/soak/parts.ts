/**
 * A long run: a program of its own that takes `--minutes M` (fractions too), tells its progress on stderr, prints its
 * report on stdout and ends with exit code 0 only when everything held.
 */
export type SoakPart = {
  readonly name: string;
  /** What holds when it ends well. */
  readonly promise: string;
  /** Path from the repository root. */
  readonly entry: string;
};

/** What `npm run soak` runs, in this order. A scaled-down form of each is part of `npm test`. */
export const parts: readonly SoakPart[] = [
  {
    name: 'facade',
    promise:
      'full load with reloads, transitions and restarts: nothing fails that an upstream did not fail; memory is flat',
    entry: 'facade/soak/soak.ts',
  },
  {
    name: 'legacy',
    promise:
      'fifty people on the monolith through the facade, on SQLite and MariaDB: no 500, no lost update, sums agree',
    entry: 'migration-plan/passthrough/soak/soak.ts',
  },
  {
    name: 'import',
    promise:
      'a data file of 200,000 lines with every kind of bad line is counted exactly, changes nothing the second time, and takes no memory',
    entry: 'migration-plan/cli/soak/import-soak.ts',
  },
  {
    name: 'lists',
    promise:
      'every list, search and report of the monolith at 200,000 timesheets: p95 below 300 ms, reports below 2 s',
    entry: 'migration-plan/cli/soak/lists-soak.ts',
  },
  {
    name: 'cutover',
    promise:
      'a data set changes its owner there and back, under writes, open transactions and kills of everything: no write is lost or taken by the wrong side, and both stores are the same',
    entry: 'migration-plan/cutover/soak/cutover-soak.ts',
  },
];
