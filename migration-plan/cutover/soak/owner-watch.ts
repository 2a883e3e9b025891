import type { StoreAudit } from './store-audit.ts';

/** Looks at the owner rows of both stores all along: at no instant may both let writes through. */
export function watchOwners(
  legacy: StoreAudit,
  candidate: StoreAudit,
): { readonly looks: () => number; stop(): Promise<readonly string[]> } {
  const faults: string[] = [];
  let looks = 0;
  let stopped = false;
  const watch = async () => {
    while (!stopped) {
      try {
        // Epochs only grow: what legacy says before and behind was so when the candidate was asked.
        const before = await legacy.owner();
        const there = await candidate.owner();
        const behind = await legacy.owner();
        looks += 1;
        if (before.epoch !== behind.epoch) continue;
        if (before.owner === 'legacy' && (there.owner === 'candidate' || there.owner === 'open'))
          faults.push(
            `two owners at once: legacy in epoch ${before.epoch}, ${there.owner} in epoch ${there.epoch}`,
          );
      } catch {
        // A database that was killed.
      }
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  };
  const watching = watch();
  return {
    looks: () => looks,
    async stop() {
      stopped = true;
      await watching;
      return [...new Set(faults)];
    },
  };
}
