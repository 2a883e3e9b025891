import type { Logger } from 'pino';
import type { Plan } from '#plan/model/plan.ts';
import { createProber } from '../adapters/prober.ts';
import { ended, type RouteObserved, sumOfEnded } from '../core/observation/observations-view.ts';
import { positionsOf, type Snapshot } from '../core/snapshot.ts';
import { type DataPlane, type DataPlaneOptions, DRAIN } from '../data-plane.ts';
import { createMetrics, type MetricsJson } from '../http/metrics.ts';
import type { RecordingOrder, Taken } from '../http/recording/recordings.ts';
import { UpstreamGuards } from '../http/upstream-guards.ts';
import { SettingsError } from '../settings.ts';
import { claimPort } from './claim-port.ts';
import { lasting, mergeMetrics, mergeViews } from './merge.ts';
import type { Question, Report } from './messages.ts';
import { PROVEN_MS, restartDelayMs } from './restart-delay.ts';
import { WorkerProcess } from './worker-process.ts';

export type WorkerPoolOptions = Omit<DataPlaneOptions, 'requests' | 'watches'> & {
  readonly workers: number;
  readonly relayToken: string | null;
  readonly accessLog: boolean;
};

/** One of the numbered workers: the process that stands for it now, and how often it ended. */
type Seat = {
  readonly worker: number;
  process: WorkerProcess;
  /** What it has last been sent; the plan goes out only when it is another one. */
  plan: Plan | null;
  report: Report | null;
  observed: readonly RouteObserved[];
  servingSince: number | null;
  ends: number;
  restart: NodeJS.Timeout | undefined;
};

/** How long workers may take to end beyond what their own drain takes. */
const END_MS = 5_000;

/** Opens the public port in several processes. Throws `SettingsError` when it cannot be had. */
export async function openWorkers(options: WorkerPoolOptions): Promise<WorkerPool> {
  const { host } = options;
  const port = await claimPort({ port: options.port, host, flag: '--port' });
  const pool = new WorkerPool({ ...options, port });
  await pool.start();
  return pool;
}

/** The data plane in several processes on one port. */
export class WorkerPool implements DataPlane {
  readonly port: number;
  readonly metrics: DataPlane['metrics'];
  readonly #options: WorkerPoolOptions;
  readonly #log: Logger;
  readonly #guards = new UpstreamGuards();
  readonly #prober = createProber(({ candidate }, ok) => this.#tellAll({ tell: 'probed', candidate, ok }));
  readonly #own = createMetrics();
  #seats: Seat[] = [];
  #snapshot: Snapshot;
  /** What workers that ended had counted. */
  #past: MetricsJson = [];
  #pastObserved: readonly RouteObserved[] = [];
  #stopping = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#snapshot = options.snapshot;
    this.port = options.port;
    this.metrics = { contentType: this.#own.contentType, text: () => this.#metricsText() };
  }

  /** Resolves when all workers serve; rejects with the first that cannot. */
  async start(): Promise<void> {
    const { workers, snapshot } = this.#options;
    const started = Array.from({ length: workers }, (_, n) => {
      const seat: Seat = {
        worker: n + 1,
        process: this.#fork(n + 1),
        plan: null,
        report: null,
        observed: [],
        servingSince: null,
        ends: 0,
        restart: undefined,
      };
      this.#seats.push(seat);
      return this.#seat(seat);
    });
    const failed = (await Promise.all(started)).find((failure) => failure !== null);
    if (failed !== undefined) {
      this.kill();
      throw new SettingsError(failed);
    }
    this.#prober.watch(this.#guards.apply(snapshot.plan));
  }

  get serving(): boolean {
    return this.#seats.some(({ servingSince }) => servingSince !== null);
  }

