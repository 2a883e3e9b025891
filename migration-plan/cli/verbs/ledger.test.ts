import { describe, expect, test } from '@jest/globals';
import { EXIT } from '../exit-code.ts';
import { admin, control } from '../test-kit/control-plane.ts';
import { hashOfEntry } from '../test-kit/fake-control.ts';
import { fig } from '../test-kit/terminal.ts';

describe('fig ledger', () => {
  test('lists every page, oldest first, and filters by route and number', async () => {
    for (let index = 0; index < 5; index++) control.entry({ percent: 10 + index });
    control.entry({ route: 'authors', stage: 'candidate', percent: 0, reason: 'two\nlines \u001b[31mred' });
    const { out } = await fig(['ledger'], { admin });
    const lines = out.trimEnd().split('\n');
    expect(lines.map((line) => line.split(/ {2,}/)[0])).toEqual(['SEQ', '1', '2', '3', '4', '5', '6']);
    expect(lines.at(-1)).toMatch(/transition {2}authors {3}candidate {3}6 {8}admin {2}two lines \[31mred$/);
    const { entries } = JSON.parse((await fig(['ledger', '--after', '4', '--json'], { admin })).out);
    expect(entries.map((entry: { seq: number }) => entry.seq)).toEqual([5, 6]);
    expect((await fig(['ledger', '--route', 'authors'], { admin })).out.split('\n')).toHaveLength(3);
  });

  test('tells of a data set its step, and who owns it', async () => {
    const data = { set: 'articles', step: 'JOURNALED', owner: 'candidate' };
    control.entry({ type: 'cutover', route: 'data:articles', stage: null, percent: null, data });
    expect((await fig(['ledger'], { admin })).out).toMatch(
      /cutover {2}data:articles {2}JOURNALED \(candidate owns\) {2}/,
    );
  });

  test('says when there is nothing', async () => {
    expect((await fig(['ledger'], { admin })).out).toBe('No entries.\n');
  });

  test('verify proves an unbroken chain', async () => {
    for (let index = 0; index < 5; index++) control.entry({});
    const head = String(control.ledger.at(-1)?.hash);
    expect((await fig(['ledger', 'verify'], { admin })).out).toBe(
      `5 entries, chain unbroken, head ${head.slice(0, 12)}\n`,
    );
    expect(JSON.parse((await fig(['ledger', 'verify', '--json'], { admin })).out)).toEqual({
      ok: true,
      entries: 5,
      head,
    });
  });

  test('verify fails on a ledger that the facade does not trust, though what it shows is unbroken', async () => {
    control.entry({});
    control.ledgerFault = 'ledger .fig/ledger.jsonl:2: it is not JSON. Stop the facade';
    const { code, out, err } = await fig(['ledger', 'verify'], { admin });
    expect(code).toBe(EXIT.refused);
    expect(err).toContain('.fig/ledger.jsonl:2: it is not JSON');
    expect(out).not.toContain('unbroken');
    expect((await fig(['ledger'], { admin })).err).toContain('.fig/ledger.jsonl:2: it is not JSON');
  });

  test('verify says that the database of the ledger is away, which proves nothing against it', async () => {
    control.entry({});
    control.ledgerFault = 'ledger db.example/fig: its database is away. Start it';
    control.ledgerFaultCode = 'LEDGER_UNREACHABLE';
    const { code, err } = await fig(['ledger', 'verify', '--json'], { admin });
    expect(code).toBe(EXIT.failed);
    expect(JSON.parse(err).error).toMatchObject({ code: 'LEDGER_UNREACHABLE', details: { verified: 1 } });
  });

  test.each<[string, (entries: Record<string, unknown>[]) => unknown, string]>([
    [
      'a changed reason',
      (entries) => Object.assign(entries[2] ?? {}, { reason: 'x' }),
      'entry 3: expected hash',
    ],
    [
      'a changed actor',
      (entries) => Object.assign(entries[4] ?? {}, { actor: 'x' }),
      'entry 5: expected hash',
    ],
    ['a missing entry', (entries) => entries.splice(2, 1), 'expected entry 3, got 4'],
    [
      'an entry written anew with its hash',
      (entries) => {
        const { hash: _, ...open }: Record<string, unknown> = { ...entries[2], reason: 'x' };
        Object.assign(entries[2] ?? {}, { ...open, hash: hashOfEntry(open) });
      },
      'entry 4: expected prev',
    ],
    ['a missing first entry', (entries) => entries.shift(), 'expected entry 1, got 2'],
    [
      'a replaced hash',
      (entries) => Object.assign(entries[1] ?? {}, { hash: 'a'.repeat(64) }),
      'entry 2: expected hash',
    ],
  ])('verify finds %s', async (_, damage, message) => {
    for (let index = 0; index < 5; index++) control.entry({});
    damage(control.ledger);
    const { code, err } = await fig(['ledger', 'verify'], { admin });
    expect(code).toBe(EXIT.refused);
    expect(err).toContain(message);
  });
});
