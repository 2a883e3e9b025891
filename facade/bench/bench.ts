// `npm run bench`: the facade beside other proxies, in one run on one machine. See facade/bench/README.md.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cpuMicros } from './cpu.ts';
import { decisionNanos } from './decision.ts';
import { facadeAt, MEASURED_PATH } from './facade-under-test.ts';
import { compareLatencies } from './latencies.ts';
import { load, loader } from './load.ts';
import { type Peer, peers, type RunningProxy, startScript } from './proxies.ts';
import { scaling, scalingMissing } from './scaling.ts';
import { formatSpread, median, type Spread, spread } from './spread.ts';

const USAGE =
  'npm run bench [-- --seconds 5] [--rounds 5] [--connections 50] [--rate 1000] [--pairs 20] [--only NAME,…] [--workers N] [--write]';
const WARM_UP_SECONDS = 2;
const PAIR_SECONDS = 2;
/** The peer that the facade's target is given against. */
const YARDSTICK = 'Express + http-proxy-middleware';

type Measured = {
  readonly cpu: number | null;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
};
type Row = { readonly name: string; readonly rounds: Measured[] };

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '50' },
    only: { type: 'string' },
    rate: { type: 'string', default: '1000' },
    pairs: { type: 'string', default: '20' },
    workers: { type: 'string' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (flags.help) {
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
}
const seconds = count('seconds');
const rounds = count('rounds');
const connections = count('connections');
/** Requests a second at which latencies of copies are compared: far below what any of them can do. */
const rate = count('rate');
/** Rounds of that comparison: a p99 swings, and many short rounds say more of it than few long ones. */
const pairs = Math.min(count('pairs'), 1_000);
const workers = flags.workers === undefined ? 1 : count('workers');

/** No copies, and copies of everything: the same route at the same stage. */
const [WITHOUT, WITH] = ['facade, no copies', 'facade, shadow 100 %'];
const control = facadeAt(`${WITHOUT}, once more`, { stage: 'shadow' });
const bad = {
  slow: await startScript('slow-upstream.ts'),
  garbage: await startScript('garbage-upstream.ts'),
  endless: await startScript('endless-upstream.ts'),
};
const candidates: Peer[] = [
  facadeAt('facade, settled route', { stage: 'candidate' }),
  facadeAt('facade, canary 50 %', { stage: 'canary', percent: 50 }),
  facadeAt(WITHOUT, { stage: 'shadow' }),
  facadeAt(WITH, { stage: 'shadow', copies: '100%' }),
  facadeAt(`${WITH}, candidate dead`, { stage: 'shadow', copies: '100%', candidate: 'http://127.0.0.1:9' }),
  ...Object.entries(bad).map(([how, { url }]) =>
    facadeAt(`${WITH}, candidate ${how}`, { stage: 'shadow', copies: '100%', candidate: url }),
  ),
  ...(workers > 1
    ? [facadeAt(`facade, settled route, ${workers} workers`, { stage: 'candidate', workers })]
    : []),
  ...peers,
];
const wanted = flags.only?.split(',').map((name) => name.trim().toLowerCase());
const chosen = candidates.filter(
  ({ name }) => !wanted || wanted.some((part) => name.toLowerCase().includes(part)),
);

function count(flag: 'seconds' | 'rounds' | 'connections' | 'workers' | 'rate' | 'pairs'): number {
  const text = flags[flag] ?? '';
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  process.stderr.write(`--${flag}: expected a whole number above 0, got ${text}. ${USAGE}\n`);
  process.exit(2);
}

async function main(): Promise<void> {
  for (const { name, missing } of chosen) if (missing) say(`${name}: left out, ${missing}`);
  const runnable = chosen.filter(({ missing }) => missing === null);
  const upstream = await startScript('upstream.ts');
  const running = new Map<Peer, RunningProxy>();
  const rows: Row[] = runnable.map(({ name }) => ({ name, rounds: [] }));
  let latencies: string[] = [];
  let scaled: string[] = [];
  try {
    for (const peer of runnable) running.set(peer, await peer.start(upstream.url));
    for (const peer of runnable) await measure(running.get(peer) as RunningProxy, WARM_UP_SECONDS);
    // Round by round, so that whatever else the machine does falls on all of them.
    for (let round = 1; round <= rounds; round++) {
      for (const [index, peer] of runnable.entries()) {
        const measured = await measure(running.get(peer) as RunningProxy, seconds);
        (rows[index] as Row).rounds.push(measured);
        say(
          `round ${round}/${rounds} ${peer.name}: ${measured.cpu?.toFixed(0) ?? '–'} µs, ${measured.perSecond.toFixed(0)}/s`,
        );
      }
    }
    const about = runnable.filter(({ name }) => name === WITHOUT || name.startsWith(WITH));
    if (about.length > 1 && about[0]?.name === WITHOUT) {
      // A second process of the first kind: how much of a difference is none.
      running.set(control, await control.start(upstream.url));
      await measure(running.get(control) as RunningProxy, WARM_UP_SECONDS);
      const proxies = [about[0], control, ...about.slice(1)].map(
        (peer) => [peer.name, running.get(peer) as RunningProxy] as const,
      );
      const options = { rate, rounds: pairs, seconds: PAIR_SECONDS, connections, say };
      latencies = await compareLatencies(proxies, options);
    }
    for (const proxy of running.values()) await proxy.stop();
    running.clear();
    const missing = scalingMissing();
    if (workers > 1 && missing === null)
      scaled = [await scaling(upstream.url, workers, { rounds, seconds, say }), ''];
    else if (workers > 1) say(`workers with a share of a core each: left out, ${missing}`);
  } finally {
    for (const proxy of running.values()) await proxy.stop();
    await upstream.stop();
    for (const candidate of Object.values(bad)) await candidate.stop();
  }
  const report = [
    ...table(rows),
    '',
    ...copies(rows),
    ...latencies,
    ...severalWorkers(rows),
    ...scaled,
    ...decisions(),
    '',
  ].join('\n');
  process.stdout.write(`\n${report}`);
  if (flags.write) writeFileSync(join(import.meta.dirname, 'RESULTS.md'), `${preamble()}\n${report}`);
}

async function measure(proxy: RunningProxy, duration: number): Promise<Measured> {
  const before = cpuMicros(proxy.pid);
  const seen = await load({ url: proxy.url + MEASURED_PATH, connections, seconds: duration });
  const after = cpuMicros(proxy.pid);
  if (seen.failed > 0) throw new Error(`${seen.failed} of ${seen.requests} requests to ${proxy.url} failed`);
  const cpu = before === null || after === null ? null : (after - before) / seen.requests;
  return { cpu, perSecond: seen.perSecond, p50Ms: seen.p50Ms, p99Ms: seen.p99Ms };
}

function table(rows: readonly Row[]): string[] {
  const yardstick = rows.find(({ name }) => name === YARDSTICK);
  const lines = rows.map((row) => {
    const of = (pick: (round: Measured) => number) => spread(row.rounds.map(pick));
    const cpu = row.rounds.some((round) => round.cpu === null) ? null : of((round) => round.cpu as number);
    const ratio = cpu && yardstick && row !== yardstick ? paired(row, yardstick) : null;
    return `| ${row.name} | ${cpu ? formatSpread(cpu, 0) : '–'} | ${ratio ? `${formatSpread(ratio, 2)} ×` : row === yardstick ? '1 ×' : '–'} | ${formatSpread(
      of((round) => round.perSecond),
      0,
    )} | ${formatSpread(
      of((round) => round.p50Ms),
      1,
    )} | ${formatSpread(
      of((round) => round.p99Ms),
      1,
    )} |`;
  });
  return [
    `| proxy | CPU µs per request | against ${YARDSTICK} | requests/s | p50 ms | p99 ms |`,
    '| --- | --- | --- | --- | --- | --- |',
    ...lines,
  ];
}

/** Ratios within one round: the machine was the same for both. */
function paired(row: Row, yardstick: Row): Spread {
  return spread(row.rounds.map((round, n) => (round.cpu as number) / (yardstick.rounds[n]?.cpu as number)));
}

function copies(rows: readonly Row[]): string[] {
  const without = rows.find(({ name }) => name === WITHOUT);
  if (!without) return [];
  return rows
    .filter(({ name }) => name.startsWith(WITH))
    .map((row) => {
      const against = (pick: (round: Measured) => number) =>
        formatSpread(
          spread(row.rounds.map((round, n) => pick(round) / pick(without.rounds[n] as Measured))),
          2,
        );
      const cpu = row.rounds.some((round) => round.cpu === null)
        ? '–'
        : against((round) => round.cpu as number);
      return `${row.name} against none: CPU ${cpu} ×, p50 ${against(({ p50Ms }) => p50Ms)} ×, p99 ${against(({ p99Ms }) => p99Ms)} ×.\n`;
    });
}

/** More processes answer more only where there are cores for them beside load and upstream. */
function severalWorkers(rows: readonly Row[]): string[] {
  const one = rows.find(({ name }) => name === 'facade, settled route');
  const several = rows.find(({ name }) => name === `facade, settled route, ${workers} workers`);
  if (!one || !several) return [];
  const cpu = several.rounds.some((round) => round.cpu === null) ? null : paired(several, one);
  const throughput = spread(
    several.rounds.map((round, n) => round.perSecond / (one.rounds[n] as Measured).perSecond),
  );
  return [
    `${workers} workers against one: ${cpu ? `CPU per request ${formatSpread(cpu, 2)} ×, so ${(workers / cpu.median).toFixed(2)} × the requests where each has a core of its own; ` : ''}measured here, where ${cpus().length} cores also carry load and upstream, ${formatSpread(throughput, 2)} × requests/s.`,
    '',
  ];
}

function decisions(): string[] {
  const [few, many] = [10, 10_000].map((routes) =>
    median(Array.from({ length: 3 }, () => decisionNanos(routes))),
  ) as [number, number];
  return [
    `One decision takes ${few.toFixed(0)} ns with 10 routes and ${many.toFixed(0)} ns with 10,000: ${(many / few).toFixed(2)} ×.`,
  ];
}

function preamble(): string {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, ${process.platform}, Node ${process.versions.node}`;
  return `# Bench results

\`npm run bench -- --seconds ${seconds} --rounds ${rounds} --connections ${connections} --rate ${rate} --pairs ${pairs}${workers > 1 ? ` --workers ${workers}` : ''} --write\` on ${new Date().toISOString().slice(0, 10)}, ${machine}; load by ${loader}.
Median [smallest to largest] of ${rounds} rounds of ${seconds} s. Written by the command; not by hand.
`;
}

function say(line: string): void {
  process.stderr.write(`bench: ${line}\n`);
}

await main();
