import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { spawnLeashed } from './leash.ts';

/** A proxy under test: a process tree, and where it listens. */
export type RunningProxy = { readonly pid: number; readonly url: string; stop(): Promise<void> };
export type Peer = {
  readonly name: string;
  /** Why it cannot run here; null when it can. */
  readonly missing: string | null;
  start(upstream: string): Promise<RunningProxy>;
};

const READY_MS = 20_000;

/** Starts one of peers/*.ts, which prints its port. */
export async function startScript(file: string, ...args: string[]): Promise<RunningProxy> {
  const child = spawnLeashed(process.execPath, [join(import.meta.dirname, 'peers', file), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout as Readable })) {
    if (/^\d+$/.test(line)) return runningOn(child, Number(line));
  }
  throw new Error(`peers/${file} ended before it listened`);
}

/** Every proxy that the facade is set beside. */
export const peers: readonly Peer[] = [
  ...(
    [
      ['Express + http-proxy-middleware', 'express-hpm.ts'],
      ['http-proxy-middleware', 'hpm.ts'],
      ['@fastify/http-proxy', 'fastify-http-proxy.ts'],
      ['node:http, bare', 'node-http.ts'],
      ['undici, bare', 'undici.ts'],
    ] as const
  ).map(([name, file]) => ({
    name,
    missing: null,
    start: (upstream: string) => startScript(file, upstream),
  })),
  engine('nginx', (port, upstream) => ({
    file: 'nginx.conf',
    args: (config) => ['-c', config, '-g', 'daemon off;'],
    config: `worker_processes 1; pid PID_FILE; error_log /dev/null;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path TEMP; proxy_temp_path TEMP; fastcgi_temp_path TEMP; uwsgi_temp_path TEMP; scgi_temp_path TEMP;
  upstream app { server ${upstream}; keepalive 128; }
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 100000000;
    location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; }
  }
}
`,
  })),
  engine('haproxy', (port, upstream) => ({
    file: 'haproxy.cfg',
    args: (config) => ['-db', '-q', '-f', config],
    config: `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend in
  bind 127.0.0.1:${port}
  default_backend app
backend app
  http-reuse always
  server one ${upstream}
`,
  })),
];

type EngineRun = { file: string; config: string; args(config: string): string[] };

function engine(name: string, runOf: (port: number, upstream: string) => EngineRun): Peer {
  const program = ['/usr/sbin', '/usr/local/sbin', '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin']
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
  return {
    name,
    missing: program ? null : `no ${name} on this machine`,
    async start(upstream) {
      const port = await freePort();
      const folder = mkdtempSync(join(tmpdir(), 'fig-bench-'));
      const run = runOf(port, new URL(upstream).host);
      const config = join(folder, run.file);
      writeFileSync(
        config,
        run.config.replaceAll('PID_FILE', join(folder, 'pid')).replaceAll('TEMP', join(folder, 'temp')),
      );
      const child = spawnLeashed(program as string, run.args(config), {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      return runningOn(child, port);
    },
  };
}

/** A process that listens on a port, once it answers there. */
export async function runningOn(child: ChildProcess, port: number, path = '/'): Promise<RunningProxy> {
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + READY_MS;
  for (;;) {
    const ready = await fetch(url + path).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) break;
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`${child.spawnfile} did not answer at ${url}${path}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    pid: child.pid as number,
    url,
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
