import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { LedgerEntry } from './core/ledger.ts';
import { chainFault } from './core/ledger-chain.ts';
import { type AwkwardUpstream, awkwardUpstream } from './test-kit/awkward-upstream.ts';
import { FacadeProcesses, freePort } from './test-kit/facade-process.ts';
import { type Answer, ask } from './test-kit/raw-client.ts';
import { until } from './test-kit/until.ts';

let upstream: AwkwardUpstream;
let facades: FacadeProcesses;
const running: ChildProcess[] = [];
beforeAll(async () => {
  upstream = await awkwardUpstream('legacy');
  facades = new FacadeProcesses({ legacy: upstream.url, candidate: upstream.url });
});
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
});
afterAll(async () => {
  await upstream.close();
  facades.remove();
});

/** A facade none of whose files may grow beyond so many KiB, as on a disk that is full then; its log goes to a file. */
async function facadeOn(home: string, maxKib: number | 'unlimited') {
  const [port, adminPort] = [await freePort(), await freePort()];
  const log = openSync(join(home, 'log'), 'a');
  const main = join(import.meta.dirname, 'main.ts');
  const flags = ['--plan', 'plan', '--port', `${port}`, '--admin-port', `${adminPort}`];
  const limited = `ulimit -S -f ${maxKib}; exec "$0" "$@"`;
  const child = spawn('bash', ['-c', limited, process.execPath, main, ...flags], {
    cwd: home,
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      FIG_ADMIN_TOKEN: 'secret',
      FIG_SECRET: 'x'.repeat(16),
    },
    stdio: ['ignore', log, 'pipe'],
  });
  closeSync(log);
  running.push(child);
  const errors = { text: '' };
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    errors.text += text;
  });
  const [url, adminUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${adminPort}`];
  await until('the facade', () => ask(adminUrl, { path: '/readyz' }).catch(() => null));
  const headers = { authorization: 'Bearer secret' };
  return {
    url,
    errors,
    freeSpace: () => void execFileSync('prlimit', ['--pid', `${child.pid}`, '--fsize=unlimited:unlimited']),
    get: async (path: string) => JSON.parse((await ask(adminUrl, { path, headers })).body.toString()),
    pause: (reason: string) => {
      const body = JSON.stringify({ reason });
      const verb = paused ? 'resume' : 'pause';
      return ask(adminUrl, { path: `/v1/routes/articles/${verb}`, method: 'POST', headers, body }).then(
        (answer) => {
          if (answer.status === 200) paused = !paused;
          return answer;
        },
      );
    },
  };
}
let paused = false;

const codeOf = ({ body }: Answer) => JSON.parse(body.toString()).code as string | undefined;
const ledgerOf = (home: string) => readFileSync(join(home, '.fig', 'ledger.jsonl'), 'utf8');

test('a ledger whose disk is full takes no change and loses none, tears no line, and goes on when there is space', async () => {
  paused = false;
  const home = facades.home();
  const facade = await facadeOn(home, 4);
  let kept = 0;
  const refused = await until('a refusal', async () => {
    const answer = await facade.pause(`the reason that takes space, number ${kept}`);
    if (answer.status === 200) kept++;
    return answer.status === 200 ? null : answer;
  });
  expect([refused.status, codeOf(refused)]).toEqual([503, 'LEDGER_UNWRITABLE']);
  expect(kept).toBeGreaterThan(2);
  const whole = ledgerOf(home);
  expect(whole.endsWith('\n')).toBe(true);
  const entries = whole
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as LedgerEntry);
  expect(entries).toHaveLength(kept);
  for (const [i, entry] of entries.entries()) expect(chainFault(entry, entries[i - 1])).toBeNull();
  // What was refused is not in force, and what is in force is served.
  expect(await facade.get('/v1/routes/articles')).toMatchObject({ version: kept, paused });
  expect((await ask(facade.url, { path: '/api/articles' })).status).toBe(200);
  expect((await facade.pause('again')).status).toBe(503);
  facade.freeSpace();
  expect((await facade.pause('there is space')).status).toBe(200);
  expect(ledgerOf(home).startsWith(whole)).toBe(true);
  expect(await facade.get('/v1/routes/articles')).toMatchObject({ version: kept + 1, paused });
});

test('a decision log whose disk is full costs lines and no request, says so, and goes on when there is space', async () => {
  const home = facades.home();
  const facade = await facadeOn(home, 16);
  const send = async (requests: number, tag: string) => {
    for (let i = 0; i < requests; i++)
      expect((await ask(facade.url, { path: `/api/articles/${tag}` })).status).toBe(200);
  };
  const lines = () => readFileSync(join(home, 'log'), 'utf8').split('\n');
  await send(200, 'early');
  await until('the complaint', () => facade.errors.text.includes('the log cannot be written'));
  expect(readFileSync(join(home, 'log')).length).toBeLessThanOrEqual(16 * 1024);
  facade.freeSpace();
  await send(1, 'late');
  await until('the late line', () => lines().some((line) => line.includes('/late')));
  for (const line of lines().slice(0, -1)) expect(() => JSON.parse(line)).not.toThrow();
  expect(facade.errors.text.match(/the log cannot be written/g)).toHaveLength(1);
});
