import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type TcpGate = {
  /** The URL it was made for, with the gate's address in it. */
  readonly url: string;
  /** Cuts what stands and refuses what comes. */
  shut(): void;
  /** Keeps what stands and what comes, and carries nothing: a network that swallows. */
  stall(): void;
  open(): void;
  close(): Promise<void>;
};

/** A door on the way to a server, to take that server away. */
export async function tcpGate(target: string): Promise<TcpGate> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let state: 'open' | 'shut' | 'stalled' = 'open';
  const server = createServer((near) => {
    if (state === 'shut') return void near.destroy();
    sockets.add(near.on('error', () => {}));
    if (state === 'stalled') return void near.pause();
    const far = connect(Number(port), hostname);
    sockets.add(far.on('error', () => {}));
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    near.pipe(far).pipe(near);
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    shut() {
      state = 'shut';
      cut();
    },
    stall() {
      state = 'stalled';
      for (const socket of sockets) socket.unpipe().pause();
    },
    open() {
      if (state === 'stalled') cut();
      state = 'open';
    },
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
