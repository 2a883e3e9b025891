import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import type { Logger } from 'pino';
import { StartError } from './env.ts';

export type Serving = {
  readonly url: string;
  /** Stops accepting, finishes what is in flight, then runs `onStop`. Safe to call twice. */
  stop(): Promise<void>;
};

/** Listens and prints the `listening` line. Throws StartError when the port is taken or the address is not ours. */
export async function serve(
  app: Express,
  options: {
    readonly host: string;
    readonly port: number;
    readonly log: Logger;
    readonly onStop: () => Promise<void> | void;
  },
): Promise<Serving> {
  const server = http.createServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, options)));
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  const url = `http://${host}:${port}`;
  let stopped: Promise<void> | null = null;
  const stop = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    // A kept-alive connection turns idle only when its last answer is out; server.close alone would wait for it.
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    await closed;
    clearInterval(sweep);
    await options.onStop();
  };
  options.log.info({ url }, 'listening');
  return {
    url,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

function listenError(error: NodeJS.ErrnoException, { host, port }: { host: string; port: number }): Error {
  if (error.code === 'EADDRINUSE')
    return new StartError(
      `port ${port} is in use. Set PORT to another one, or stop the process that holds it`,
    );
  if (error.code === 'EACCES')
    return new StartError(`port ${port}: not allowed to listen there. Set PORT to one above 1023`);
  return new StartError(
    `HOST: expected an address of this machine, got \`${host}\` (${error.code}). Set HOST to e.g. 127.0.0.1`,
  );
}

/**
 * Runs a process's composition root: SIGTERM and SIGINT stop it and exit 0; a StartError is one line (per problem) on
 * stderr and exit 1.
 */
export async function runMain(start: () => Promise<Serving>): Promise<void> {
  let stopNow = () => {};
  let isStopWanted = false;
  const stop = () => {
    isStopWanted = true;
    stopNow();
  };
  // Before the start: whoever stops the process as soon as it listens must find somebody at home.
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  try {
    const serving = await start();
    stopNow = () => {
      serving.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`stop failed: ${String(error)}\n`);
          process.exit(1);
        },
      );
    };
    if (isStopWanted) stopNow();
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
