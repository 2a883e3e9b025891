import { createServer, type Socket } from 'node:net';

/** One connection to an upstream that is nothing but its script. */
export type Wire = {
  readonly socket: Socket;
  /** All that came so far, latin1. */
  text: string;
  /** The other side ended or reset it. */
  ended: boolean;
};

export type SocketUpstream = {
  readonly url: string;
  readonly wires: readonly Wire[];
  close(): Promise<void>;
};

/** An upstream that speaks no protocol by itself: `onData` is called with every connection that said something. */
export async function socketUpstream(
  onData: (wire: Wire) => void,
  onConnect: (wire: Wire) => void = () => {},
): Promise<SocketUpstream> {
  const wires: Wire[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const wire: Wire = { socket, text: '', ended: false };
    wires.push(wire);
    const end = () => {
      wire.ended = true;
    };
    socket.on('error', end).on('end', end).on('close', end);
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      wire.text += chunk;
      onData(wire);
    });
    onConnect(wire);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    wires,
    async close() {
      for (const { socket } of wires) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
