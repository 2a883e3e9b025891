import type { IncomingMessage, ServerResponse } from 'node:http';

/** How long a client may go on sending what nobody wants any more. */
const LINGER_MS = 30_000;
/** The same, where its connection is closed behind the answer. */
const LINGER_CLOSING_MS = 5_000;

/**
 * Lets a client that is still sending its body read an answer that came early. A connection that is closed with bytes
 * unread is reset by the kernel, and the answer is lost with it; so what comes is thrown away for a while.
 */
export function lingerBehind(request: IncomingMessage, response: ServerResponse): void {
  // Before Node's own listener, which closes the connection behind an answer that says so.
  response.prependOnceListener('finish', () => {
    if (request.complete) return;
    const { socket } = request;
    const destroy = () => socket.destroy();
    let timer = setTimeout(destroy, LINGER_MS);
    socket.destroySoon = () => {
      clearTimeout(timer);
      timer = setTimeout(destroy, LINGER_CLOSING_MS);
      socket.end();
      request.once('end', destroy);
    };
    request.once('close', () => {
      clearTimeout(timer);
      Reflect.deleteProperty(socket, 'destroySoon');
    });
    request.unpipe();
    request.resume();
  });
}
