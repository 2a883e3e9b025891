import type { LoadReport } from './load.ts';

const SHOWN = 10;

/** A report for people: figures first, then what did not hold. */
export function reportLines(name: string, { books, faults, takenBack, seconds }: LoadReport): string[] {
  const took = [...books.tookMs].sort((a, b) => a - b);
  const at = (share: number) => (took[Math.floor(share * (took.length - 1))] ?? 0).toFixed(0);
  const pairs = (map: ReadonlyMap<unknown, number>) =>
    [...map]
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
      .map(([key, count]) => `${key}: ${count}`)
      .join(', ');
  const { payments, timesheets, cents } = books.run;
  const problems = [...books.problems, ...faults];
  return [
    `${name}: ${books.requests} requests in ${seconds.toFixed(0)} s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`,
    `  answered ${pairs(books.statuses)}`,
    `  acknowledged ${pairs(books.logged)}; ${books.columns.size} columns, ${books.importedNotes} imported notes`,
    `  paid ${timesheets} timesheets in ${payments} payments over ${(cents / 100).toFixed(2)} EUR`,
    `  taken back by the monolith's own PUT of customers: ${takenBack} of ${books.contested.size} columns`,
    ...problems.slice(0, SHOWN).map((problem) => `  FAILED: ${problem}`),
    problems.length === 0 ? '  held' : `  FAILED in ${problems.length} places`,
  ];
}
