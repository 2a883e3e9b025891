import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { accessTokenDigest, parseAccessTokens } from '#plan/model/access-token.ts';
import { EXIT } from '../exit-code.ts';
import { fig } from '../test-kit/terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'fig-token-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = () => join(folder, `${++files}`, 'tokens');

describe('fig token', () => {
  test('makes a token, prints it once, and keeps only its digest, for its user alone', async () => {
    const file = newFile();
    const { code, out, err } = await fig(['token', 'add', 'alice', '--role', 'operator', '--file', file]);
    expect(code).toBe(EXIT.ok);
    expect(out).toMatch(/^fig_[\w-]{43}\n$/);
    expect(err).toContain('alice is operator until it is revoked');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const text = readFileSync(file, 'utf8');
    expect(text).not.toContain(out.trim());
    expect(parseAccessTokens(text).tokens).toEqual([
      { actor: 'alice', role: 'operator', digest: accessTokenDigest(out.trim()), expiresAt: null },
    ]);
  });

  test('lists who there is, and takes one token or all of an actor away; what else stands there stays', async () => {
    const file = newFile();
    const env = { FIG_TOKENS_FILE: file };
    const add = (actor: string, ...more: string[]) =>
      fig(['token', 'add', actor, '--role', 'viewer', '--json', ...more], { env });
    await add('alice');
    writeFileSync(file, `${readFileSync(file, 'utf8')}# a note\nnonsense\n`);
    await add('alice', '--ttl', '2h');
    const bob = JSON.parse((await add('bob')).out);
    expect(bob).toMatchObject({ actor: 'bob', role: 'viewer', expiresAt: null, file });
    const listed = JSON.parse((await fig(['token', '--json'], { env })).out).tokens;
    expect(listed.map(({ actor }: { actor: string }) => actor)).toEqual(['alice', 'alice', 'bob']);
    expect(listed[1].expiresAt).toMatch(/Z$/);
    expect(await fig(['token'], { env })).toMatchObject({
      out: expect.stringMatching(/^ACTOR +ROLE +ID +EXPIRES\nalice +viewer +[0-9a-f]{12} +never\n/),
      err: expect.stringContaining(':4: ignored: expected a role'),
    });
    await fig(['token', 'revoke', 'alice', '--id', listed[0].id], { env });
    expect(JSON.parse((await fig(['token', '--json'], { env })).out).tokens).toEqual(listed.slice(1));
    expect(await fig(['token', 'revoke', 'alice'], { env })).toMatchObject({
      code: EXIT.ok,
      out: 'alice: 1 revoked. It counts from the next call on.\n',
    });
    expect(await fig(['token', 'revoke', 'alice', '--json'], { env })).toMatchObject({
      code: EXIT.refused,
      err: expect.stringContaining('CLI_TOKEN_UNKNOWN'),
    });
    expect(readFileSync(file, 'utf8')).toContain('# a note\nnonsense\n');
  });

  test.each([
    [['add', 'admin', '--role', 'viewer'], /expected letters, digits .* got `admin`/],
    [['add', 'a b', '--role', 'viewer'], /got `a b`/],
    [['add', 'alice', '--role', 'root'], /Allowed choices are viewer, operator, admin/],
    [['add', 'alice'], /--role/],
    [['add', 'alice', '--role', 'viewer', '--ttl', 'soon'], /--ttl: expected a duration/],
  ])('refuses %j', async (words, expected) => {
    const { code, err } = await fig(['token', ...words, '--file', newFile()]);
    expect(code).toBe(EXIT.usage);
    expect(err).toMatch(expected);
  });

  test('says so when the file cannot be written', async () => {
    const blocked = join(newFile(), '..');
    writeFileSync(blocked, '');
    const { code, err } = await fig([
      'token',
      'add',
      'a',
      '--role',
      'viewer',
      '--file',
      join(blocked, 'tokens'),
    ]);
    expect(code).toBe(EXIT.refused);
    expect(err).toContain('ENOTDIR');
  });
});
