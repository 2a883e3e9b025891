// `npx node facade/bench/scaling.ts`: two workers against one where the machine is not the limit: each process of the data
// plane may use a fifth of a core (Linux, cgroup v1 `cpu`, as root). See facade/bench/README.md.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { facadeAt, MEASURED_PATH } from './facade-under-test.ts';
import { load } from './load.ts';
import { type RunningProxy, startScript } from './proxies.ts';
import { formatSpread, spread } from './spread.ts';

const CGROUP = '/sys/fs/cgroup/cpu';
const PERIOD_MICROS = 10_000;
const SHARE = 0.2;
const ROUNDS = 5;
const SECONDS = 5;
const WARM_UP_SECONDS = 6;

/** The processes that answer clients: the only one, or the workers of a primary. */
function dataPlane({ pid }: RunningProxy): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(/\s+/)
    .filter(Boolean);
  return children.length > 1 ? children.map(Number) : [pid];
}

const groups: string[] = [];
function limit(pid: number): void {
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

if (!existsSync(join(CGROUP, 'cpu.cfs_quota_us')) && !existsSync(join(CGROUP, 'cgroup.procs'))) {
  process.stderr.write(
    `expected the cgroup v1 controller at ${CGROUP}, got none. Run it on Linux, as root.\n`,
  );
  process.exit(1);
}
const upstream = await startScript('upstream.ts');
const proxies: RunningProxy[] = [];
try {
  for (const workers of [1, 2]) {
    const proxy = await facadeAt(`${workers}`, { stage: 'candidate', workers }).start(upstream.url);
    proxies.push(proxy);
    // Compiling takes longer with a fifth of a core.
    await perSecond(proxy, WARM_UP_SECONDS);
    for (const pid of dataPlane(proxy)) limit(pid);
  }
  const [one, two] = proxies as [RunningProxy, RunningProxy];
  const rounds: { one: number; two: number }[] = [];
  for (let n = 0; n < ROUNDS; n++) {
    const round = { one: await perSecond(one, SECONDS), two: await perSecond(two, SECONDS) };
    rounds.push(round);
    process.stderr.write(
      `bench: round ${n + 1}/${ROUNDS}: ${round.one.toFixed(0)}/s, ${round.two.toFixed(0)}/s\n`,
    );
  }
  process.stdout.write(
    `Each with ${SHARE * 100} % of a core: one ${formatSpread(spread(rounds.map((round) => round.one)), 0)} requests/s, two workers ${formatSpread(spread(rounds.map((round) => round.two)), 0)}: ${formatSpread(spread(rounds.map((round) => round.two / round.one)), 2)} ×.\n`,
  );
} finally {
  for (const proxy of proxies) await proxy.stop();
  await upstream.stop();
  await wait(500);
  for (const group of groups) rmdirSync(group);
}
