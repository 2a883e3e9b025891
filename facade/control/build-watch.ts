import type { Upstream } from '#plan/model/plan.ts';
import type { Snapshot } from '../core/snapshot.ts';

export type BuildWatchOptions = {
  readonly snapshot: () => Snapshot;
  /** Undefined: it cannot be read now. */
  readonly readBuild: (candidate: Upstream) => Promise<string | null | undefined>;
  readonly learned: (candidate: string, build: string | null) => void;
};

const EVERY_MS = 10_000;

/** Asks the candidates which build they are: evidence about another one counts for nothing. */
export class BuildWatch {
  readonly #options: BuildWatchOptions;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: BuildWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), EVERY_MS).unref();
    void this.look();
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
  }

  /** One that cannot be asked keeps the build that it told last. */
  async look(): Promise<void> {
    const { snapshot, readBuild, learned } = this.#options;
    await Promise.all(
      [...snapshot().plan.candidates].map(async ([name, candidate]) => {
        const build = await readBuild(candidate);
        const { builds } = snapshot();
        const isNews = !builds.has(name) || builds.get(name) !== build;
        if (build !== undefined && isNews) learned(name, build);
      }),
    );
  }
}
