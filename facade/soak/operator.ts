import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { FacadeProcess } from '../test-kit/facade-process.ts';
import { ask } from '../test-kit/raw-client.ts';
import type { UpstreamProcess } from './upstream-process.ts';

export type OperatorOptions = {
  readonly facade: FacadeProcess;
  /** Folder of the facade's plan. */
  readonly planDir: string;
  readonly legacy: UpstreamProcess;
  readonly candidate: UpstreamProcess;
};

/** After a rollback or a kill was answered, so many requests must all be answered by legacy. */
const REQUESTS_AFTER = 40;
const ROUTES = ['articles', 'files', 'live'] as const;
/** Stays where it is, but for a kill of all routes. */
const COPIED = 'copied';

/** Moves routes, reloads plans and restarts upstreams, one step after the other, round and round. */
export class Operator {
  readonly done = new Map<string, number>();
  readonly failures: string[] = [];
  /** Rises when a step begins, and when it has ended. */
  moves = 0;
  readonly #options: OperatorOptions;
  readonly #versions = new Map<string, number>();
  #reloads = 0;
  #next = 0;

  constructor(options: OperatorOptions) {
    this.#options = options;
  }

  /** One step after the other with a pause between, until `until` (of `performance.now()`); goes on where it was when called again. */
  async run(until: number, pauseMs: number): Promise<void> {
    for (; performance.now() < until; this.#next++) {
      const [name, step] = this.#steps[this.#next % this.#steps.length] as [
        string,
        () => Promise<string | null>,
      ];
      this.moves++;
      const wrong = await step().catch((error: Error) => error.message);
      this.moves++;
      this.done.set(name, (this.done.get(name) ?? 0) + 1);
      if (wrong !== null) this.failures.push(`${name}: ${wrong}`);
      await wait(pauseMs);
    }
  }

  readonly #steps: readonly [string, () => Promise<string | null>][] = [
    ['canary up', () => this.#moveAll('canary', 10)],
    ['reload', () => this.#reload()],
    ['canary up', () => this.#moveAll('canary', 50)],
    ['pause, resume', () => this.#pauseAndResume()],
    ['canary down', () => this.#moveAll('canary', 20)],
    ['candidate killed and started', () => this.#restart(this.#options.candidate, 'SIGKILL')],
    ['canary up', () => this.#moveAll('canary', 80)],
    ['invalid plan', () => this.#reloadInvalid()],
    ['rollback', () => this.#rollback()],
    ['candidate', () => this.#moveAll('candidate')],
    ['SIGHUP', () => this.#signalReload()],
    ['candidate restarted', () => this.#restart(this.#options.candidate, 'SIGTERM')],
    ['kill, resume', () => this.#killAndResume()],
    ['canary down', () => this.#moveAll('canary', 30)],
    ['legacy restarted', () => this.#restart(this.#options.legacy, 'SIGTERM')],
    ['candidate', () => this.#moveAll('candidate')],
    ['rollback', () => this.#rollback()],
  ];

  async #moveAll(stage: string, percent?: number): Promise<string | null> {
    for (const route of ROUTES) {
      const expectedVersion = this.#versions.get(route) ?? 0;
      const body = { stage, percent, expectedVersion, reason: 'soak', force: true };
      const wrong = this.#taken(
        route,
        await this.#options.facade.post(`/v1/routes/${route}/transitions`, body),
      );
      if (wrong) return wrong;
    }
    return null;
  }

  async #rollback(): Promise<string | null> {
    for (const route of ROUTES) {
      const answer = await this.#options.facade.post(`/v1/routes/${route}/rollback`, { reason: 'soak' });
      const wrong = this.#taken(route, answer);
      if (wrong) return wrong;
      if (answer.pending.length > 0) return `pending: ${answer.pending}`;
    }
    return this.#nobodyReachesTheCandidate();
  }

  async #killAndResume(): Promise<string | null> {
    const { facade } = this.#options;
    const { status, routes, code } = await facade.post('/v1/kill', { reason: 'soak' });
    if (status !== 200) return `${status} ${code}`;
    for (const { route, version } of routes) this.#versions.set(route, version);
    const wrong = await this.#nobodyReachesTheCandidate();
    for (const route of [...ROUTES, COPIED]) {
      const answer = await facade.post(`/v1/routes/${route}/resume`, { reason: 'soak' });
      const refused = this.#taken(route, answer);
      if (refused) return refused;
    }
    return wrong;
  }

  async #pauseAndResume(): Promise<string | null> {
    for (const verb of ['pause', 'resume'])
      for (const route of ROUTES) {
        const wrong = this.#taken(
          route,
          await this.#options.facade.post(`/v1/routes/${route}/${verb}`, { reason: 'soak' }),
        );
        if (wrong) return wrong;
      }
    return null;
  }

  async #nobodyReachesTheCandidate(): Promise<string | null> {
    const { url } = this.#options.facade;
    const sides = await Promise.all(
      Array.from({ length: REQUESTS_AFTER }, (_, n) =>
        ask(url, { path: '/api/articles', headers: { cookie: `sid=after-${n}` } }).then(
          ({ headers }) => headers['x-fig-upstream'],
        ),
      ),
    );
    const strays = sides.filter((side) => side !== 'legacy').length;
    return strays === 0 ? null : `${strays} of ${REQUESTS_AFTER} requests were not answered by legacy`;
  }

  async #reload(): Promise<string | null> {
    this.#changePlan(`timeouts: { headers: ${30 + (++this.#reloads % 5)}s }`);
    const { status, code, changed } = await this.#options.facade.post('/v1/reload', { reason: 'soak' });
    return status === 200 && changed ? null : `${status} ${code ?? 'nothing changed'}`;
  }

  async #reloadInvalid(): Promise<string | null> {
    this.#changePlan('timeouts: { headers: never }');
    const { status, code } = await this.#options.facade.post('/v1/reload', { reason: 'soak' });
    return status === 422 && code === 'PLAN_INVALID'
      ? null
      : `expected 422 PLAN_INVALID, got ${status} ${code}`;
  }

  async #signalReload(): Promise<string | null> {
    const { facade } = this.#options;
    const hash = async () => (await facade.get('/v1/instances')).instances[0].hash as string;
    const before = await hash();
    this.#changePlan(`timeouts: { headers: ${30 + (++this.#reloads % 5)}s }`);
    facade.child.kill('SIGHUP');
    for (const deadline = performance.now() + 20_000; performance.now() < deadline; ) {
      if ((await hash()) !== before) return null;
      await wait(50);
    }
    return 'the plan did not come into force';
  }

  async #restart(upstream: UpstreamProcess, signal: NodeJS.Signals): Promise<string | null> {
    await upstream.restart(signal);
    return null;
  }

  #changePlan(line: string): void {
    const file = join(this.#options.planDir, 'plan.yaml');
    const kept = readFileSync(file, 'utf8').replace(/^timeouts:.*\n/m, '');
    writeFileSync(file, `${kept}${line}\n`);
  }

  // biome-ignore lint/suspicious/noExplicitAny: an answer of the admin API, whatever it is.
  #taken(route: string, { status, code, detail, version }: any): string | null {
    if (status !== 200) return `${route}: ${status} ${code} ${detail}`;
    this.#versions.set(route, version);
    return null;
  }
}
