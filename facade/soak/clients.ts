import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Ending, Tally } from './tally.ts';

export type ClientOptions = {
  readonly url: string;
  readonly tally: Tally;
  readonly stopped: () => boolean;
  /** How often positions moved: a WebSocket may be closed by the facade when its route leads elsewhere. */
  readonly moves: () => number;
};

/** One client does one thing after the other until it is stopped. */
type Client = (options: ClientOptions, n: number) => Promise<void>;

export const COPIED_READ = 'read that is copied';

/** How many of each kind there are at full load. */
export const CLIENTS: readonly { readonly kind: Client; readonly count: number }[] = [
  { kind: readsOf('read', '/api/articles'), count: 20 },
  { kind: readsOf(COPIED_READ, '/copied/few'), count: 8 },
  // Beyond what is compared on the main thread.
  { kind: readsOf(`${COPIED_READ}, 40 KiB`, '/copied/many'), count: 2 },
  { kind: writes, count: 6 },
  { kind: uploads, count: 2 },
  { kind: slowDownloads, count: 4 },
  { kind: eventStreams, count: 6 },
  { kind: webSockets, count: 6 },
  { kind: leavers, count: 2 },
  { kind: halfRequests, count: 2 },
];

type Heard = { readonly ok: boolean; readonly upstream?: string | undefined; readonly detail: string };

/** One request; `check` says whether the whole answer is right. */
async function exchange(
  { url, tally }: ClientOptions,
  kind: string,
  options: RequestOptions,
  body: Buffer | null,
  check: (answer: IncomingMessage) => Promise<string | null>,
): Promise<void> {
  const started = performance.now();
  let upstream: string | undefined;
  const heard = await new Promise<Heard>((resolve) => {
    const request = httpRequest(url, options, (answer) => {
      upstream = answer.headers['x-fig-upstream'] as string | undefined;
      const fault = (error: Error) => resolve({ ok: false, detail: `broken answer: ${error.message}` });
      answer.on('error', fault);
      if (answer.statusCode === 200)
        return void check(answer).then(
          (wrong) => resolve({ ok: wrong === null, detail: wrong ?? '' }),
          fault,
        );
      textOf(answer).then(
        (text) => resolve({ ok: false, detail: `${answer.statusCode} ${codeIn(text)}` }),
        fault,
      );
    });
    request.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ ok: false, detail: error.code ?? error.message }),
    );
    request.end(body ?? undefined);
  });
  tally.add({ kind, started, ended: performance.now(), upstream, ...heard });
  // A facade that fails at once must not be asked a thousand times in the same second.
  if (!heard.ok) await wait(100);
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer) text += chunk;
  return text;
}

function codeIn(text: string): string {
  try {
    return String((JSON.parse(text) as { code?: string }).code);
  } catch {
    return text.slice(0, 80);
  }
}

function readsOf(kind: string, pathname: string): Client {
  return async (options, n) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let sent = 0; !options.stopped(); sent++) {
      const headers = { cookie: `sid=${n}-${sent % 100}` };
      const path = `${pathname}?n=${sent}`;
      await exchange(options, kind, { path, agent, headers }, null, async (answer) => {
        const text = await textOf(answer);
        return text.includes(`"n":"${sent}"`) ? null : `another answer: ${text.slice(0, 80)}`;
      });
    }
    agent.destroy();
  };
}

async function writes(options: ClientOptions, n: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let sent = 0; !options.stopped(); sent++)
    await upload(options, 'write', randomBytes(500), {
      path: '/api/articles',
      agent,
      headers: { cookie: `sid=w${n}-${sent}` },
    });
  agent.destroy();
}

async function uploads(options: ClientOptions): Promise<void> {
  while (!options.stopped()) {
    await upload(options, 'upload, 2 MiB', randomBytes(2 * 1024 * 1024), { path: '/files/up', agent: false });
    await wait(50);
  }
}

function upload(options: ClientOptions, kind: string, body: Buffer, to: RequestOptions): Promise<void> {
  const hash = createHash('sha256').update(body).digest('hex');
  const headers = { ...to.headers, 'content-length': body.length };
  return exchange(options, kind, { ...to, method: 'POST', headers }, body, async (answer) =>
    (await textOf(answer)).includes(hash) ? null : 'the upstream got another body',
  );
}

