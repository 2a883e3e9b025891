import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { addressOf } from './connections.ts';
import { Looks, lookEveryMs, type Pace, PaceMeter } from './pace.ts';

/** What libuv knows of a connection; the public figures tell of a write only when all of it is through. */
type Handle = { readonly bytesWritten: number; readonly writeQueueSize: number };

type Reader = { readonly socket: Socket; readonly meter: PaceMeter };

/**
 * Cuts off clients that take too little of what waits for them: an upstream that is through with its answer has no
 * timeout left, and a client that reads nothing would keep connection and place for ever.
 */
export function cutSlowReaders(server: Server, pace: () => Pace, onCut: (socket: Socket) => void): void {
  const readers = new Map<string, Reader>();
  const looks = new Looks(
    () => lookEveryMs(pace()),
    (now) => {
      for (const { socket, meter } of readers.values()) {
        const handle = (socket as Socket & { _handle?: Handle | null })._handle;
        if (!handle) continue;
        const { bytesWritten, writeQueueSize } = handle;
        if (!meter.tooSlow(writeQueueSize > 0, bytesWritten - writeQueueSize, pace(), now)) continue;
        onCut(socket);
        socket.destroy();
      }
      return readers.size > 0;
    },
  );
  // Below TLS too this is the socket that the kernel takes bytes from.
  server.on('connection', (socket: Socket) => {
    const address = addressOf(socket);
    readers.set(address, { socket, meter: new PaceMeter() });
    socket.once('close', () => readers.delete(address));
    looks.begin();
  });
  // What goes over an upgraded connection may wait as long as its two ends agree.
  server.prependListener('upgrade', ({ socket }: IncomingMessage) => readers.delete(addressOf(socket)));
}
