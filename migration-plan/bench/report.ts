import type { Carrying, Pass } from './carrying.ts';
import type { Lagging } from './lag.ts';
import type { OwnerChanges } from './owner-changes.ts';
import { quantile } from './paced.ts';

const whole = (value: number) => (Number.isFinite(value) ? value.toFixed(0) : '–');

export function carryingTable(runs: readonly Carrying[]): string[] {
  const lines = [
    `## Backfill and reconcile`,
    '',
    '| what | rows | rows/s | CPU µs per row: relay, service | relay MB: at a third, at the end, most | service MB |',
    '| --- | --- | --- | --- | --- | --- |',
  ];
  for (const { writes, plain, backfill, reconcile } of runs) {
    lines.push(
      `| plain SELECT into COPY | ${plain.rows} | ${whole(plain.rows / plain.seconds)} | – | – | – |`,
    );
    lines.push(passLine(writes > 0 ? `backfill under ${writes} writes/s` : 'backfill', backfill));
    lines.push(passLine('reconcile, rows of both stores', reconcile));
  }
  lines.push('');
  for (const { rows, backfill, faults } of runs) {
    const held = faults === null ? 'reconcile found every row the same in both stores' : faults;
    lines.push(`${rows} rows: ${besides(backfill.writes)}; ${held}.`, '');
  }
  return lines;
}

function besides(writes: Pass['writes']): string {
  if (writes === null) return 'no writes beside the backfill';
  const { sent, failed, failures, perSecond } = writes;
  const said = failed > 0 ? ` (${failures[0]})` : '';
  return `${sent} writes through the monolith beside the backfill, ${whole(perSecond)}/s, ${failed} failed${said}`;
}

function passLine(name: string, { rows, seconds, taken }: Pass): string {
  const [relay, service] = [taken?.relay, taken?.service];
  const cpu = (seconds: number | undefined) =>
    seconds === undefined ? '–' : whole((seconds * 1_000_000) / rows);
  const memory = (one: typeof relay) =>
    one === undefined ? '–' : `${whole(one.early)}, ${whole(one.late)}, ${whole(one.most)}`;
  return `| ${name} | ${rows} | ${whole(rows / seconds)} | ${cpu(relay?.cpuSeconds)}, ${cpu(service?.cpuSeconds)} | ${memory(relay)} | ${memory(service)} |`;
}

export function lagTable({ lagsMs, missing, writes }: Lagging): string[] {
  const at = (share: number) => whole(quantile(lagsMs, share));
  return [
    '## Lag of the relay',
    '',
    '| writes/s | writes measured | p50 ms | p99 ms | most ms | never arrived | failed |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    `| ${whole(writes.perSecond)} | ${lagsMs.length} | ${at(0.5)} | ${at(0.99)} | ${at(1)} | ${missing} | ${writes.failed} |`,
    '',
  ];
}

export function changesTable({ changes, writes }: OwnerChanges): string[] {
  const pauses = changes.map(({ pauseMs }) => pauseMs);
  const took = changes.map(({ tookMs }) => tookMs);
  const all = writes.answered.map(({ tookMs }) => tookMs);
  return [
    '## Cutover, there and back',
    '',
    '| changes | went back | writes/s | writes | failed | write pause ms: p50, p99 | a change takes ms: p50, most | all writes ms: p50, p99 |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    `| ${changes.length} | ${changes.filter(({ isDone }) => !isDone).length} | ${whole(writes.perSecond)} | ${writes.sent} | ${writes.failed} | ${whole(quantile(pauses, 0.5))}, ${whole(quantile(pauses, 0.99))} | ${whole(quantile(took, 0.5))}, ${whole(quantile(took, 1))} | ${whole(quantile(all, 0.5))}, ${whole(quantile(all, 0.99))} |`,
    '',
    ...(writes.failed > 0 ? [`Failed: ${writes.failures.join('; ')}`, ''] : []),
  ];
}
