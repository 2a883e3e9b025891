import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { FacadeProcesses, freePort } from '../test-kit/facade-process.ts';
import { until } from '../test-kit/until.ts';
import { CLIENTS, type ClientOptions, COPIED_READ } from './clients.ts';
import { type Growth, growthOf, type MemorySample } from './flatness.ts';
import { Memory, resourcesIn } from './memory.ts';
import { Operator } from './operator.ts';
import { type Row, Tally } from './tally.ts';
import { UpstreamProcess } from './upstream-process.ts';

export type SoakOptions = {
  readonly ms: number;
  readonly workers: number;
  /** Between two steps of the operator. */
  readonly pauseMs: number;
  /** Plants a leak of so many bytes for each request; 0: none. */
  readonly leakBytes?: number;
  /** Multiplies what memory may grow by; 1 is for runs of at least some minutes. */
  readonly slack?: number;
  /**
   * While memory is not flat, another run of `ms` follows the last, up to so many in all: what settles late is flat then,
   * what leaks is not. 1 when not given.
   */
  readonly rounds?: number;
  readonly say?: (line: string) => void;
};

export type SoakReport = {
  /** Of all rounds together. */
  readonly ms: number;
  readonly rows: readonly Row[];
  readonly steps: ReadonlyMap<string, number>;
  /** Of the route whose every request is copied. */
  readonly copies: Copies;
  readonly growth: readonly Growth[];
  /** Timers, sockets and the like of each process before the load and after it. */
  readonly resources: readonly { readonly pid: number; readonly before: number; readonly after: number }[];
  /** What did not hold, in words. */
  readonly failures: readonly string[];
};

type Copies = { readonly eligible: number; readonly sent: number; readonly compared: number };

const SAMPLES = 40;
/** What may be left behind the load for a while: connections to upstreams that are kept for the next request. */
const LEFT_RESOURCES = 8;
const SETTLE_MS = 60_000;

