/** Nothing runs in this thread for `ms`, and what runs next are timers. */
export async function standStill(ms: number): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
