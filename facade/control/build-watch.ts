import type { Upstream } from '#plan/model/plan.ts';
import type { Snapshot } from '../core/snapshot.ts';

export type BuildWatchOptions = {
  readonly snapshot: () => Snapshot;
  /** Undefined: it cannot be read now. */
  readonly readBuild: (candidate: Upstream) => Promise<string | null | undefined>;
  readonly learned: (candidate: string, build: string | null) => void;
};

const EVERY_MS = 10_000;
/** Behind one address several instances may take turns; each question has a connection of its own. */
const QUESTIONS = 6;

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
    const { snapshot, readBuild } = this.#options;
    await Promise.all(
      [...snapshot().plan.candidates].map(async ([name, candidate]) => {
        const build = await readBuild(candidate);
        if (build !== undefined) this.#learn(name, build);
      }),
    );
  }

  /**
   * Asks one candidate now, several times over. Gives the builds that answered: none where it cannot be asked or tells
   * none by the plan, more than one where they take turns.
   */
  async ask(name: string): Promise<readonly (string | null)[]> {
    const { snapshot, readBuild } = this.#options;
    const candidate = snapshot().plan.candidates.get(name);
    if (!candidate || candidate.build === null) return [];
    const answers = await Promise.all(Array.from({ length: QUESTIONS }, () => readBuild(candidate)));
    const builds = [...new Set(answers)].filter((build) => build !== undefined).sort();
    if (builds.length === 1) this.#learn(name, builds[0] as string | null);
    return builds;
  }

  #learn(name: string, build: string | null): void {
    const { snapshot, learned } = this.#options;
    const { builds } = snapshot();
    if (!builds.has(name) || builds.get(name) !== build) learned(name, build);
  }
}