/** One facade under everything at once; the report says whether it held. */
export async function runSoak({
  ms,
  workers,
  pauseMs,
  leakBytes = 0,
  slack = 1,
  rounds = 1,
  say = () => {},
}: SoakOptions): Promise<SoakReport> {
  const folder = mkdtempSync(join(tmpdir(), 'fig-soak-'));
  const legacy = new UpstreamProcess('legacy', await freePort());
  const candidate = new UpstreamProcess('candidate', await freePort());
  const facades = new FacadeProcesses({ legacy: legacy.url, candidate: candidate.url });
  try {
    await Promise.all([legacy.start(), candidate.start()]);
    const home = facades.home('health: { interval: 1s }');
    writeRoutes(join(home, 'plan', 'routes'));
    const memory = new Memory(folder);
    const facade = await facades.start(home, ['--workers', `${workers}`], memory.environment(leakBytes), {
      decisions: false,
    });
    await facade.post('/v1/routes/copied/transitions', {
      stage: 'shadow',
      expectedVersion: 0,
      reason: 'soak',
    });
    const pids = [facade.child.pid as number, ...workerPids(facade.output.text)];
    const sample = async () => {
      const before = memory.samples.length;
      memory.ask(pids);
      await until('samples', () => memory.samples.length >= before + pids.length, SETTLE_MS);
      return memory.samples.slice(before);
    };
    const before = await sample();

    const tally = new Tally([legacy, candidate]);
    const operator = new Operator({ facade, planDir: join(home, 'plan'), legacy, candidate });
    const started = performance.now();
    let stopped = false;
    const client: ClientOptions = {
      url: facade.url,
      tally,
      stopped: () => stopped,
      moves: () => operator.moves,
    };
    const clients = CLIENTS.flatMap(({ kind, count }) =>
      Array.from({ length: count }, (_, n) => kind(client, n)),
    );
    let growth: Growth[] = [];
    const isFlat = () => growth.every(({ flat }) => flat);
    for (let round = 1; round === 1 || (round <= rounds && !isFlat()); round++) {
      const began = performance.now();
      const operating = operator.run(began + ms, pauseMs);
      const samples: MemorySample[] = [];
      for (let n = 1; n <= SAMPLES; n++) {
        await wait(Math.max(0, began + (ms * n) / SAMPLES - performance.now()));
        samples.push(...(await sample()));
        if (n % 4 === 0) say(progress((100 * n) / SAMPLES, tally, samples));
      }
      await operating;
      growth = growthOf(samples, slack);
    }
    const lastedMs = performance.now() - started;
    stopped = true;
    await Promise.all(clients);

    const resources = await settled(before, sample);
    const copies = copiesIn(await facade.get('/v1/routes/copied/observations'));
    const failures = [
      ...uncopied(copies, tally.rows),
      ...operator.failures,
      ...tally.failures,
      ...growth.filter(({ flat }) => !flat).map(({ pid, figure }) => `process ${pid}: ${figure} is not flat`),
      ...resources
        .filter((one) => one.after > one.before + LEFT_RESOURCES)
        .map(
          ({ pid, before: had, after, kept }) =>
            `process ${pid} kept ${after - had} timers or sockets: ${kept}`,
        ),
    ];
    return { ms: lastedMs, rows: tally.rows, steps: operator.done, copies, growth, resources, failures };
  } finally {
    await facades.endAll();
    facades.remove();
    await Promise.all([legacy.stop(), candidate.stop()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeRoutes(folder: string): void {
  const route = (name: string, match: string, stages: string) =>
    writeFileSync(
      join(folder, `${name}.yaml`),
      `route: ${name}\nmatch: [ ${match} ]\ncandidate: catalog\ndata: none\nstages: [${stages}]\n`,
    );
  route('files', '"GET /files/*rest", "POST /files/*rest"', 'canary 10%, candidate');
  route('live', '"GET /live/*rest"', 'canary 10%, candidate');
  // Stays in shadow, where every request is copied.
  route('copied', '"GET /copied/:size"', 'shadow, candidate');
}

type Observed = Omit<Copies, 'compared'> & { readonly compared: Record<string, number> };

// While the candidate is away, and all routes are killed, nothing is.
function uncopied({ sent, compared }: Copies, rows: readonly Row[]): string[] {
  const asked = rows.reduce((sum, { kind, ok }) => (kind.startsWith(COPIED_READ) ? sum + ok : sum), 0);
  return sent < asked / 2 || compared === 0
    ? [`of ${asked} requests of the route in shadow ${sent} were copied, and ${compared} compared`]
    : [];
}

function copiesIn({ eligible, sent, compared }: Observed): Copies {
  return { eligible, sent, compared: Object.values(compared).reduce((sum, count) => sum + count, 0) };
}

function workerPids(output: string): number[] {
  return output
    .split('\n')
    .filter((line) => line.includes('"msg":"worker serves"'))
    .map((line) => (JSON.parse(line) as { pid: number }).pid);
}

// Timers and connections of what is over take some seconds to go.
async function settled(before: readonly MemorySample[], sample: () => Promise<MemorySample[]>) {
  for (const deadline = performance.now() + SETTLE_MS; ; ) {
    const after = await sample();
    const resources = before.map((had) => {
      const has = after.find(({ pid }) => pid === had.pid);
      return {
        pid: had.pid,
        before: resourcesIn(had),
        after: has ? resourcesIn(has) : 0,
        kept: JSON.stringify(has?.resources),
      };
    });
    const still = resources.some((one) => one.after > one.before + LEFT_RESOURCES);
    if (!still || performance.now() > deadline) return resources;
    await wait(500);
  }
}

function progress(percent: number, tally: Tally, samples: readonly MemorySample[]): string {
  const requests = tally.rows.reduce((sum, { ok, excused, failed }) => sum + ok + excused + failed, 0);
  const mib = (bytes = 0) => (bytes / 1024 / 1024).toFixed(1);
  const last = samples.at(-1);
  return `${percent.toFixed(0)} %: ${requests} requests, ${tally.failed} failed, heap ${mib(last?.heapBytes)}, buffers ${mib(last?.bufferBytes)}, resident ${mib(last?.residentBytes)} MiB`;
}
