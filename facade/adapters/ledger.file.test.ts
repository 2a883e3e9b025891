import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { draftOf } from '../test-kit/draft-of.ts';
import { until } from '../test-kit/until.ts';
import { openFileLedger } from './ledger.file.ts';
import { ledgerSuite } from './ledger.suite.ts';

const folder = mkdtempSync(join(tmpdir(), 'fig-ledger-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newPath = () => join(folder, `${++files}`, 'ledger.jsonl');
const ALL = { after: 0, limit: 100_000 };

ledgerSuite('file', () => openFileLedger({ path: newPath() }));

async function ledgerOf(versions: number): Promise<{ path: string; lines: string[] }> {
  const path = newPath();
  const ledger = await openFileLedger({ path });
  for (let version = 1; version <= versions; version++) await ledger.append([draftOf('articles', version)]);
  await ledger.close();
  return { path, lines: readFileSync(path, 'utf8').split('\n').slice(0, -1) };
}

const appender = (path: string, first: number): ChildProcess =>
  spawn(
    process.execPath,
    [fileURLToPath(new URL('../test-kit/append-forever.ts', import.meta.url)), path, String(first)],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );

describe('a file ledger', () => {
  test('holds after a restart what it held before', async () => {
    const { path, lines } = await ledgerOf(3);
    const ledger = await openFileLedger({ path });
    expect(await ledger.read(ALL)).toEqual(lines.map((line) => JSON.parse(line)));
    expect(await ledger.append([draftOf('articles', 4)])).toMatchObject({ ok: true, entries: [{ seq: 4 }] });
    await ledger.close();
  });

  test('drops a torn last line loudly, at every byte where it can tear, and glues nothing to it', async () => {
    const { path, lines } = await ledgerOf(2);
    const [first, second] = lines as [string, string];
    for (let bytes = 1; bytes < second.length; bytes += 7) {
      writeFileSync(path, `${first}\n${second.slice(0, bytes)}`);
      const onTornLine = jest.fn();
      const ledger = await openFileLedger({ path, onTornLine });
      expect(onTornLine).toHaveBeenCalledWith({ bytes, line: 2 });
      expect(ledger.fault()).toBeNull();
      expect(await ledger.append([draftOf('articles', 2, { reason: 'again' })])).toMatchObject({ ok: true });
      await ledger.close();
      const after = await openFileLedger({ path });
      expect(after.fault()).toBeNull();
      expect(await after.read(ALL)).toMatchObject([{ version: 1 }, { version: 2, reason: 'again' }]);
      await after.close();
    }
  });

  test('cuts a torn line off even when it is longer than the next one', async () => {
    const { path, lines } = await ledgerOf(1);
    writeFileSync(path, `${lines[0]}\n{"reason":"${'x'.repeat(5000)}`);
    const ledger = await openFileLedger({ path });
    await ledger.append([draftOf('articles', 2)]);
    await ledger.close();
    expect(readFileSync(path, 'utf8')).not.toContain('xxx');
    const after = await openFileLedger({ path });
    expect(after.fault()).toBeNull();
    expect(await after.read(ALL)).toHaveLength(2);
    await after.close();
  });

  test('acknowledges nothing once its file is deleted', async () => {
    const path = newPath();
    const ledger = await openFileLedger({ path });
    rmSync(path);
    await expect(ledger.append([draftOf('articles', 1)])).rejects.toMatchObject({
      code: 'LEDGER_UNWRITABLE',
    });
    await ledger.close();
  });

  test.each<[string, (path: string) => void, RegExp]>([
    ['is cut short', (path) => truncateSync(path, 100), /changed it while it was in use: .*got 100/],
    ['gets a line', (path) => appendFileSync(path, 'foreign\n'), /somebody else changed it/],
    [
      'is replaced by a copy',
      (path) => {
        copyFileSync(path, `${path}.copy`);
        renameSync(`${path}.copy`, path);
      },
      /another file in its place/,
    ],
  ])(
    'acknowledges nothing once its file %s by somebody else, and leaves it as it is',
    async (_what, meddle, words) => {
      const { path } = await ledgerOf(2);
      const ledger = await openFileLedger({ path });
      await ledger.append([draftOf('articles', 3)]);
      meddle(path);
      const left = readFileSync(path);
      const refused = { code: 'LEDGER_CORRUPT', message: expect.stringMatching(words) };
      await expect(ledger.append([draftOf('articles', 4)])).rejects.toMatchObject(refused);
      expect(ledger.fault()).toMatchObject({ place: path, detail: expect.stringMatching(words) });
      expect(await ledger.read(ALL)).toHaveLength(3);
      expect(readFileSync(path).equals(left)).toBe(true);
      await ledger.close();
    },
  );

  test('is refused to a second owner that comes by another name, also before it has a line', async () => {
    const path = newPath();
    const ledger = await openFileLedger({ path });
    const other = join(folder, `link-${files}.jsonl`);
    symlinkSync(path, other);
    await expect(openFileLedger({ path: other })).rejects.toMatchObject({ code: 'LEDGER_LOCKED' });
    const aside = join(folder, `folder-${files}`);
    symlinkSync(dirname(path), aside);
    await expect(openFileLedger({ path: join(aside, 'ledger.jsonl') })).rejects.toMatchObject({
      code: 'LEDGER_LOCKED',
    });
    await ledger.close();
  });

  test('keeps a whole last line that only lacks its newline', async () => {
    const { path, lines } = await ledgerOf(2);
    writeFileSync(path, lines.join('\n'));
    const ledger = await openFileLedger({ path });
    expect(await ledger.append([draftOf('articles', 3)])).toMatchObject({ ok: true });
    await ledger.close();
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(4);
    const after = await openFileLedger({ path });
    expect(after.fault()).toBeNull();
    await after.close();
  });

  test.each<[string, (lines: string[]) => string[]]>([
    ['garbage', ([a, , c]) => [a as string, 'garbage', c as string]],
    ['a changed field', ([a, b, c]) => [a as string, (b as string).replace('2.5', '99'), c as string]],
    ['a missing line', ([a, , c]) => [a as string, c as string]],
    ['two lines swapped', ([a, b, c]) => [a as string, c as string, b as string]],
    ['a foreign JSON value', ([a, , c]) => [a as string, '42', c as string]],
  ])('with %s in the middle names the line, and neither trusts it nor writes', async (_what, damage) => {
    const { path, lines } = await ledgerOf(3);
    const damaged = `${damage(lines).join('\n')}\n`;
    writeFileSync(path, damaged);
    const ledger = await openFileLedger({ path });
    expect(ledger.fault()).toMatchObject({ place: `${path}:2` });
    expect(await ledger.read(ALL)).toMatchObject([{ version: 1 }]);
    await expect(ledger.append([draftOf('articles', 2)])).rejects.toMatchObject({ code: 'LEDGER_CORRUPT' });
    await ledger.close();
    expect(readFileSync(path, 'utf8')).toBe(damaged);
  });

  test('takes a damaged last line that has its newline for damage, not for a torn line', async () => {
    const { path } = await ledgerOf(1);
    appendFileSync(path, 'garbage\n');
    const ledger = await openFileLedger({ path });
    expect(ledger.fault()).toMatchObject({ place: `${path}:2` });
    await ledger.close();
  });

  test('is refused to a second owner with a line that says who holds it', async () => {
    const path = newPath();
    const ledger = await openFileLedger({ path });
    await expect(openFileLedger({ path })).rejects.toMatchObject({
      code: 'LEDGER_LOCKED',
      message: expect.stringMatching(
        new RegExp(`is held by process ${process.pid} on ${hostname()}.*--ledger`),
      ),
    });
    await ledger.close();
    await (await openFileLedger({ path })).close();
    expect(readdirSync(join(path, '..'))).toEqual(['ledger.jsonl']);
  });

  test('refuses to write once another process has taken its lock over', async () => {
    const path = newPath();
    const ledger = await openFileLedger({ path });
    writeFileSync(`${path}.lock`, JSON.stringify({ pid: 1, host: 'other', started: null, token: 'other' }));
    await expect(ledger.append([draftOf('articles', 1)])).rejects.toMatchObject({ code: 'LEDGER_LOCKED' });
    await ledger.close();
  });

  test('takes over the lock of a process that is dead, of a reused pid, and one that is half written', async () => {
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'exit');
    const path = newPath();
    await (await openFileLedger({ path })).close();
    const host = hostname();
    for (const lock of [
      JSON.stringify({ pid: dead.pid, host, started: null, token: 'x' }),
      ...(process.platform === 'linux'
        ? [JSON.stringify({ pid: process.pid, host, started: 'another boot:1', token: 'x' })]
        : []),
      '{"pid":',
    ]) {
      writeFileSync(`${path}.lock`, lock);
      const ledger = await openFileLedger({ path });
      expect(await ledger.append([draftOf('a', (await ledger.read(ALL)).length + 1)])).toMatchObject({
        ok: true,
      });
      await ledger.close();
    }
  });

  test('loses no acknowledged transition when its process is killed, at whatever moment', async () => {
    const path = newPath();
    let acknowledged = 0;
    for (let round = 0; round < 6; round++) {
      const child = appender(path, acknowledged + 1);
      let printed = '';
      let errors = '';
      child.stdout?.on('data', (chunk) => {
        printed += chunk;
      });
      child.stderr?.on('data', (chunk) => {
        errors += chunk;
      });
      const closed = once(child, 'close');
      await until(
        `appends in round ${round}: ${errors}`,
        () => printed.split('\n').length > 4 + round * 3 || child.exitCode !== null,
      );
      child.kill('SIGKILL');
      await closed;
      expect(errors).toBe('');
      const last = Number(printed.trimEnd().split('\n').at(-1));
      const ledger = await openFileLedger({ path });
      expect(ledger.fault()).toBeNull();
      const entries = await ledger.read(ALL);
      expect(entries.map((entry) => entry.version)).toEqual(entries.map((_, index) => index + 1));
      expect(entries.length).toBeGreaterThanOrEqual(last);
      acknowledged = entries.length;
      await ledger.close();
    }
  }, 60_000);

  test('is refused to a second process while the first one lives', async () => {
    const path = newPath();
    const child = appender(path, 1);
    await until('the first append', () => {
      try {
        return readFileSync(path, 'utf8').includes('\n');
      } catch {
        return false;
      }
    });
    await expect(openFileLedger({ path })).rejects.toMatchObject({
      message: expect.stringContaining(`process ${child.pid}`),
    });
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }, 20_000);
});
