import { connect, createServer, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

/** A thread of its own, on time however busy the rest of the process is. */
export type PunctualPeer = {
  /** Sent one by one, `pauseMs` before each. */
  readonly pieces: readonly string[];
  readonly pauseMs: number;
  /** Where to connect to; null: it listens, tells its port, and sends when it was sent something, which it tells. */
  readonly port: number | null;
};

const { pieces, pauseMs, port } = workerData as PunctualPeer;

async function send(socket: Socket): Promise<void> {
  for (const piece of pieces) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    socket.write(piece);
  }
}

if (port === null) {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      parentPort?.postMessage('asked');
      void send(socket);
    });
  });
  server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as { port: number }).port));
} else {
  const socket = connect(port, '127.0.0.1', () => parentPort?.postMessage('connected'));
  let heard = '';
  socket
    .on('error', () => {})
    .on('data', (bytes) => {
      heard += bytes.toString('latin1');
    });
  socket.on('close', () => parentPort?.postMessage({ heard }));
  void send(socket);
}
