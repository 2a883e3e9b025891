import type { ChangeSource } from '../capture/change-source.ts';

export type Verified = {
  readonly compared: number;
  /** Keys whose rows differ. */
  readonly different: readonly string[];
  /** Not all that was written is remembered, as it was too much, or as this process began behind the comparison. */
  readonly isPartial: boolean;
};

const CHUNK = 500;
/** Keys that are remembered at most. */
const MOST = 100_000;

/**
 * Rows that were carried over since the stores were compared, by key: they are looked at again, while writes still come
 * and, what is left of them, when none does. Nothing is remembered before a comparison, and behind a change of owners.
 */
export class Verification {
  readonly #differing: (keys: readonly string[]) => Promise<readonly string[]>;
  readonly #most: number;
  readonly #keys = new Set<string>();
  #isOn = false;
  #isPartial = false;

  /** `differing`: of these keys, those whose rows are not the same in both stores. */
  constructor(differing: (keys: readonly string[]) => Promise<readonly string[]>, most = MOST) {
    this.#differing = differing;
    this.#most = most;
  }

  /** The stores are compared from now on: what was carried before is looked at by that. */
  begin(): void {
    this.end();
    this.#isOn = true;
  }

  end(): void {
    this.#keys.clear();
    this.#isOn = false;
    this.#isPartial = false;
  }

  /** The same source, whose carried entries are remembered. */
  watch(source: ChangeSource, keyOf: (table: string, key: string) => string): ChangeSource {
    return {
      ...source,
      ack: async (changes) => {
        await source.ack(changes);
        if (this.#isOn) for (const { table, key } of changes) this.#add(keyOf(table, key));
      },
    };
  }

  /** Looks at what was carried; a row that differs may have been written again meanwhile and is kept for the next look. */
  async look(): Promise<Verified> {
    const keys = [...this.#keys];
    const different: string[] = [];
    for (let at = 0; at < keys.length; at += CHUNK) {
      const chunk = keys.slice(at, at + CHUNK);
      for (const key of chunk) this.#keys.delete(key);
      const found = await this.#differing(chunk).catch((error: unknown) => {
        for (const key of chunk) this.#add(key);
        throw error;
      });
      for (const key of found) this.#add(key);
      different.push(...found);
    }
    return { compared: keys.length, different, isPartial: this.#isPartial || !this.#isOn };
  }

  #add(key: string): void {
    if (this.#keys.size < this.#most || this.#keys.has(key)) this.#keys.add(key);
    else this.#isPartial = true;
  }
}
