import type { CutoverSoakReport } from './run-cutover-soak.ts';

const MOST_SHOWN = 40;

/** What happened and whether everything held, for people. */
export function formatCutoverSoak(report: CutoverSoakReport, database: string, seed: number): string {
  const { acked, rejected, unknown, killed, changes, failures } = report;
  const sum = (of: ReadonlyMap<string, number>) => [...of.values()].reduce((a, b) => a + b, 0);
  const each = (of: ReadonlyMap<string, number>) =>
    [...of].map(([name, times]) => `${name} ${times}`).join(', ') || 'none';
  const lines = [
    `change of owners on ${database}, seed ${seed}`,
    `writes           ${acked} acknowledged, ${rejected} rejected, ${unknown} with an unknown outcome`,
    `clients were told ${each(report.answers)}`,
    `kills            ${sum(killed.kills)}: ${each(killed.kills)}`,
    `stops            ${sum(killed.stops)}: ${each(killed.stops)}`,
    `owner changed    ${changes.there} times to the candidate, ${changes.back} times back; ${changes.takenBack} attempts taken back`,
    `refused at once  ${sum(changes.refused)}: ${each(changes.refused)}`,
    `owners looked at ${report.ownerLooks} times; ${report.rows} rows compared`,
    ...failures.slice(0, MOST_SHOWN).map((failure) => `FAILED  ${failure}`),
    ...(failures.length > MOST_SHOWN ? [`… and ${failures.length - MOST_SHOWN} more`] : []),
    failures.length === 0 ? 'PASS' : `FAIL: ${failures.length}`,
  ];
  return `${lines.join('\n')}\n`;
}
