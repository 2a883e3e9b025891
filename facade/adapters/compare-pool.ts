import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Route } from '#plan/model/plan.ts';
import {
  type Answer,
  type CompareOptions,
  type Comparison,
  type CompiledRules,
  compareAnswers,
  compileRules,
} from '../core/compare/index.ts';

export type CompareJob = {
  readonly legacy: Answer;
  readonly candidate: Answer;
  /** `compare` of the route; compiled once for each object. */
  readonly keys: Route['compare'];
  readonly options: CompareOptions;
};

/**
 * `busy`: all threads work and the queue is full · `timeout`: the thread was ended · `failed`: the thread ran out of
 * memory or broke · `closed`. None of them says anything about the answers.
 */
type PoolVerdict =
  | { readonly ok: true; readonly comparison: Comparison }
  | { readonly ok: false; readonly reason: 'busy' | 'timeout' | 'failed' | 'closed' };

export type ComparePool = {
  compare(job: CompareJob): Promise<PoolVerdict>;
  /** Ends all threads; what was not answered yet is `closed`. */
  close(): Promise<void>;
};

export type ComparePoolOptions = {
  /** Threads; they start when they are needed. Default: one less than there are cores, 1 to 4. */
  readonly threads?: number;
  /** Jobs that wait. Default 128. `0`: none. */
  readonly queue?: number;
  /** Longest time of one job in its thread. Default 5000. */
  readonly timeoutMs?: number;
  /** Two bodies of this size in sum, or less, are compared at once on the calling thread. Default 16384. */
  readonly inlineBytes?: number;
  /** Heap of one thread, in MiB; raise it together with `CompareLimits.nodes`. Default 512. */
  readonly heapMiB?: number;
  /** A thread without a job for so long ends, and its heap with it: an idle one collects nothing. Default 30000. */
  readonly idleMs?: number;
  readonly script?: URL;
};

type Waiting = { readonly job: CompareJob; readonly done: (verdict: PoolVerdict) => void };

/**
 * Compares small answers on the spot and large ones on threads, so that a body of megabytes holds up no client. The
 * result is the same either way.
 */
export function newComparePool({
  threads = Math.min(4, Math.max(1, availableParallelism() - 1)),
  queue = 128,
  timeoutMs = 5000,
  inlineBytes = 16_384,
  heapMiB = 512,
  idleMs = 30_000,
  script = new URL('./compare-worker.ts', import.meta.url),
}: ComparePoolOptions = {}): ComparePool {
  const compiled = new WeakMap<CompareJob['keys'], CompiledRules>();
  const waiting: Waiting[] = [];
  const all = new Set<Thread>();
  const idle: Thread[] = [];
  let closed = false;

  const next = () => {
    while (waiting.length > 0) {
      const thread = idle.pop() ?? (all.size < threads ? start() : null);
      if (!thread) return;
      clearTimeout(thread.idleTimer);
      const { job, done } = waiting.shift() as Waiting;
      thread.run(job, (verdict) => {
        if (thread.isOver) all.delete(thread);
        else rest(thread);
        done(verdict);
        next();
      });
    }
  };
  const rest = (thread: Thread) => {
    idle.push(thread);
    const end = () => {
      idle.splice(idle.indexOf(thread), 1);
      all.delete(thread);
      void thread.end('closed');
    };
    thread.idleTimer = setTimeout(end, idleMs).unref();
  };
  const start = () => {
    const thread = new Thread(script, timeoutMs, heapMiB);
    all.add(thread);
    return thread;
  };

  return {
    compare(job) {
      if (closed) return Promise.resolve({ ok: false, reason: 'closed' });
      const isSmall = job.legacy.body.length + job.candidate.body.length <= inlineBytes;
      // Equal bytes are not taken apart, and most answers of a good candidate are that.
      if (
        isSmall ||
        Buffer.from(job.legacy.body.buffer, job.legacy.body.byteOffset, job.legacy.body.length).equals(
          job.candidate.body,
        )
      ) {
        let rules = compiled.get(job.keys);
        if (!rules) {
          rules = compileRules(job.keys);
          compiled.set(job.keys, rules);
        }
        return Promise.resolve({
          ok: true,
          comparison: compareAnswers(job.legacy, job.candidate, rules, job.options),
        });
      }
      const free = idle.length + threads - all.size;
      if (free === 0 && waiting.length >= queue) return Promise.resolve({ ok: false, reason: 'busy' });
      return new Promise((done) => {
        waiting.push({ job, done });
        next();
      });
    },
    async close() {
      closed = true;
      for (const thread of idle) clearTimeout(thread.idleTimer);
      for (const { done } of waiting.splice(0)) done({ ok: false, reason: 'closed' });
      await Promise.all([...all].map((thread) => thread.end('closed')));
    },
  };
}

const START_TIMEOUT_MS = 60_000;

/** One worker thread and the job it has. */
class Thread {
  isOver = false;
  /** Runs while it has no job. */
  idleTimer: NodeJS.Timeout | undefined;
  private readonly worker: Worker;
  private readonly timeoutMs: number;
  private settle: ((verdict: PoolVerdict) => void) | null = null;
  /** Loading the code is not the body's fault: its time begins when the thread has said that it is ready. */
  private readonly ready: Promise<unknown>;

  constructor(script: URL, timeoutMs: number, heapMiB: number) {
    this.timeoutMs = timeoutMs;
    // The limits of the comparison keep a thread far below its heap; this is the second line. It is no wall: V8 ends
    // the whole process, not the thread, when a built-in takes much memory in one go at the limit.
    this.worker = new Worker(script, { resourceLimits: { maxOldGenerationSizeMb: heapMiB } });
    this.ready = new Promise((ready) => {
      this.worker.once('message', () => {
        ready(null);
        this.worker.on('message', (comparison: Comparison) => this.finish({ ok: true, comparison }));
      });
    });
    this.worker.on('error', () => void this.end('failed'));
    this.worker.on('exit', () => void this.end('failed'));
    this.worker.unref();
  }

  run(job: CompareJob, done: (verdict: PoolVerdict) => void): void {
    let timer = setTimeout(() => void this.end('timeout'), START_TIMEOUT_MS);
    // While a job runs the process waits for it, or a program that compares and ends would lose it.
    this.worker.ref();
    this.settle = (verdict) => {
      clearTimeout(timer);
      this.worker.unref();
      this.settle = null;
      done(verdict);
    };
    void this.ready.then(() => {
      if (this.isOver) return;
      clearTimeout(timer);
      timer = setTimeout(() => void this.end('timeout'), this.timeoutMs);
      const legacy = withOwnBytes(job.legacy);
      const candidate = withOwnBytes(job.candidate);
      this.worker.postMessage({ ...job, legacy, candidate }, [legacy.body.buffer, candidate.body.buffer]);
    });
  }

  /** Ends the thread, whatever it does; a job that it has gets the reason. */
  async end(reason: 'timeout' | 'failed' | 'closed'): Promise<void> {
    this.isOver = true;
    this.finish({ ok: false, reason });
    await this.worker.terminate();
  }

  private finish(verdict: PoolVerdict): void {
    this.settle?.(verdict);
  }
}

// A Buffer may be a small part of a large block: cloning it would send the whole block, moving it would empty others.
function withOwnBytes(answer: Answer): Answer & { readonly body: Uint8Array<ArrayBuffer> } {
  return { ...answer, body: new Uint8Array(answer.body) };
}
