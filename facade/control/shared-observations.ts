import type { Logger } from 'pino';
import type { ObservationStore } from '../core/observation/observation-store.ts';
import { ended, type RouteObserved, sumOfEnded } from '../core/observation/observations-view.ts';

export type SharedObservationsOptions = {
  readonly store: ObservationStore;
  /** What the processes of this instance observe now. */
  readonly own: () => Promise<readonly RouteObserved[]>;
  readonly log: Logger;
};

/** A verdict rests on all replicas; what they saw in the last moments may be missing. */
const EVERY_MS = 2_000;

/** What all replicas observed, and what this one had before it was restarted. */
export class SharedObservations {
  readonly #options: SharedObservationsOptions;
  #past: readonly RouteObserved[] = [];
  #others: readonly RouteObserved[] = [];
  #timer: NodeJS.Timeout | null = null;
  #busy = false;
  #failing = false;

  constructor(options: SharedObservationsOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.#tried(async () => {
      this.#past = sumOfEnded((await this.#options.store.load()).map(ended));
    });
    this.#timer = setInterval(() => {
      if (this.#busy) return;
      this.#busy = true;
      void this.exchange().finally(() => {
        this.#busy = false;
      });
    }, EVERY_MS).unref();
  }

  async observed(): Promise<readonly RouteObserved[]> {
    return [...(await this.#options.own()), ...this.#past, ...this.#others];
  }

  /** Keeps what this instance has, and takes what the others have. */
  async exchange(): Promise<void> {
    const { store, own } = this.#options;
    await this.#tried(async () => {
      await store.save([...(await own()), ...this.#past]);
      this.#others = await store.others();
    });
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.exchange();
    await this.#options.store.close();
  }

  // Observations are no reason to stop serving.
  async #tried(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      if (this.#failing) this.#options.log.info('observations are kept again');
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#options.log.warn({ err: error }, 'observations are not kept or shared');
      this.#failing = true;
    }
  }
}
