import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import { type Logger, pino } from 'pino';
import {
  oneOf,
  port,
  readEnvironment,
  StartupError,
  text,
  type Values,
  type Variable,
} from './environment.ts';

/** What a service hands over once it is wired: the app to serve and how to let go of what it holds. */
type Composition = { readonly app: Express; readonly close: () => Promise<void> };

type Context<S extends Record<string, Variable<unknown>>> = {
  readonly env: Values<S>;
  readonly log: Logger;
  readonly identity: { readonly service: string; readonly version: string; readonly build: string };
  readonly stopping: () => boolean;
};

export type ServiceDefinition<S extends Record<string, Variable<unknown>>> = {
  readonly name: string;
  readonly defaultPort: number;
  readonly environment: S;
  readonly compose: (context: Context<S>) => Promise<Composition>;
};

/** In-flight requests get this long after SIGTERM before their connections are cut. */
const shutdownMs = 10_000;

/**
 * Runs a service as this process: reads the environment (PORT, HOST, LOG_LEVEL, BUILD_ID and the service's own),
 * composes, listens, prints one `listening` line, and on SIGTERM or SIGINT stops accepting, finishes what is in
 * flight, lets go and exits 0. Whatever keeps it from starting is one line on stderr and exit 1.
 */
export async function runService<S extends Record<string, Variable<unknown>>>(
  definition: ServiceDefinition<S>,
): Promise<void> {
  try {
    await start(definition);
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

async function start<S extends Record<string, Variable<unknown>>>(
  definition: ServiceDefinition<S>,
): Promise<void> {
  const common = {
    PORT: port(definition.defaultPort),
    HOST: text('127.0.0.1'),
    LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'info'),
    BUILD_ID: text('dev'),
  };
  const env = readEnvironment({ ...definition.environment, ...common }, process.env);
  const { PORT, HOST, LOG_LEVEL, BUILD_ID } = env as Values<typeof common>;
  const identity = { service: definition.name, version: packageVersion(), build: BUILD_ID };
  // The start line is part of the contract with whoever starts the process, whatever the level of the rest.
  const log = pino({ base: { service: definition.name } });
  let stopping = false;
  // Before anything is in flight a signal simply ends the process.
  const quitEarly = () => process.exit(0);
  process.once('SIGTERM', quitEarly).once('SIGINT', quitEarly);
  const requestLog = pino({ level: LOG_LEVEL, base: { service: definition.name } });
  const { app, close } = await definition.compose({
    env,
    log: requestLog,
    identity,
    stopping: () => stopping,
  });
  const server = createServer(app);
  await listen(server, PORT, HOST);

  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    requestLog.info({ signal }, 'stopping');
    const cut = setTimeout(() => server.closeAllConnections(), shutdownMs);
    // A connection that was busy at the signal is kept alive after its answer: nobody will use it again.
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    server.close(async () => {
      clearTimeout(cut);
      clearInterval(sweep);
      await close().catch((error) => requestLog.error({ err: error }, 'close failed'));
      process.exit(0);
    });
  };
  process.off('SIGTERM', quitEarly).off('SIGINT', quitEarly);
  process.on('SIGTERM', stop).on('SIGINT', stop);
  log.info({ url: urlOf(server), version: identity.version, build: identity.build }, 'listening');
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reasons: Record<string, string> = {
        EADDRINUSE: `port ${port} is in use. Set PORT to another one, or stop the process that holds it`,
        EACCES: `port ${port} needs rights that this user lacks. Set PORT to one above 1023`,
        EADDRNOTAVAIL: `HOST: expected an address of this machine, got ${host}. Set it to e.g. 127.0.0.1`,
        ENOTFOUND: `HOST: expected an address of this machine, got ${host}. Set it to e.g. 127.0.0.1`,
      };
      reject(
        new StartupError(reasons[error.code ?? ''] ?? `cannot listen on ${host}:${port}: ${error.message}`),
      );
    });
    server.listen(port, host, resolve);
  });
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function packageVersion(): string {
  return JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')).version;
}
