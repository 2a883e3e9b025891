import type { LargeBodiesReport } from './large-bodies.ts';
import type { SoakReport } from './run-soak.ts';

const MIB = 1024 * 1024;
const signed = (bytes: number) => `${bytes < 0 ? '−' : '+'}${(Math.abs(bytes) / MIB).toFixed(1)}`;
const mib = (bytes: number) => (bytes / MIB).toFixed(1);

/** The report as Markdown tables. */
export function formatReport({ ms, rows, steps, copies, growth, resources, failures }: SoakReport): string {
  const answered = rows.reduce((sum, { ok, excused, failed }) => sum + ok + excused + failed, 0);
  return [
    '| requests | well | failed by their upstream | failed |',
    '| --- | ---: | ---: | ---: |',
    ...rows.map(({ kind, ok, excused, failed }) => `| ${kind} | ${ok} | ${excused} | ${failed} |`),
    '',
    `${answered} in ${(ms / 60_000).toFixed(1)} minutes. Steps: ${[...steps].map(([name, count]) => `${name} ${count}`).join(', ')}.`,
    '',
    `Of ${copies.eligible} requests of the route in shadow ${copies.sent} were copied, and ${copies.compared} pairs of answers compared.`,
    '',
    '| process | memory | MiB at the end | grew over the second half |',
    '| --- | --- | ---: | ---: |',
    ...growth.map(
      ({ pid, figure, bytes, grewBytes }) => `| ${pid} | ${figure} | ${mib(bytes)} | ${signed(grewBytes)} |`,
    ),
    '',
    ...resources.map(
      ({ pid, before, after }) => `Process ${pid} had ${before} timers and sockets before, ${after} after.`,
    ),
    '',
    ...verdict(failures),
    '',
  ].join('\n');
}

export function formatCarried({ carried, failures }: LargeBodiesReport): string {
  return [
    '| body | GB | MB/s | MiB resident before | at the highest |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...carried.map(
      ({ what, bytes, seconds, residentBeforeBytes, residentPeakBytes }) =>
        `| ${what} | ${bytes / 1e9} | ${(bytes / 1e6 / seconds).toFixed(0)} | ${mib(residentBeforeBytes)} | ${mib(residentPeakBytes)} |`,
    ),
    '',
    ...verdict(failures),
    '',
  ].join('\n');
}

const verdict = (failures: readonly string[]) =>
  failures.length === 0 ? ['Everything held.'] : failures.map((failure) => `FAILED ${failure}`);
