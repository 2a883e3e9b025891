const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const stops: (() => Promise<void>)[] = [];
let ending: Promise<void> | null = null;

/** Ends what was started, the last first; once, however often it is asked for. */
export function tearDown(): Promise<void> {
  ending ??= (async () => {
    for (let stop = stops.pop(); stop; stop = stops.pop()) await stop().catch(() => {});
  })();
  return ending;
}

/** `stop` runs once: by whoever calls what this gives back, or when the bench is told to end before. */
export function stopAtEnd(stop: () => Promise<void>): () => Promise<void> {
  let stopped: Promise<void> | null = null;
  const once = () => (stopped ??= stop());
  stops.push(once);
  return once;
}

/** A bench that is told to end leaves no server behind. */
export function tearDownOnSignals(): void {
  for (const signal of SIGNALS)
    process.once(signal, () => {
      void tearDown().then(() => process.exit(1));
    });
}
