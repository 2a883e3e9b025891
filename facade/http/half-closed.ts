import type { Server, ServerResponse } from 'node:http';
import { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Turns } from './turns.ts';

/**
 * When a client that has said its last word is asked whether it is still there, counted from then. Two are needed: the
 * first is refused by the system of one that is gone, and the next one finds the connection reset.
 */
const ASKED_AT_MS = [100, 200, 1_000];
/** How long an answer may stand still for a client that ended its side in the middle of it. */
const STILL_MS = 1_000;

type Known = {
  readonly turns: Turns;
  /** An event stream is under way on the connection. */
  readonly isEventStream: (socket: Socket) => boolean;
  readonly idleMs: () => number;
};

/**
 * Answers clients that end their side behind their last request and wait for its answer. One that is gone ends its side
 * just so, and only what is sent to it tells:
 * - before the answer, `100 Continue`, which clients of HTTP/1.1 skip, asked for or not (RFC 9110 §15.2);
 * - in the middle of it, its next bytes. One that then stands still has no client: who half-closes does so in front of
 *   the answer, but for a race;
 * - of an event stream nothing, for hours. It ends with its client's side.
 */
export function answerHalfClosed(server: Server, known: Known): void {
  // Not in its types: Node would end the other side with the client's, and lose the answer.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    // Over TLS only from here on: one that leaves in the middle of its handshake has left.
    socket.allowHalfOpen = true;
    socket.once('end', () => onEnd(socket, known));
  });
}

function onEnd(socket: Socket, { turns, isEventStream, idleMs }: Known): void {
  if (isEventStream(socket)) return void socket.destroy();
  const response = turns.latest(socket);
  if (!response || response.closed) return;
  if (response.headersSent) endStandingStill(response, socket, Math.min(STILL_MS, idleMs() / 2 || STILL_MS));
  else if (response.req.httpVersionMinor > 0) askIfThere(response, socket);
}

function askIfThere(response: ServerResponse, socket: Socket): void {
  const ask = () => {
    // Only in front of an answer that has not begun, when all those before it are through.
    if (response.socket === socket && !response.headersSent) response.writeContinue();
  };
  const timers = ASKED_AT_MS.map((ms) => setTimeout(ask, ms).unref());
  response.once('close', () => {
    for (const timer of timers) clearTimeout(timer);
  });
}

/** Sooner than the upstream would be blamed for it. */
function endStandingStill(response: ServerResponse, socket: Socket, everyMs: number): void {
  let written = socket.bytesWritten;
  const timer = setInterval(() => {
    const stands = written === socket.bytesWritten && !response.writableNeedDrain;
    if (stands && !response.writableEnded) socket.destroy();
    written = socket.bytesWritten;
  }, everyMs).unref();
  response.once('close', () => clearInterval(timer));
}
