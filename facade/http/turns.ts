import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

type Listener<R extends ServerResponse> = (request: IncomingMessage, response: R) => void;

/** Requests of one connection, one after the other. */
export type Turns = {
  /** Calls `listener` for a request when the one before it on its connection is answered in full. */
  oneByOne<R extends ServerResponse>(listener: Listener<R>): Listener<R>;
  /** The answer to the last request that a connection has said, under way or through. */
  latest(socket: Duplex): ServerResponse | undefined;
  /**
   * For what a connection says outside of any request: calls `act` when no whole request of it waits for its answer;
   * `unfinished` is the request whose own body it is.
   */
  whenFree(socket: Duplex, act: (unfinished: IncomingMessage | null) => void): void;
};

/**
 * Node hands pipelined requests over as soon as they are read. They are held back here: behind a refused request, or
 * one whose answer closes the connection, there may be bytes that are no requests; and a write comes before the read
 * that was sent after it.
 */
export function createTurns(): Turns {
  const latest = new WeakMap<Duplex, ServerResponse>();
  const isDone = (response: ServerResponse) => response.writableFinished || response.destroyed;
  return {
    oneByOne: (listener) => (request, response) => {
      const { socket } = request;
      const before = latest.get(socket);
      latest.set(socket, response);
      if (!before || isDone(before)) return listener(request, response);
      // Nothing more is read until then: it would all wait here.
      socket.pause();
      before.once('close', () => {
        if (socket.destroyed || !socket.writable) return;
        socket.resume();
        listener(request, response);
      });
    },
    latest: (socket) => latest.get(socket),
    whenFree(socket, act) {
      const last = latest.get(socket);
      if (!last || isDone(last)) return act(null);
      // Its own body is what is malformed: nobody has to wait for it.
      if (!last.req.complete) return last.headersSent ? void socket.destroy() : act(last.req);
      last.once('close', () => {
        if (!socket.destroyed && socket.writable) act(null);
      });
    },
  };
}
