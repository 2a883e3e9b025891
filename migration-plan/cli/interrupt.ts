/**
 * Runs `work` with a signal that Ctrl-C or SIGTERM aborts, so that it ends in order: what there is stays, and what was
 * started stops. A second one ends the process as if nobody listened.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupt = new AbortController();
  const abort = () => {
    interrupt.abort();
    release();
  };
  const release = () => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, abort);
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, abort);
  try {
    return await work(interrupt.signal);
  } finally {
    release();
  }
}
