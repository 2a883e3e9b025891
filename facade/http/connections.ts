import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The client connections of a server, and which of them carry a request. */
export type Connections = {
  /** From now on only connections that carry a request stay, each until its answer is out. */
  drain(): void;
  destroyAll(): void;
};

type Connection = { socket: Socket; inFlight: number };

export function watchConnections(server: Server): Connections {
  // By address: a TLS socket and the TCP socket below it are two objects and one connection.
  const connections = new Map<string, Connection>();
  let draining = false;
  const keyOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;
  const endIfIdle = ({ socket, inFlight }: Connection) => {
    if (draining && inFlight === 0) socket.destroySoon();
  };
  const begin = (request: IncomingMessage) => {
    const connection = connections.get(keyOf(request.socket));
    if (!connection) return undefined;
    // The TLS socket, where there is one: only through it can a connection end after its last byte.
    connection.socket = request.socket;
    connection.inFlight++;
    return connection;
  };
  server.on('connection', (socket: Socket) => {
    const key = keyOf(socket);
    connections.set(key, { socket, inFlight: 0 });
    socket.once('close', () => connections.delete(key));
  });
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const connection = begin(request);
    if (!connection) return;
    response.once('close', () => {
      connection.inFlight--;
      endIfIdle(connection);
    });
  });
  // An upgraded connection carries its request until it closes.
  server.prependListener('upgrade', begin);
  return {
    drain() {
      draining = true;
      // Silent ones and those with half a head: a peer that sends no whole request is owed no answer.
      for (const connection of connections.values())
        if (connection.inFlight === 0) connection.socket.destroy();
    },
    destroyAll() {
      for (const { socket } of connections.values()) socket.destroy();
    },
  };
}
