import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnLeashed } from './leash.ts';
import { freePort, type Peer, type RunningProxy, runningOn } from './proxies.ts';

const TOKEN = 'bench-token';
/** What a client asks for: a path of the measured route. */
export const MEASURED_PATH = '/api/articles/42';

export type FacadeSetting = {
  readonly stage: 'legacy' | 'shadow' | 'canary' | 'candidate';
  readonly percent?: number;
  readonly workers?: number;
  /** Share of requests that is copied to the other side. Default 0 %: copies have rows of their own. */
  readonly copies?: string;
  /** Where the candidate is, when it is not the server that all are measured in front of. */
  readonly candidate?: string;
};

/** The facade with everything on, its route `articles` moved to a stage. */
export function facadeAt(name: string, setting: FacadeSetting): Peer {
  return { name, missing: null, start: (upstream) => startFacade(upstream, setting) };
}

async function startFacade(
  upstream: string,
  { stage, percent = 0, workers = 1, copies = '0%', candidate = upstream }: FacadeSetting,
): Promise<RunningProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'fig-bench-'));
  const [port, adminPort] = [await freePort(), await freePort()];
  writePlan(join(folder, 'plan'), { upstream, candidate, port, copies });
  const flags = ['--plan', join(folder, 'plan'), '--port', String(port), '--admin-port', String(adminPort)];
  const ledger = ['--ledger', `file:${join(folder, 'ledger.jsonl')}`];
  const child = spawnLeashed(
    process.execPath,
    [
      join(import.meta.dirname, '..', 'main.ts'),
      ...flags,
      ...ledger,
      ...(workers > 1 ? ['--workers', String(workers)] : []),
    ],
    { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, FIG_ADMIN_TOKEN: TOKEN } },
  );
  const running = await runningOn(child, port, MEASURED_PATH);
  // The control plane listens after the data plane.
  await runningOn(child, adminPort, '/livez');
  if (stage !== 'legacy') {
    const answer = await fetch(`http://127.0.0.1:${adminPort}/v1/routes/articles/transitions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ stage, percent, reason: 'bench', expectedVersion: 0, force: true }),
    });
    if (!answer.ok) throw new Error(`the facade refused ${stage}: ${await answer.text()}`);
  }
  return running;
}

// Twenty routes and every header, as a real plan has them.
function writePlan(
  folder: string,
  {
    upstream,
    candidate,
    port,
    copies,
  }: { upstream: string; candidate: string; port: number; copies: string },
): void {
  mkdirSync(join(folder, 'routes'), { recursive: true });
  writeFileSync(
    join(folder, 'plan.yaml'),
    `version: 1
publicUrl: http://127.0.0.1:${port}
legacy: { url: "${upstream}" }
candidates:
  catalog: { url: "${candidate}" }
cohort:
  - header: x-user-id
  - cookie: sid
  - address
expose: true
trustedProxies: [ 127.0.0.1/32 ]
`,
  );
  const others = Array.from({ length: 19 }, (_, n) => `other-${n}`);
  for (const route of ['articles', ...others])
    writeFileSync(
      join(folder, 'routes', `${route}.yaml`),
      `route: ${route}
match: [ "GET /api/${route}", "GET /api/${route}/:id", "POST /api/${route}" ]
candidate: catalog
data: none
stages: [ shadow, canary 10%, canary 50%, candidate ]
shadow: { sample: ${copies} }
`,
    );
}
