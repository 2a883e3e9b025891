import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Answer, FromWorker, Question, ToWorker } from './messages.ts';

type Waiting = {
  readonly resolve: (answer: Answer | null) => void;
  beats: number;
  readonly maxBeats: number;
};

export type Told = Exclude<FromWorker, Answer>;

const BEAT_MS = 1_000;
/** A worker that answers nothing for so many beats hangs; one that starts may take longer. */
const MAX_BEATS = 10;
const MAX_START_BEATS = 60;

/** One worker from its fork to its end. */
export class WorkerProcess {
  readonly pid: number | undefined;
  /** Resolves when it has ended, however it ended. */
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #beat: NodeJS.Timeout;
  #asked = 0;

  /** `onTold` hears what the worker tells the others. */
  constructor(log: Logger, onTold: (told: Told) => void) {
    // Structured clones: a plan holds maps.
    this.#child = fork(join(import.meta.dirname, 'worker.ts'), {
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.pid = this.#child.pid;
    this.#child.on('message', (message: FromWorker) => {
      if ('tell' in message) onTold(message);
      else this.#answered(message);
    });
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve({ code, signal }));
      this.#child.once('error', (error) => {
        log.error({ err: error }, 'a worker could not be started');
        if (this.pid === undefined) resolve({ code: null, signal: null });
      });
    });
    void this.ended.then(() => this.#forget());
    this.#beat = setInterval(() => this.#watch(log), BEAT_MS).unref();
  }

  /** Null: it ended before it answered. */
  ask(question: Question): Promise<Answer | null> {
    const number = ++this.#asked;
    const maxBeats = question.ask === 'serve' ? MAX_START_BEATS : MAX_BEATS;
    return new Promise((resolve) => {
      if (!this.#child.connected) return resolve(null);
      this.#waiting.set(number, { resolve, beats: 0, maxBeats });
      this.tell({ ...question, number });
    });
  }

  tell(message: ToWorker): void {
    // It may end between two lines; then `ended` says so.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #answered({ number, ...answer }: Answer): void {
    this.#waiting.get(number)?.resolve({ number, ...answer });
    this.#waiting.delete(number);
  }

  // Beats, not time: a primary that was stopped for a while must not take its workers for dead.
  #watch(log: Logger): void {
    const [oldest] = this.#waiting.values();
    if (!oldest) {
      void this.ask({ ask: 'ping' });
      return;
    }
    oldest.beats++;
    if (oldest.beats < oldest.maxBeats) return;
    log.error({ pid: this.pid }, 'a worker does not answer and is killed');
    this.kill();
  }

  #forget(): void {
    clearInterval(this.#beat);
    for (const { resolve } of this.#waiting.values()) resolve(null);
    this.#waiting.clear();
  }
}
