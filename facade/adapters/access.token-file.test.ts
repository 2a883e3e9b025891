import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import pino from 'pino';
import { accessTokenDigest, formatAccessToken, type Role } from '#plan/model/access-token.ts';
import { tokenFileAccess } from './access.token-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'fig-tokens-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const line = (actor: string, role: Role, token: string, expiresAt: string | null = null) =>
  `${formatAccessToken({ actor, role, digest: accessTokenDigest(token), expiresAt })}\n`;

function setUp(text: string | null, mode = 0o600) {
  const path = join(folder, `${++files}`);
  const logged: string[] = [];
  let now = new Date('2026-06-01T00:00:00Z');
  const write = (content: string) => {
    writeFileSync(`${path}.new`, content, { mode: 0o600 });
    chmodSync(`${path}.new`, mode);
    renameSync(`${path}.new`, path);
  };
  if (text !== null) write(text);
  const log = pino({}, { write: (entry: string) => void logged.push(entry) });
  const access = tokenFileAccess({ adminToken: 'root-token', path, log, now: () => now });
  return {
    path,
    logged,
    write,
    to: (date: string) => {
      now = new Date(date);
    },
    who: async (token: string) => {
      const caller = await access.callerOf(token);
      return caller && `${caller.actor} ${caller.role}`;
    },
  };
}

describe('tokens in a file', () => {
  test('say who calls and as what; the admin token stands beside them', async () => {
    const { who } = setUp(`# people\n\n${line('alice', 'operator', 'a')}${line('bob@x.org', 'viewer', 'b')}`);
    expect(await who('a')).toBe('alice operator');
    expect(await who('b')).toBe('bob@x.org viewer');
    expect(await who('root-token')).toBe('admin admin');
    for (const token of ['', 'c', 'A', 'alice', accessTokenDigest('a')]) expect(await who(token)).toBeNull();
  });

  test('count from the next call on when they are added or revoked, and not after their end', async () => {
    const { who, write, to } = setUp(null);
    expect(await who('a')).toBeNull();
    write(line('alice', 'viewer', 'a', '2026-06-02T00:00:00.000Z'));
    expect(await who('a')).toBe('alice viewer');
    write(line('alice', 'admin', 'a'));
    expect(await who('a')).toBe('alice admin');
    write(line('bob', 'viewer', 'b', '2026-06-02T00:00:00.000Z'));
    expect(await who('a')).toBeNull();
    expect(await who('b')).toBe('bob viewer');
    to('2026-06-02T00:00:00.000Z');
    expect(await who('b')).toBeNull();
  });

  test('give the later role to nobody: of two lines with one token the first counts', async () => {
    const { who } = setUp(line('alice', 'viewer', 'a') + line('mallory', 'admin', 'a'));
    expect(await who('a')).toBe('alice viewer');
  });

  test.each([
    ['an unknown role', 'alice root sha256:HEX'],
    ['the token itself', 'alice operator hunter2-hunter2-hunter2'],
    ['half a digest', `alice operator sha256:${'a'.repeat(63)}`],
    ['an end that is none', 'alice operator sha256:HEX until=soon'],
    ['a word too many', 'alice operator sha256:HEX until=2027-01-01 really'],
    ['an actor of the facade', 'admin operator sha256:HEX'],
    ['an actor with odd signs', 'al\u0000ice operator sha256:HEX'],
  ])('ignore a line with %s, name it, show no token, and keep the others', async (_what, bad) => {
    const { who, logged } = setUp(
      `${bad.replace('HEX', accessTokenDigest('x'))}\n${line('bob', 'viewer', 'b')}`,
    );
    expect(await who('x')).toBeNull();
    expect(await who('b')).toBe('bob viewer');
    expect(logged.join()).toMatch(/"line":1,.*token line ignored: expected/);
    expect(logged.join()).not.toContain('hunter2');
  });

  test.each([0o620, 0o602, 0o666])(
    'let nobody in from a file that others may write to (%o)',
    async (mode) => {
      const { who, logged } = setUp(line('mallory', 'admin', 'm'), mode);
      expect(await who('m')).toBeNull();
      expect(await who('root-token')).toBe('admin admin');
      expect(logged.join()).toContain('chmod 600');
    },
  );

  test('let nobody in when the file is a folder', async () => {
    const access = tokenFileAccess({
      adminToken: 'r',
      path: folder,
      log: pino({ level: 'silent' }),
      now: () => new Date(),
    });
    expect(await access.callerOf('x')).toBeNull();
    expect(await access.callerOf('r')).toMatchObject({ role: 'admin' });
  });
});
