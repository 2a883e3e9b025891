import { loadPlan } from '#plan/model/load-plan.ts';
import { AdminApi } from '../api/admin.ts';
import type { Requests } from '../api/requests.ts';
import { Failure } from '../failure.ts';
import type { Session } from '../session.ts';

/** Says why no request of a route comes. */
export type QuietWatch = {
  why(): Promise<string>;
  /** Notes it, the first time. */
  tellOnce(): Promise<void>;
};

/** Counts what the facade answers from now on, so that it can be said where clients are instead. */
export async function quietWatch(session: Session, route: string): Promise<QuietWatch> {
  const admin = new AdminApi(session);
  const match = (await admin.routes()).find((one) => one.route === route)?.match ?? [];
  const before = await admin.requests();
  let isTold = false;
  const why = async () => {
    const since = counted(before, await admin.requests().catch(unknownAs(before)));
    return reasonOf(session, route, match, since);
  };
  return {
    why,
    async tellOnce() {
      if (isTold) return;
      isTold = true;
      session.note(`Nothing yet. ${await why()}`);
    },
  };
}

function reasonOf(
  { planDir, env }: Session,
  route: string,
  match: readonly string[],
  since: ReadonlyMap<string, number>,
): string {
  const own = since.get(route) ?? 0;
  if (own > 0)
    return `Clients asked for ${route} (${own} times), but not for what can be kept: a request with an answer that ends.`;
  const all = [...since.values()].reduce((sum, count) => sum + count, 0);
  if (all === 0) {
    const url = loadPlan(planDir, env).plan?.publicUrl;
    return `No client asked this facade for anything meanwhile: they have to call ${url ?? 'it'}, not legacy itself. Where several facades run, each records what it answers.`;
  }
  const others = [...since]
    .filter(([, count]) => count > 0)
    .sort(([, one], [, other]) => other - one)
    .slice(0, 3)
    .map(([name, count]) => `${count} ${name === '' ? 'of no route' : `of ${name}`}`);
  return `No client asked for this route meanwhile. ${all} other requests came: ${others.join(', ')}. ${route} takes ${match.join(', ')}.`;
}

function counted(before: Requests, after: Requests): ReadonlyMap<string, number> {
  const sum = (of: Requests, name: string) => {
    const { legacy = 0, candidate = 0 } = of.get(name) ?? {};
    return legacy + candidate;
  };
  return new Map([...after.keys()].map((name) => [name, sum(after, name) - sum(before, name)]));
}

/** A hint is not worth an error. */
const unknownAs = (before: Requests) => (error: unknown) => {
  if (error instanceof Failure) return before;
  throw error;
};
