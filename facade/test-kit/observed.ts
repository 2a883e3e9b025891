import { expect } from '@jest/globals';
import { ask } from './raw-client.ts';
import { until } from './until.ts';

// biome-ignore lint/suspicious/noExplicitAny: what the API answers is what is tested
export type Observed = any;

/** The observations of one route, as the admin API tells them. */
export class ObservedRoute {
  readonly #adminUrl: string;
  readonly #token: string;
  readonly #route: string;

  constructor(adminUrl: string, token: string, route = 'articles') {
    this.#adminUrl = adminUrl;
    this.#token = token;
    this.#route = route;
  }

  async now(): Promise<Observed> {
    const answer = await ask(this.#adminUrl, {
      path: `/v1/routes/${this.#route}/observations`,
      headers: { authorization: `Bearer ${this.#token}` },
    });
    expect(answer.status).toBe(200);
    const seen = JSON.parse(answer.body.toString());
    expectToAddUp(seen);
    return seen;
  }

  /** Once so many requests are accounted for and no copy is under way. */
  async settled(eligible: number): Promise<Observed> {
    let seen = await this.now();
    const done = async () => {
      seen = await this.now();
      return seen.eligible >= eligible && seen.inFlight === 0;
    };
    await until(`${eligible} requests to be accounted for`, done).catch((error: Error) => {
      const { endpoints: _, fields: __, ...counts } = seen;
      throw new Error(`${error.message}: ${JSON.stringify(counts)}`);
    });
    expect(seen.eligible).toBe(eligible);
    return seen;
  }
}

/** Every request has one fate, and every copy one end. */
function expectToAddUp(seen: Observed): void {
  expect(seen.eligible).toBe(seen.sampledOut + seen.dropped + sumOf(seen.skipped) + seen.sent);
  // What is doubtful is ignored, and counted there.
  const { doubtful: _, ...compared } = seen.compared;
  expect(seen.sent).toBe(sumOf(compared) + seen.failed + sumOf(seen.discarded) + seen.inFlight);
}

export function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
