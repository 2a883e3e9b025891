import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { until } from '../test-kit/until.ts';

/** As Linux tells it. One that nobody has buried is dead all the same. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z';
  } catch {
    return false;
  }
}

const onLinux = process.platform === 'linux' ? test : test.skip;
const reason = process.platform === 'linux' ? '' : ' (skipped: no /proc to find it in)';

/** Starts a peer as the bench does, says its process id, and waits. */
const BENCH = `
import { startScript } from ${JSON.stringify(join(import.meta.dirname, 'proxies.ts'))};
console.log((await startScript('upstream.ts')).pid);
setInterval(() => {}, 1000);
`;

onLinux.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
  `a bench that is ended by %s leaves no process behind${reason}`,
  async (signal) => {
    const bench = spawn(process.execPath, ['--input-type=module', '-e', BENCH], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const peer = Number((await once(bench.stdout, 'data'))[0]);
    expect(isAlive(peer)).toBe(true);
    bench.kill(signal);
    await until('the peer to be gone', () => !isAlive(peer));
  },
);
