import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The client connections of a server, and which of them carry a request. */
export type Connections = {
  /** From now on each connection ends with its next answer. */
  drain(): void;
  /** Ends those that carry no whole request. */
  destroyIdle(): void;
  destroyAll(): void;
};

type Connection = { socket: Socket; inFlight: number };

/** Tells connections apart: a TLS socket and the TCP socket below it are two objects and one connection. */
export const addressOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

export function watchConnections(server: Server): Connections {
  const connections = new Map<string, Connection>();
  let draining = false;
  const endIfIdle = ({ socket, inFlight }: Connection) => {
    if (draining && inFlight === 0) socket.destroySoon();
  };
  const begin = (request: IncomingMessage) => {
    const connection = connections.get(addressOf(request.socket));
    if (!connection) return undefined;
    // The TLS socket, where there is one: only through it can a connection end after its last byte.
    connection.socket = request.socket;
    connection.inFlight++;
    return connection;
  };
  server.on('connection', (socket: Socket) => {
    const key = addressOf(socket);
    connections.set(key, { socket, inFlight: 0 });
    socket.once('close', () => connections.delete(key));
  });
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    const connection = begin(request);
    if (!connection) return;
    if (draining) response.shouldKeepAlive = false;
    response.once('close', () => {
      connection.inFlight--;
      endIfIdle(connection);
    });
  };
  for (const event of ['request', 'checkContinue', 'checkExpectation'])
    server.prependListener(event, onRequest);
  // An upgraded connection carries its request until it closes.
  server.prependListener('upgrade', begin);
  return {
    drain() {
      draining = true;
    },
    destroyIdle() {
      // Silent ones and those with half a head: a peer that sends no whole request is owed no answer.
      for (const connection of connections.values())
        if (connection.inFlight === 0) connection.socket.destroy();
    },
    destroyAll() {
      for (const { socket } of connections.values()) socket.destroy();
    },
  };
}