  async apply(snapshot: Snapshot): Promise<void> {
    if (snapshot.plan !== this.#snapshot.plan) this.#prober.watch(this.#guards.apply(snapshot.plan));
    this.#snapshot = snapshot;
    // One that ends before it answers decides nothing any more; the next one starts with this snapshot.
    await this.#askAll((seat) => ({ ask: 'apply', situation: this.#situationFor(seat) }));
  }

  async upstreams() {
    await this.#collect();
    return mergeViews(this.#seats.flatMap(({ report }) => (report ? [report.upstreams] : [])));
  }

  async observed(): Promise<readonly RouteObserved[]> {
    const serving = this.#seats.filter(({ servingSince }) => servingSince !== null);
    await Promise.all(
      serving.map(async (seat) => {
        const { process } = seat;
        const answer = await process.ask({ ask: 'observed' });
        if (answer?.observed && seat.process === process) seat.observed = answer.observed;
      }),
    );
    return [...this.#seats.flatMap(({ observed }) => observed), ...this.#pastObserved];
  }

  async record(order: RecordingOrder | null): Promise<Taken> {
    const answers = await Promise.all(this.#seats.map((seat) => seat.process.ask({ ask: 'record', order })));
    const taken = answers.flatMap((answer) => answer?.taken ?? []);
    const exchanges = taken.flatMap((one) => one.exchanges);
    return { exchanges, dropped: taken.reduce((sum, { dropped }) => sum + dropped, 0) };
  }

  async drain(): Promise<void> {
    this.#stopping = true;
    this.#prober.close();
    for (const { restart } of this.#seats) clearTimeout(restart);
    this.#tellAll({ tell: 'drain' });
    const late = setTimeout(() => this.kill(), DRAIN.requestMs + END_MS);
    await Promise.all(this.#seats.map((seat) => seat.process.ended));
    clearTimeout(late);
  }

  kill(): void {
    this.#stopping = true;
    this.#prober.close();
    for (const { process, restart } of this.#seats) {
      clearTimeout(restart);
      process.kill();
    }
  }

  #fork(worker: number): WorkerProcess {
    const process: WorkerProcess = new WorkerProcess(this.#log, (message) => {
      const others = this.#seats.filter((seat) => seat.worker !== worker);
      if (message.tell === 'counts') {
        for (const other of others) other.process.tell({ tell: 'counts', counts: message.counts });
        return;
      }
      const { fence, told } = message;
      void Promise.all(others.map((other) => other.process.ask({ ask: 'fence', told }))).then(() =>
        process.tell({ tell: 'fenced', fence }),
      );
    });
    return process;
  }

  // Null when it serves, else why it cannot.
  async #seat(seat: Seat): Promise<string | null> {
    const { host, accessLog, secret, dryRunSecret, relayToken, workers } = this.#options;
    const { process, worker } = seat;
    seat.plan = null;
    const assignment = {
      worker,
      workers,
      host,
      port: this.port,
      secret,
      dryRunSecret,
      relayToken,
      accessLog,
    };
    void process.ended.then((end) => this.#ended(seat, end));
    const answer = await process.ask({ ask: 'serve', assignment, situation: this.#situationFor(seat) });
    if (!answer) return `worker ${worker} ended before it served; see its log lines above.`;
    if (answer.failed !== undefined) return answer.failed;
    seat.servingSince = performance.now();
    this.#log.info({ worker, pid: process.pid }, 'worker serves');
    return null;
  }

  #situationFor(seat: Seat) {
    const { plan } = this.#snapshot;
    const fresh = seat.plan === plan ? null : plan;
    seat.plan = plan;
    return { plan: fresh, positions: positionsOf(this.#snapshot), builds: this.#snapshot.builds };
  }

  #ended(seat: Seat, end: { code: number | null; signal: string | null }): void {
    if (seat.report) this.#keep(seat.report);
    this.#pastObserved = sumOfEnded([...this.#pastObserved, ...seat.observed.map(ended)]);
    seat.observed = [];
    const lived = seat.servingSince === null ? 0 : performance.now() - seat.servingSince;
    const everServed = seat.servingSince !== null || seat.ends > 0;
    seat.report = null;
    seat.servingSince = null;
    if (this.#stopping) return;
    // At the start one that cannot serve ends the whole facade.
    if (!everServed) return;
    seat.ends = lived >= PROVEN_MS ? 1 : seat.ends + 1;
    const restartMs = restartDelayMs(seat.ends);
    const { worker, process } = seat;
    this.#log.error({ worker, pid: process.pid, ...end, restartMs }, 'worker ended and is replaced');
    seat.restart = setTimeout(() => {
      seat.process = this.#fork(worker);
      void this.#seat(seat);
    }, restartMs);
  }

  #keep({ metrics }: Report): void {
    void mergeMetrics([this.#past, lasting(metrics)])
      .json()
      .then((past) => {
        this.#past = past;
      });
  }

  async #metricsText(): Promise<string> {
    await this.#collect();
    const reports = this.#seats.flatMap(({ report }) => (report ? [report.metrics] : []));
    return mergeMetrics([await this.#own.json(), this.#past, ...reports]).text();
  }

  async #collect(): Promise<void> {
    const serving = this.#seats.filter(({ servingSince }) => servingSince !== null);
    await Promise.all(
      serving.map(async (seat) => {
        const { process } = seat;
        const answer = await process.ask({ ask: 'report' });
        if (answer?.report && seat.process === process) seat.report = answer.report;
      }),
    );
  }

  #askAll(questionFor: (seat: Seat) => Question): Promise<unknown> {
    return Promise.all(this.#seats.map((seat) => seat.process.ask(questionFor(seat))));
  }

  #tellAll(message: Parameters<WorkerProcess['tell']>[0]): void {
    for (const { process } of this.#seats) process.tell(message);
  }
}
