import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { facadeAt, MEASURED_PATH } from './facade-under-test.ts';
import { load } from './load.ts';
import type { RunningProxy } from './proxies.ts';
import { formatSpread, spread } from './spread.ts';

const CGROUP = '/sys/fs/cgroup/cpu';
const PERIOD_MICROS = 10_000;
const SHARE = 0.2;
const WARM_UP_SECONDS = 6;

/** Why processes cannot be held to a share of a core here; null when they can. */
export function scalingMissing(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it takes Linux and root';
  return existsSync(join(CGROUP, 'cpu.cfs_quota_us')) ? null : `no cgroup v1 controller at ${CGROUP}`;
}

/**
 * What several workers answer against one where the machine is not the limit: each process of the data plane may use a
 * fifth of a core.
 */
export async function scaling(
  upstream: string,
  workers: number,
  { rounds, seconds, say }: { rounds: number; seconds: number; say: (line: string) => void },
): Promise<string> {
  const proxies: RunningProxy[] = [];
  const groups: string[] = [];
  try {
    for (const count of [1, workers]) {
      const proxy = await facadeAt(`${count}`, { stage: 'candidate', workers: count }).start(upstream);
      proxies.push(proxy);
      // Compiling takes longer with a fifth of a core.
      await perSecond(proxy, WARM_UP_SECONDS);
      for (const pid of dataPlane(proxy)) limit(pid, groups);
    }
    const [one, several] = proxies as [RunningProxy, RunningProxy];
    const seen: { one: number; several: number }[] = [];
    for (let n = 0; n < rounds; n++) {
      const round = { one: await perSecond(one, seconds), several: await perSecond(several, seconds) };
      seen.push(round);
      say(
        `round ${n + 1}/${rounds} a fifth of a core each: one ${round.one.toFixed(0)}/s, ${workers} workers ${round.several.toFixed(0)}/s`,
      );
    }
    const of = (pick: (round: (typeof seen)[number]) => number) => spread(seen.map(pick));
    return `With a fifth of a core for each process of the data plane: one ${formatSpread(
      of((round) => round.one),
      0,
    )} requests/s, ${workers} workers ${formatSpread(
      of((round) => round.several),
      0,
    )}: ${formatSpread(
      of((round) => round.several / round.one),
      2,
    )} ×.`;
  } finally {
    for (const proxy of proxies) await proxy.stop();
    await wait(500);
    for (const group of groups) rmdirSync(group);
  }
}

/** The processes that answer clients: the only one, or the workers of a primary. */
function dataPlane({ pid }: RunningProxy): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(/\s+/)
    .filter(Boolean);
  return children.length > 1 ? children.map(Number) : [pid];
}

function limit(pid: number, groups: string[]): void {
  const group = join(CGROUP, `fig-bench-${pid}`);
  mkdirSync(group);
  groups.push(group);
  writeFileSync(join(group, 'cpu.cfs_period_us'), String(PERIOD_MICROS));
  writeFileSync(join(group, 'cpu.cfs_quota_us'), String(PERIOD_MICROS * SHARE));
  writeFileSync(join(group, 'cgroup.procs'), String(pid));
}

async function perSecond(proxy: RunningProxy, seconds: number): Promise<number> {
  const seen = await load({ url: proxy.url + MEASURED_PATH, connections: 50, seconds });
  if (seen.failed > 0) throw new Error(`${seen.failed} of ${seen.requests} requests failed`);
  return seen.perSecond;
}