/** A client that reads 1 MiB in sips, so that everything behind it has to wait. */
async function slowDownloads(options: ClientOptions): Promise<void> {
  const size = 1024 * 1024;
  while (!options.stopped())
    await exchange(
      options,
      'slow download, 1 MiB',
      { path: `/files/${size}`, agent: false },
      null,
      async (answer) => {
        let bytes = 0;
        for await (const chunk of answer) {
          bytes += (chunk as Buffer).length;
          await wait(20);
        }
        return bytes === size ? null : `${bytes} of ${size} bytes`;
      },
    );
}

/** A stream is right when every event comes, in order. */
async function eventStreams(options: ClientOptions): Promise<void> {
  const TICKS = 10;
  while (!options.stopped())
    await exchange(options, 'event stream', { path: '/live/events', agent: false }, null, async (answer) => {
      let text = '';
      for await (const chunk of answer) {
        text += chunk;
        if (text.includes(`data: ${TICKS}\n\n`)) break;
      }
      const expected = Array.from({ length: TICKS + 1 }, (_, tick) => `data: ${tick}\n\n`).join('');
      return text.startsWith(expected) ? null : `events are missing: ${JSON.stringify(text.slice(-60))}`;
    });
}

async function webSockets(options: ClientOptions): Promise<void> {
  while (!options.stopped()) {
    const started = performance.now();
    const movesBefore = options.moves();
    const socket = new WebSocket(`${options.url.replace('http', 'ws')}/live/ws`);
    let upstream: string | undefined;
    socket.on('upgrade', (answer) => {
      upstream = answer.headers['x-fig-upstream'] as string | undefined;
    });
    const refused = new Promise<string>((resolve) => {
      socket.on('unexpected-response', (_request, answer) => {
        upstream = answer.headers['x-fig-upstream'] as string | undefined;
        textOf(answer).then(
          (text) => resolve(`${answer.statusCode} ${codeIn(text)}`),
          () => resolve('broken'),
        );
      });
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      socket.on('close', (code) => resolve(`closed with ${code}`));
    });
    const wrong = await Promise.race([converse(socket, options), refused]);
    socket.terminate();
    // The facade closes connections to the side that a route has left.
    const left = wrong?.startsWith('closed') === true && options.moves() > movesBefore;
    const ending: Ending = {
      kind: 'WebSocket',
      ok: wrong === null || left,
      started,
      ended: performance.now(),
      upstream,
      detail: wrong ?? '',
    };
    options.tally.add(ending);
    if (!ending.ok) await wait(100);
  }
}

async function converse(socket: WebSocket, { stopped }: ClientOptions): Promise<string | null> {
  await once(socket, 'open');
  for (let n = 0; n < 20 && !stopped(); n++) {
    const sent = n === 10 ? randomBytes(256 * 1024) : randomBytes(100);
    const echo = once(socket, 'message');
    socket.send(sent);
    const [data] = (await echo) as [Buffer];
    if (!data.equals(sent)) return 'another message came back';
    await wait(100);
  }
  return null;
}

/** Clients that go away in the middle. Nothing can fail for them; they leave things behind. */
async function leavers({ url, stopped, tally }: ClientOptions): Promise<void> {
  while (!stopped()) {
    const started = performance.now();
    const request = httpRequest(url, { path: '/files/50000000', agent: false });
    const answered = once(request, 'response');
    request.on('error', () => {}).end();
    const answer = await answered.then(
      ([message]) => message as IncomingMessage,
      () => null,
    );
    if (answer)
      await Promise.race([
        once(
          answer.on('error', () => {}),
          'data',
        ).catch(() => {}),
        wait(1000),
      ]);
    request.destroy();
    tally.add({ kind: 'left in the middle', ok: true, started, ended: performance.now() });
    await wait(50);
  }
}

/** Half a head, then silence, then gone. */
async function halfRequests({ url, stopped, tally }: ClientOptions): Promise<void> {
  const { hostname, port } = new URL(url);
  while (!stopped()) {
    const started = performance.now();
    const socket = connect(Number(port), hostname).on('error', () => {});
    socket.write('GET /api/articles HTTP/1.1\r\nHo');
    await wait(300);
    socket.destroy();
    tally.add({ kind: 'half a request', ok: true, started, ended: performance.now() });
  }
}
