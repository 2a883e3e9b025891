import type { AddressInfo, Server } from 'node:net';
import { SettingsError } from './settings.ts';

export type Place = {
  readonly port: number;
  readonly host: string;
  /** The flag that names the port, for messages. */
  readonly flag: string;
  /** Other processes of this user may listen on it too; the system spreads connections over them. */
  readonly reusePort?: boolean;
};

/** Binds a server and gives the port it got. Throws `SettingsError` that says what to do about a port it cannot have. */
export function listen(server: Server, { port, host, flag, reusePort = false }: Place) {
  return new Promise<number>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new SettingsError(explain(error, port, host, flag))),
    );
    server.listen({ port, host, reusePort }, () => {
      server.removeAllListeners('error');
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function explain(error: NodeJS.ErrnoException, port: number, host: string, flag: string): string {
  if (error.code === 'EADDRINUSE')
    return `port ${port} is in use. Set ${flag} to another one, or stop the process that holds it.`;
  if (error.code === 'EACCES')
    return `port ${port} may not be used by this user. Set ${flag} to one above 1023.`;
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return `${host} is no address of this machine (port ${port}). Set HOST or ADMIN_HOST to one that is.`;
  return `port ${port} on ${host} cannot be opened: ${error.message}. Set ${flag} to another one.`;
}

/** `http://127.0.0.1:8080`; wildcard addresses are shown as loopback, IPv6 in brackets. */
export function urlOf(scheme: 'http' | 'https', host: string, port: number): string {
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `${scheme}://${shown}:${port}`;
}
