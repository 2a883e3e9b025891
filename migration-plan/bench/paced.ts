import { setTimeout as wait } from 'node:timers/promises';

/** One that was answered: when it was due, by performance.now(), and how long it took from then, in milliseconds. */
type Answered = { readonly dueMs: number; readonly tookMs: number };

export type Paced = {
  readonly sent: number;
  readonly answered: readonly Answered[];
  readonly failed: number;
  /** The first few, in words. */
  readonly failures: readonly string[];
  /** As many as were begun. */
  readonly perSecond: number;
};

const FAILURES_TOLD = 5;

/**
 * Does something so many times a second, evenly, until it is stopped; one that is answered late makes no other one late,
 * unless `atOnce` are under way. `act` rejects where it fails.
 */
export function pace(
  perSecond: number,
  act: (n: number) => Promise<unknown>,
  atOnce = 2 * perSecond,
): { stop(): Promise<Paced> } {
  const began = performance.now();
  const answered: Answered[] = [];
  const failures: string[] = [];
  const flying = new Set<Promise<void>>();
  let failed = 0;
  let sent = 0;
  let stopped = false;
  const one = async (n: number, dueMs: number) => {
    await act(n).catch((error: Error) => {
      failed += 1;
      if (failures.length < FAILURES_TOLD) failures.push(error.message);
    });
    answered.push({ dueMs, tookMs: performance.now() - dueMs });
  };
  const loop = (async () => {
    while (!stopped) {
      const dueMs = began + (sent * 1000) / perSecond;
      const early = dueMs - performance.now();
      if (early > 0) await wait(early);
      while (flying.size >= atOnce) await Promise.race(flying);
      const flight: Promise<void> = one(sent, dueMs).finally(() => flying.delete(flight));
      flying.add(flight);
      sent += 1;
    }
  })();
  const end = async (): Promise<Paced> => {
    stopped = true;
    await loop;
    const seconds = (performance.now() - began) / 1000;
    await Promise.all(flying);
    return { sent, answered, failed, failures, perSecond: sent / seconds };
  };
  let ended: Promise<Paced> | null = null;
  return { stop: () => (ended ??= end()) };
}

/** The value that so large a share of them do not exceed; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
