import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { connectDatabase, explain, parseDatabaseUrl } from './db/connection.ts';
import { migrate } from './db/migrate.ts';

const STOP_DEADLINE_MS = 10_000;

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const url = parseDatabaseUrl(config.databaseUrl);
  const log = pino({ name: 'legacy' });
  if (config.secretIsRandom) log.warn('SESSION_SECRET is not set: sessions end with this process');
  const db = await connectDatabase(url);
  await migrate(db);

  const legacy = createApp(db, config.sessionSecret, (error, req) => {
    // Not the error itself: Sequelize hangs the statement with its values on it.
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    log.error({ error: `${name}: ${message}`, stack, method: req.method, path: req.path }, 'request failed');
  });
  const server = createServer(legacy.app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(config.port, config.host, resolve);
  });

  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    legacy.stop();
    server.close(() => {
      db.close().then(
        () => process.exit(0),
        (error) => fail(error),
      );
    });
    // A kept-alive connection becomes idle only after its last answer; close() alone has looked by then.
    setInterval(() => server.closeIdleConnections(), 50).unref();
    setTimeout(() => server.closeAllConnections(), STOP_DEADLINE_MS).unref();
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);

  const { address, port, family } = server.address() as AddressInfo;
  log.info(
    { url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`, database: url.label },
    'listening',
  );
}

function fail(error: unknown): void {
  const { code } = error as NodeJS.ErrnoException;
  const port = process.env.PORT || 4101;
  if (code === 'EADDRINUSE') {
    console.error(`port ${port} is in use. Set PORT to another one, or stop the process that holds it`);
  } else if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    console.error(
      `cannot listen on ${process.env.HOST || '127.0.0.1'}:${port} (${code}). Set HOST and PORT to what this machine may use`,
    );
  } else {
    console.error(explain(error));
  }
  process.exit(1);
}

main().catch(fail);
