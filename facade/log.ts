import { writeSync } from 'node:fs';
import pino, { type Logger } from 'pino';

/** Lines of many requests go out in one write; what a pipe takes whole (PIPE_BUF) keeps workers' lines apart. */
const WRITE_BYTES = 4096;
const FLUSH_MS = 200;
/** What a reader that stands still may leave behind here; more is dropped, since requests must not wait for it. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

export type Logs = {
  /** Events; each goes out at once. */
  readonly log: Logger;
  /** The decision log, one line per request, written in batches; null when it is switched off. */
  readonly requests: Logger | null;
};

/** The logs of this process, JSON lines on standard output in the order they were made; those of a worker say which. */
export function openLogs(accessLog: boolean, worker?: number): Logs {
  const out = pino.destination({
    dest: 1,
    sync: false,
    minLength: WRITE_BYTES - 1024,
    maxWrite: WRITE_BYTES,
    maxLength: MAX_WAITING_BYTES,
    periodicFlush: FLUSH_MS,
  });
  // A full disk must not end the process: what could not be written is tried again with the next line.
  let complained = false;
  out.on('error', ({ message }: Error) => {
    if (!complained) complain(message);
    complained = true;
  });
  out.on('write', () => {
    complained = false;
  });
  const options = { base: { service: 'facade', ...(worker === undefined ? {} : { worker }) } };
  const log = pino(options, {
    write(line: string) {
      out.write(line);
      out.flush();
    },
  });
  return { log, requests: accessLog ? pino(options, out) : null };
}

function complain(message: string): void {
  const kept = `${MAX_WAITING_BYTES / 1024 / 1024} MiB of lines wait, further ones are lost`;
  try {
    writeSync(
      2,
      `the log cannot be written: ${message}. Requests go on; ${kept}. Free some space on its disk.\n`,
    );
  } catch {
    // Standard error may well be on the same disk.
  }
}
