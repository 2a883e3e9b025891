import type { TestDatabase } from '#acl/testing/databases.ts';
import { Started, seed, startFacade, startMonolith } from './behind-facade.ts';
import { endpointsOfLegacy } from './endpoints.ts';
import { Pair, type Person } from './pair.ts';

/** What the public calls the application; nothing listens there. */
export const HOST = 'www.agentur.example';
const SIZES = { freelancers: 60, customers: 15, projects: 20, timesheets: 300 };

export type TwoMonoliths = {
  readonly pair: Pair;
  /** Where the one is asked, and where the facade in front of the other one is. */
  readonly origins: { readonly direct: string; readonly through: string };
  readonly admin: Person;
  readonly disp: Person;
  readonly guest: Person;
  stop(): Promise<void>;
};

/** Two monoliths with the same rows, the second one behind a facade that claims no route. */
export async function startTwoMonoliths(create: () => Promise<TestDatabase>): Promise<TwoMonoliths> {
  const started = new Started();
  try {
    const databases = [started.addDatabase(await create()), started.addDatabase(await create())];
    await Promise.all(databases.map(({ url }) => seed(url, SIZES)));
    const [alone, behind] = [
      started.add(await startMonolith(databases[0]!.url)),
      started.add(await startMonolith(databases[1]!.url)),
    ];
    const facade = started.add(await startFacade(behind.url, `http://${HOST}`));
    const origins = { direct: alone.url, through: facade.url };
    const pair = new Pair(origins, HOST, await endpointsOfLegacy());
    const [admin, disp, guest] = [
      await pair.login('admin'),
      await pair.login('disp'),
      await pair.login('guest'),
    ];
    return { pair, origins, admin, disp, guest, stop: () => started.stop() };
  } catch (error) {
    await started.stop();
    throw error;
  }
}
