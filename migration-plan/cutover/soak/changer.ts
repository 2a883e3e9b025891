import type { Answer } from './ask.ts';

/** A question to the admin API of any replica; rejects when none answers. */
export type AskAdmin = (method: string, path: string, body?: object) => Promise<Answer>;

const CUTOVER = '/v1/data/freelancers/cutover';
const LOOK_MS = 150;

export type Changes = { there: number; back: number; takenBack: number; refused: Map<string, number> };

/** Changes the owner there and back, again and again; what a killed leader leaves is waited for. */
export function startChanger(
  askAdmin: AskAdmin,
  pauseMs: number,
): { readonly changes: Changes; stop(): Promise<void> } {
  const changes: Changes = { there: 0, back: 0, takenBack: 0, refused: new Map() };
  let stopped = false;
  const change = async () => {
    while (!stopped) {
      await pause(pauseMs);
      try {
        const before = await atRest(askAdmin, () => stopped);
        if (before === null) return;
        const to = before.owner === 'legacy' ? 'candidate' : 'legacy';
        const begun = await askAdmin('POST', CUTOVER, { reason: 'soak', to });
        if (begun.status !== 202) {
          const why = String(begun.json.detail ?? begun.status)
            .split('. ', 1)[0]
            ?.replaceAll(/\d+/g, 'n') as string;
          changes.refused.set(why, (changes.refused.get(why) ?? 0) + 1);
          continue;
        }
        const after = await atRest(askAdmin, () => stopped);
        if (after === null) return;
        if (after.owner !== to) changes.takenBack += 1;
        else if (to === 'candidate') changes.there += 1;
        else changes.back += 1;
      } catch {
        // No replica answered.
      }
    }
  };
  const changing = change();
  return {
    changes,
    async stop() {
      stopped = true;
      await changing;
    },
  };
}

type Position = { readonly owner: string; readonly epoch: number };

/** Waits until no change goes on; null when told to give up. */
export async function atRest(askAdmin: AskAdmin, givesUp: () => boolean): Promise<Position | null> {
  while (!givesUp()) {
    const answer = await askAdmin('GET', CUTOVER).catch(() => null);
    if (answer?.status === 200 && answer.json.to === null)
      return { owner: String(answer.json.owner), epoch: Number(answer.json.epoch) };
    await pause(LOOK_MS);
  }
  return null;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
