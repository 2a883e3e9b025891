import type { Logger } from 'pino';
import type { Instance, InstanceRegistry, InstanceState } from '../core/instances.ts';

export type ReplicasOptions = {
  readonly id: string;
  readonly registry: InstanceRegistry;
  readonly state: () => InstanceState;
  readonly log: Logger;
};

const BEAT_MS = 1_000;
/** How long a rollback waits for the other replicas. */
const APPLIED_MS = 10_000;
const LOOK_MS = 50;

/** The replicas that share a ledger: this one says how it stands each second, and knows what the others said. */
export class Replicas {
  readonly id: string;
  readonly #options: ReplicasOptions;
  readonly #listeners: (() => void)[] = [];
  #known: readonly Instance[] = [];
  #evicted = false;
  #away: string | null = null;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> | null = null;
  #stopped = false;

  constructor(options: ReplicasOptions) {
    this.id = options.id;
    this.#options = options;
  }

  /** The replicas as last known, this one among them. */
  get known(): readonly Instance[] {
    return this.#known;
  }

  /** Somebody evicted this instance: it must get no traffic until it is restarted. */
  get evicted(): boolean {
    return this.#evicted;
  }

  /** Why `known` may be old, null when it is not. */
  get away(): string | null {
    return this.#away;
  }

  /** Calls when an instance came, went, fell silent or got another plan. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async start(): Promise<void> {
    await this.beat();
    const again = () => {
      this.#timer = setTimeout(() => void this.beat().then(() => this.#stopped || again()), BEAT_MS);
    };
    again();
  }

  /** Says how this instance stands, and looks at the others. Never rejects. */
  beat(): Promise<void> {
    this.#beating ??= Promise.resolve()
      .then(async () => {
        this.#beating = null;
        if (this.#stopped) return;
        this.#takeVerdict(await this.#options.registry.beat(this.#options.state()));
        this.#take(await this.#options.registry.list());
        this.#away = null;
      })
      .catch((error: Error) => {
        if (!this.#away) this.#options.log.error(`the other instances cannot be seen: ${error.message}`);
        this.#away = error.message;
      });
    return this.#beating;
  }

  /** Live replicas whose form of a route is another one than `hash`. */
  async differing(route: string, hash: string): Promise<Instance[]> {
    await this.beat();
    return this.#others().filter((other) => !other.silent && other.routes[route] !== hash);
  }

  /**
   * Waits until all live replicas decide by entry `seq`, for at most 10 s, and gives those that do not. A silent one
   * is given without waiting: it may be dead, or be cut off and serve on.
   */
  async applied(seq: number, withinMs = APPLIED_MS): Promise<string[]> {
    await this.beat();
    for (const deadline = performance.now() + withinMs; ; ) {
      const pending = this.#others().filter(({ appliedSeq }) => appliedSeq < seq);
      const awaited = pending.some(({ silent }) => !silent);
      if (!awaited || performance.now() >= deadline) return pending.map(({ id }) => id);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      await this.#look();
    }
  }

  /** False when there is no such instance. Rejects while the registry is away. */
  async evict(id: string): Promise<boolean> {
    const evicted = await this.#options.registry.evict(id);
    await this.beat();
    return evicted;
  }

  /** Takes this instance off the list. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#beating;
    await this.#options.registry.leave().catch(() => {});
    await this.#options.registry.close();
  }

  #others(): Instance[] {
    return this.#known.filter(({ id }) => id !== this.id);
  }

  async #look(): Promise<void> {
    const list = await this.#options.registry.list().catch(() => null);
    if (list) this.#take(list);
  }

  #takeVerdict(verdict: 'live' | 'evicted'): void {
    if (verdict === 'evicted' && !this.#evicted)
      this.#options.log.error(
        'this instance was evicted and must get no traffic; restart it to bring it back',
      );
    this.#evicted = verdict === 'evicted';
  }

  #take(list: readonly Instance[]): void {
    const shown = (instances: readonly Instance[]) =>
      JSON.stringify(instances.map(({ id, version, hash, silent }) => [id, version, hash, silent]));
    const changed = shown(list) !== shown(this.#known);
    this.#known = list;
    if (changed) for (const listener of this.#listeners) listener();
  }
}
