/**
 * Waits until `check` gives something truthy, or throws with what was awaited. Asks ever less often, so that what is
 * awaited has the machine: a tenth of the time so far lies between two looks, 5 to 100 ms.
 */
export async function until<T>(
  what: string,
  check: () => T | Promise<T>,
  ms = 30_000,
): Promise<NonNullable<T>> {
  const begun = performance.now();
  for (;;) {
    const value = await check();
    if (value) return value;
    const waitedMs = performance.now() - begun;
    if (waitedMs > ms) throw new Error(`gave up waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, Math.min(100, Math.max(5, waitedMs / 10))));
  }
}
