import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EXIT } from './exit-code.ts';
import { RealFacade } from './test-kit/real-facade.ts';

const facade = new RealFacade();
const fig = (args: readonly string[]) => facade.fig(args);
const state = join(facade.cwd, '.fig');
const ledger = join(state, 'ledger.jsonl');
let ports: string[];

beforeAll(async () => {
  // The same port each time: what an instance stored is found by it.
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done));
  ports = ['--port', String((probe.address() as { port: number }).port)];
  await new Promise((done) => probe.close(done));
  await facade.start(ports);
}, 120_000);
afterAll(() => facade.remove(), 60_000);

describe('fig ledger repair', () => {
  test('makes a damaged ledger usable again, and clients stay where they are', async () => {
    for (const step of ['one', 'two', 'three'])
      expect(await fig(['advance', 'articles', '--reason', step])).toMatchObject({ code: 0 });
    expect(await fig(['ledger', 'repair', '--dry-run'])).toMatchObject({
      code: EXIT.conflict,
      err: expect.stringMatching(/is held by process \d+ .*Stop it, then repair/),
    });
    await facade.stop();
    expect(await fig(['ledger', 'repair', '--dry-run'])).toMatchObject({
      code: 0,
      out: 'Nothing to repair: 3 entries, all sound.\n',
    });
    const [first, second, third] = readFileSync(ledger, 'utf8').split('\n');
    const damaged = `${first}\n${second?.replace('two', 'TWO')}\n${third}\n`;
    writeFileSync(ledger, damaged);

    await facade.start(ports);
    expect(JSON.parse((await fig(['status', '--json'])).out).routes).toMatchObject([{ stage: 'candidate' }]);
    expect(await fig(['rollback', 'articles', '--reason', 'x'])).toMatchObject({
      code: EXIT.failed,
      err: expect.stringMatching(/ledger\.jsonl:2: its hash does not fit.*fig ledger repair --dry-run/),
    });
    expect(await fig(['ledger', 'verify'])).toMatchObject({ code: EXIT.refused });
    await facade.stop();

    const { code, out } = await fig(['ledger', 'repair', '--dry-run']);
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'Damage: .fig/ledger.jsonl:2: its hash does not fit its content',
      '1 entry can be verified, 2 lines are cut off:',
      '  .fig/ledger.jsonl:2: its hash does not fit its content',
      '  .fig/ledger.jsonl:3: entry 3, transition articles by admin: three',
      expect.stringMatching(/^Stored positions: \.fig\/positions-\d+\.json, up to entry 3$/),
      'ROUTE     KEPT           SERVED        CUT OFF       WOULD BE      BY',
      'articles  canary 10% v1  candidate v3  candidate v3  candidate v4  served',
      'Nothing was changed: leave out --dry-run to repair.',
      '',
    ]);
    expect(readFileSync(ledger, 'utf8')).toBe(damaged);
    expect(await fig(['ledger', 'repair'])).toMatchObject({ code: EXIT.usage });
    const done = await fig(['ledger', 'repair', '--reason', 'a bad disk', '--json']);
    expect(done.code).toBe(0);
    const report = JSON.parse(done.out);
    expect(readFileSync(report.aside, 'utf8')).toBe(damaged.slice(`${first}\n`.length));
    expect(await fig(['ledger', 'repair', '--dry-run'])).toMatchObject({
      out: 'Nothing to repair: 3 entries, all sound.\n',
    });

    await facade.start(ports);
    expect(await fig(['ledger', 'verify'])).toMatchObject({ code: 0 });
    expect(JSON.parse((await fig(['status', '--json'])).out).routes).toMatchObject([
      { stage: 'candidate', version: 4 },
    ]);
    expect(await fig(['rollback', 'articles', '--reason', 'x'])).toMatchObject({
      code: 0,
      out: 'articles: candidate → legacy (version 5)\n',
    });
    const { entries } = JSON.parse((await fig(['ledger', '--json'])).out);
    expect(entries.map(({ type }: { type: string }) => type)).toEqual([
      'transition',
      'repair',
      'repair',
      'rollback',
    ]);
    expect(entries[1]).toMatchObject({
      reason: expect.stringContaining('a bad disk (kept 1 of'),
      route: null,
    });
    await facade.stop();
  }, 300_000);

  test('refuses to lose what nothing tells of any more, and says what can be done', async () => {
    for (const name of readdirSync(state).filter((one) => one.startsWith('positions-')))
      writeFileSync(join(state, name), 'garbage');
    const lines = readFileSync(ledger, 'utf8').split('\n');
    writeFileSync(ledger, lines.with(3, 'garbage').join('\n'));
    const repair = ['ledger', 'repair', '--reason', 'a bad disk'];
    const refused = await fig(repair);
    expect(refused.code).toBe(EXIT.refused);
    expect(refused.out).toContain('Damage: .fig/ledger.jsonl:4: it is not JSON');
    expect(refused.err).toMatch(/^error: nothing says what entry 4 recorded: .*--state DIR.*--accept-loss/);
    expect(await fig([...repair, '--accept-loss'])).toMatchObject({ code: 0 });
    await facade.start(ports);
    expect(JSON.parse((await fig(['status', '--json'])).out).routes).toMatchObject([{ stage: 'candidate' }]);
    expect(await fig(['ledger', 'verify'])).toMatchObject({ code: 0 });
  }, 240_000);

  test.each([
    [['--ledger', 'memory:'], EXIT.refused, /expected file:PATH or postgres/],
    [['--ledger', 'postgres://u:hunter2@127.0.0.1:1/x'], EXIT.unreachable, /its database does not serve it/],
    [['--positions', 'newest'], EXIT.usage, /Allowed choices are latest, kept/],
  ])(
    'answers %j with exit code %i',
    async (args, expected, words) => {
      const { code, err, out } = await fig(['ledger', 'repair', '--dry-run', ...args]);
      expect(code).toBe(expected);
      expect(err).toMatch(words);
      expect(err + out).not.toContain('hunter2');
    },
    60_000,
  );
});
