import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { migrate } from './db/migrate.ts';
import { SQLITE_KIND, type TestDatabase } from './testing/databases.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await SQLITE_KIND.create();
  await migrate(database.open());
});
afterAll(() => database.drop());

function start(env: Record<string, string>): ChildProcess & { lines: AsyncIterator<string> } {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return Object.assign(child, { lines: linesOf(child) });
}

async function* linesOf(child: ChildProcess): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of child.stdout!) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop()!;
    yield* parts;
  }
}

async function failure(env: Record<string, string>): Promise<{ code: number | null; stderr: string }> {
  const child = start(env);
  let stderr = '';
  child.stderr!.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, stderr };
}

test('says where it listens, answers, and stops on SIGTERM with exit code 0', async () => {
  const child = start({ PORT: '0', DATABASE_URL: database.url, SESSION_SECRET: 'long enough' });
  const closed = once(child, 'close');
  const line = JSON.parse((await child.lines.next()).value as string);
  expect(line).toMatchObject({ msg: 'listening', url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) });
  expect(await (await fetch(`${line.url}/ping`)).text()).toBe('pong');
  child.kill('SIGTERM');
  expect(await closed).toEqual([0, null]);
});

test('names a busy port and what to do', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const port = String((other.address() as AddressInfo).port);
  const result = await failure({ PORT: port, DATABASE_URL: database.url, SESSION_SECRET: 'long enough' });
  other.close();
  expect(result).toEqual({
    code: 1,
    stderr: `port ${port} is in use. Set PORT to another one, or stop the process that holds it\n`,
  });
});

test.each([
  [{ PORT: '99999' }, /^PORT: expected a number from 0 to 65535, got 99999\. Do /],
  [{ PORT: '-1' }, /^PORT: expected/],
  [{ SESSION_SECRET: 'short' }, /^SESSION_SECRET: expected at least 8 characters, got 5\. Do /],
  [{}, /^DATABASE_URL: expected .* got nothing\. Do /],
  [
    { DATABASE_URL: 'mysql://u:geheim@127.0.0.1:1/shop' },
    /^database shop at 127\.0\.0\.1:1 cannot be used: .*ECONNREFUSED/,
  ],
  [
    { DATABASE_URL: 'mysql://u:geheim@127.0.0.1' },
    /^DATABASE_URL: expected .* got a URL without a database name/,
  ],
  [{ DATABASE_URL: 'geheim' }, /^DATABASE_URL: expected .* got something that is no URL/],
])('rejects %j in one line, and never prints a password', async (env, line) => {
  const { code, stderr } = await failure({ PORT: '0', ...env });
  expect(code).toBe(1);
  expect(stderr).toMatch(line);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).not.toContain('geheim');
});
