import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { ask } from './raw-client.ts';
import { until } from './until.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are read freely in tests.
type Json = any;

export type FacadeProcess = {
  readonly child: ChildProcess;
  readonly url: string;
  readonly adminUrl: string;
  /** What it wrote so far, both streams. */
  readonly output: { text: string };
  get(path: string, token?: string): Promise<Json>;
  post(path: string, body: object, token?: string): Promise<Json>;
  end(signal: NodeJS.Signals): Promise<void>;
};

const ROUTE = `route: articles
match: ["GET /api/articles", "POST /api/articles"]
candidate: catalog
data: none
stages: [canary 30%, canary 50%, candidate]
`;

/** Facade processes of a suite, each with a plan folder of its own under one temporary folder. */
export class FacadeProcesses {
  readonly #folder = mkdtempSync(join(tmpdir(), 'fig-facades-'));
  readonly #upstreams: { legacy: string; candidate: string };
  readonly #running: FacadeProcess[] = [];
  #homes = 0;

  constructor(upstreams: { legacy: string; candidate: string }) {
    this.#upstreams = upstreams;
  }

  /** A new working folder with a plan in `plan/`; `extra` goes into plan.yaml. */
  home(extra = ''): string {
    const path = join(this.#folder, `${++this.#homes}`);
    const { legacy, candidate } = this.#upstreams;
    mkdirSync(join(path, 'plan', 'routes'), { recursive: true });
    writeFileSync(
      join(path, 'plan', 'plan.yaml'),
      `version: 1
publicUrl: http://127.0.0.1:8080
legacy: { url: "${legacy}" }
candidates: { catalog: { url: "${candidate}" } }
cohort: [ { cookie: sid }, address ]
expose: true
${extra}
`,
    );
    writeFileSync(join(path, 'plan', 'routes', 'articles.yaml'), ROUTE);
    return path;
  }

  /** `decisions: false` keeps no lines of the decision log, for runs of a million requests. */
  async start(
    cwd: string,
    args: string[] = [],
    env: Record<string, string> = {},
    { decisions = true } = {},
  ): Promise<FacadeProcess> {
    const ports = args.includes('--port') ? [] : ['--port', '0'];
    const main = join(import.meta.dirname, '..', 'main.ts');
    const child = spawn(process.execPath, [main, '--plan', 'plan', ...ports, '--admin-port', '0', ...args], {
      cwd,
      env: {
        PATH: process.env.PATH,
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
        FIG_ADMIN_TOKEN: 'secret',
        FIG_SECRET: 'x'.repeat(16),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { text: '' };
    for (const stream of [child.stdout, child.stderr])
      keepLines(stream, (line) => {
        if (decisions || !line.includes('"msg":"request"')) output.text += line;
      });
    const listening = () => {
      if (child.exitCode !== null) throw new Error(`the facade ended: ${output.text}`);
      return output.text.split('\n').find((text) => text.includes('"msg":"listening"'));
    };
    const line = await until('the facade to listen', listening, 90_000);
    const { url, adminUrl } = JSON.parse(line) as { url: string; adminUrl: string };
    const call = async (path: string, token: string, body?: object) => {
      const send = () =>
        ask(adminUrl, {
          path,
          method: body ? 'POST' : 'GET',
          headers: { authorization: `Bearer ${token}` },
          ...(body ? { body: JSON.stringify(body) } : {}),
        });
      // A machine at its limit may reset a connection before anybody has accepted it; a question can be asked again.
      const answer = await send().catch((error: NodeJS.ErrnoException & { fresh?: boolean }) => {
        if (body || error.code !== 'ECONNRESET' || !error.fresh) throw error;
        return send();
      });
      return { ...JSON.parse(answer.body.toString()), status: answer.status };
    };
    const facade: FacadeProcess = {
      child,
      url,
      adminUrl,
      output,
      get: (path, token = 'secret') => call(path, token),
      post: (path, body, token = 'secret') => call(path, token, body),
      async end(signal) {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exited = once(child, 'exit');
        child.kill(signal);
        await exited;
      },
    };
    this.#running.push(facade);
    return facade;
  }

  async endAll(): Promise<void> {
    await Promise.all(this.#running.splice(0).map((facade) => facade.end('SIGKILL')));
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/**
 * A port that nobody listens on, for a process that must come back on the same one: not of those that the system gives to
 * connections by itself (Linux: from 32768).
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const probe = createServer();
    const listening = new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false)).once('listening', () => resolve(true));
    });
    const port = randomInt(15_000, 32_000);
    probe.listen(port, '127.0.0.1');
    if (!(await listening)) continue;
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }
}

export type Load = { stop(): Promise<{ answered: number; failed: string[] }> };

/** Between two requests of a client under load: hundreds come in a second, and the machine has time for what is tested. */
export const BREATH_MS = 5;

/** Clients that read one path of each facade over and over; `failed` tells of all that is not 200. */
export function loadOn(urls: string[], path: string): Load {
  const failed: string[] = [];
  let answered = 0;
  let stopped = false;
  const client = async (url: string, id: number) => {
    while (!stopped) {
      const headers = { cookie: `sid=${id}-${answered}` };
      const status = await ask(url, { path, headers }).then(
        (answer) => answer.status,
        (error: Error) => error.message,
      );
      if (status === 200) answered++;
      else failed.push(`${url} ${status}`);
      await wait(BREATH_MS);
    }
  };
  const clients = urls.flatMap((url, i) => [client(url, i), client(url, -i)]);
  return {
    async stop() {
      stopped = true;
      await Promise.all(clients);
      return { answered, failed };
    },
  };
}

function keepLines(stream: Readable, keep: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() as string;
    for (const line of lines) keep(`${line}\n`);
  });
  stream.on('end', () => keep(rest));
}
