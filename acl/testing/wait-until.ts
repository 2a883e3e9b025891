/**
 * Asks again until `probe` gives something; throws when `deadlineMs` has passed. Asks ever less often, so that what is
 * awaited has the machine: a tenth of the time so far lies between two looks, 5 to 100 ms.
 */
export async function waitUntil<T>(
  probe: () => Promise<T | null | undefined | false>,
  what: string,
  deadlineMs = 30_000,
): Promise<T> {
  const begun = performance.now();
  for (;;) {
    const found = await probe();
    if (found) return found;
    const waitedMs = performance.now() - begun;
    if (waitedMs > deadlineMs) throw new Error(`${what}: not within ${deadlineMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, Math.min(100, Math.max(5, waitedMs / 10))));
  }
}
