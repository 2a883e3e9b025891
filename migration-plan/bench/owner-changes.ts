import { setTimeout as wait } from 'node:timers/promises';
import { startCutoverWorld } from '#acl/testing/cutover-world.ts';
import { client } from './client.ts';
import { onLegacy, type Servers } from './databases.ts';
import { type Paced, pace } from './paced.ts';
import { stopAtEnd } from './teardown.ts';

export type OwnerChanges = {
  /** Of each change, in order: how long it took, and the longest that a write which it met had to wait. */
  readonly changes: readonly {
    readonly to: 'candidate' | 'legacy';
    /** False: it went back, because writes or transactions did not end in time. Nothing is lost then but the time. */
    readonly isDone: boolean;
    readonly tookMs: number;
    readonly pauseMs: number;
  }[];
  readonly writes: Paced;
};

const ROWS = 2_000;
const WARM_UP_MS = 3_000;
const BETWEEN_MS = 1_000;

/** Freelancers change their owner, there and back, `times` times in all, while clients write through the facade. */
export async function ownerChanges(
  servers: Servers,
  options: { times: number; writes: number; boundMs: number; say: (line: string) => void },
): Promise<OwnerChanges> {
  const { times, boundMs, say } = options;
  say(`cutover: seeding ${ROWS} freelancers …`);
  // The world of the suites makes its databases where they do.
  process.env.FIG_TEST_POSTGRES_URL = servers.postgresUrl;
  const url = await servers.legacy('fig_bench_cutover');
  const drop = async () => void (await onLegacy(url, 'DROP DATABASE fig_bench_cutover'));
  const world = await startCutoverWorld({ url, drop }, ROWS);
  const stop = stopAtEnd(() => world.stop());
  const clients = client(world.facade().url, { cookie: world.cookie });
  const rows = await onLegacy(url, 'SELECT frl_id AS id FROM freelancers ORDER BY frl_id');
  const load = pace(options.writes, (n) =>
    clients.send('PUT', `/api/freelancers/${rows[n % rows.length]?.id}`, { notes: `bench ${n}` }),
  );
  try {
    await wait(WARM_UP_MS);
    const spans: { to: 'candidate' | 'legacy'; isDone: boolean; beganMs: number; endedMs: number }[] = [];
    let owner = 'legacy';
    const until = performance.now() + boundMs;
    for (let n = 0; n < times && performance.now() < until; n++) {
      const to = owner === 'legacy' ? 'candidate' : 'legacy';
      const beganMs = performance.now();
      const after = await world.cutOver(to);
      const isDone = after.run?.outcome === 'done';
      owner = after.owner;
      spans.push({ to, isDone, beganMs, endedMs: performance.now() });
      say(`cutover: ${n + 1}/${times}${isDone ? '' : `, back: ${after.run?.detail}`}`);
      await wait(BETWEEN_MS);
    }
    const writes = await load.stop();
    return {
      writes,
      changes: spans.map(({ to, isDone, beganMs, endedMs }) => {
        const met = writes.answered.filter(
          ({ dueMs, tookMs }) => dueMs + tookMs >= beganMs && dueMs <= endedMs,
        );
        const pauseMs = Math.max(0, ...met.map(({ tookMs }) => tookMs));
        return { to, isDone, tookMs: endedMs - beganMs, pauseMs };
      }),
    };
  } finally {
    await load.stop();
    clients.close();
    await stop();
  }
}
