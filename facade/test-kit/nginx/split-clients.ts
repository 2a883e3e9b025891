import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VECTOR_ROUTE, VECTOR_SHARES } from './keys.ts';

const BINARY = process.env.NGINX_BINARY || 'nginx';

/** `nginx/1.22.1`, null when there is no nginx on this machine. */
export function nginxVersion(): string | null {
  const { stderr } = spawnSync(BINARY, ['-v'], { encoding: 'utf8' });
  return /nginx\/[\d.]+/.exec(stderr ?? '')?.[0] ?? null;
}

/**
 * Asks a real nginx where each key stands: one digit per key, the index of the first share of `VECTOR_SHARES` that
 * holds it, or `x` for none. nginx runs in a temporary folder, without privileges, and is stopped afterwards.
 */
export async function askNginx(keys: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'fig-nginx-'));
  const port = await freePort();
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder, port));
  const nginx = spawn(
    BINARY,
    ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')],
    {
      stdio: 'ignore',
    },
  );
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    await until(() => ask(agent, port, 'up'), nginx);
    let digits = '';
    for (const key of keys) {
      const first = (await ask(agent, port, key)).indexOf('1');
      digits += first === -1 ? 'x' : String(first);
    }
    return digits;
  } finally {
    agent.destroy();
    if (nginx.exitCode === null) {
      nginx.kill('SIGTERM');
      await once(nginx, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

function configuration(folder: string, port: number): string {
  const blocks = VECTOR_SHARES.map(
    (share, i) => `split_clients "${VECTOR_ROUTE}:$http_x_key" $s${i} { ${share / 100}% 1; * 0; }`,
  );
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${join(folder, kind)};`,
  );
  return `daemon off; master_process off; pid ${join(folder, 'pid')};
events { worker_connections 64; }
http {
  access_log off; keepalive_requests 100000; large_client_header_buffers 4 16k;
  ${temp.join(' ')}
  ${blocks.join('\n  ')}
  server { listen 127.0.0.1:${port}; location / { return 200 "${VECTOR_SHARES.map((_, i) => `$s${i}`).join('')}"; } }
}
`;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

function ask(agent: Agent, port: number, key: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, agent, headers: { 'x-key': key } }, (answer) => {
      let text = '';
      answer.setEncoding('latin1').on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve(text)).on('error', reject);
    })
      .on('error', reject)
      .end();
  });
}

async function until(attempt: () => Promise<unknown>, nginx: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + 10_000; ; ) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (Date.now() > deadline || nginx.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
