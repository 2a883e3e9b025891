import type { Logger } from 'pino';

/** A Ctrl-C can arrive twice, from the terminal and from the entry point that passes it on; a person is slower. */
const SAME_SIGNAL_MS = 1_000;

export type SignalHandlers = {
  readonly log: Logger;
  /** On SIGHUP. */
  readonly reload: () => Promise<void>;
  /** On the first SIGTERM or SIGINT: an orderly end. */
  readonly stop: () => Promise<void>;
  /** On one more: whoever sends it does not want to wait. What must not outlive the process goes here. */
  readonly abort: () => Promise<void>;
};

/** Lets signals drive this process: it exits 0 after `stop`, 1 after `abort`. */
export function onSignals({ log, reload, stop, abort }: SignalHandlers): void {
  process.on('SIGHUP', () => {
    reload().catch((error: Error) => log.error({ err: error }, 'reload failed'));
  });
  let stoppingSince: number | null = null;
  const onStop = async (signal: string) => {
    if (stoppingSince !== null) {
      if (performance.now() - stoppingSince < SAME_SIGNAL_MS) return;
      await abort().catch(() => {});
      process.exit(1);
    }
    stoppingSince = performance.now();
    log.info({ signal }, 'stopping');
    await stop();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void onStop(signal));
}
