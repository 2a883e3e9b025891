import type { AddressInfo, Server } from 'node:net';

/** Listens on a free port of the loopback and prints it as the first line; ends with SIGTERM. */
export function announce(server: Server): void {
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
  });
  process.on('SIGTERM', () => process.exit(0));
}

/** The upstream's origin, given as the first argument. */
export function upstream(): string {
  return process.argv[2] as string;
}
