import { setTimeout as wait } from 'node:timers/promises';
import { MEASURED_PATH } from './facade-under-test.ts';
import { loadAt } from './load.ts';
import type { RunningProxy } from './proxies.ts';
import { formatSpread, medianInterval, spread } from './spread.ts';

/** Between two measurements: what the one before has left to do is done then. */
const REST_MS = 500;

/** One of those that are set against each other, and what its clients saw, round by round. */
type Contestant = {
  readonly name: string;
  readonly proxy: RunningProxy;
  readonly rounds: { readonly p50Ms: number; readonly p99Ms: number }[];
};

export type LatencyOptions = {
  /** Requests a second: far below what any of them can do, where all that takes CPU would take time. */
  readonly rate: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  readonly say: (line: string) => void;
};

/**
 * What clients see of proxies at a fixed rate. The first one is what the others are set against, within a round: the
 * machine was the same then. Each round has an order by chance, and who has been asked gets a moment to come to rest.
 */
export async function compareLatencies(
  proxies: readonly (readonly [name: string, proxy: RunningProxy])[],
  { rate, rounds, seconds, connections, say }: LatencyOptions,
): Promise<string[]> {
  const all: Contestant[] = proxies.map(([name, proxy]) => ({ name, proxy, rounds: [] }));
  for (let round = 0; round < rounds; round++) {
    const order = all.map((one) => ({ one, at: Math.random() })).toSorted((a, b) => a.at - b.at);
    for (const {
      one: { name, proxy, rounds: seen },
    } of order) {
      await wait(REST_MS);
      const load = await loadAt(rate, { url: proxy.url + MEASURED_PATH, connections, seconds });
      if (load.failed > 0) throw new Error(`${load.failed} of ${load.requests} requests to ${name} failed`);
      seen.push(load);
      say(`round ${round + 1}/${rounds} ${name}, ${rate}/s: p99 ${load.p99Ms.toFixed(1)} ms`);
    }
  }
  const first = all[0] as Contestant;
  return [
    `| at ${rate} requests/s, ${rounds} rounds of ${seconds} s | p50 ms | p99 ms | p99 against the first: median of the rounds, where it lies with 95 % confidence |`,
    '| --- | --- | --- | --- |',
    ...all.map(
      (one) =>
        `| ${one.name} | ${formatSpread(spread(one.rounds.map(({ p50Ms }) => p50Ms)), 1)} | ${formatSpread(spread(one.rounds.map(({ p99Ms }) => p99Ms)), 1)} | ${one === first ? '1 ×' : against(one, first)} |`,
    ),
    '',
  ];
}

function against({ rounds }: Contestant, first: Contestant): string {
  const ratios = rounds.map(({ p99Ms }, n) => p99Ms / (first.rounds[n]?.p99Ms as number));
  const { low, high } = medianInterval(ratios);
  return `${spread(ratios).median.toFixed(2)} × (${low.toFixed(2)} to ${high.toFixed(2)})`;
}
