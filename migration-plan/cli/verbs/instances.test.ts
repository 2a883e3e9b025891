import { beforeEach, describe, expect, test } from '@jest/globals';
import { EXIT } from '../exit-code.ts';
import { admin, control } from '../test-kit/control-plane.ts';
import { ok, problem } from '../test-kit/fake-control.ts';
import { fig } from '../test-kit/terminal.ts';

const instance = (id: string, part: object = {}) => ({
  id,
  version: '1.2.3',
  hash: 'a'.repeat(64),
  appliedSeq: 7,
  lastSeen: '2026-11-23T10:00:00.000Z',
  silent: false,
  ...part,
});
const EVICT = 'POST /v1/instances/b%3A2/evict';
beforeEach(() => {
  const instances = [instance('a:1'), instance('b:2', { silent: true, hash: 'b'.repeat(64) })];
  control.answers.set('/v1/instances', ok({ instances, fault: null }));
});

describe('fig instances', () => {
  test('lists who shares the ledger, and says what to do about a silent one', async () => {
    const { code, out, err } = await fig(['instances'], { admin });
    expect(code).toBe(EXIT.ok);
    expect(out).toMatch(/^a:1 +1\.2\.3 +a{12} +7 +2026-11-23T10:00:00\.000Z +live$/m);
    expect(out).toMatch(/^b:2 .* silent$/m);
    expect(err).toBe('b:2 is silent. If it will not come back: npx fig instances --evict b:2 --reason …\n');
    expect(JSON.parse((await fig(['instances', '--json'], { admin })).out).instances).toHaveLength(2);
  });

  test('says when live ones have different plans, and when the list may be old', async () => {
    const instances = [instance('a:1'), instance('b:2', { hash: 'b'.repeat(64) })];
    control.answers.set('/v1/instances', ok({ instances, fault: 'no connection' }));
    const { err } = await fig(['instances'], { admin });
    expect(err).toContain('different plans');
    expect(err).toContain('no connection');
  });

  test('evicts one, with a reason', async () => {
    control.answers.set(EVICT, ok({ id: 'b:2', evicted: true }));
    expect((await fig(['instances', '--evict', 'b:2'], { admin })).code).toBe(EXIT.usage);
    expect(control.requests).toEqual([]);
    const { code, out } = await fig(['instances', '--evict', 'b:2', '--reason', 'gone'], { admin });
    expect([code, out]).toEqual([EXIT.ok, 'b:2: evicted. If it still runs, restart it or end it.\n']);
    expect(control.requests.at(-1)).toMatchObject({ body: { reason: 'gone', force: false } });
  });

  test('says why one is not evicted', async () => {
    control.answers.set(EVICT, problem(409, 'FENCE_INSTANCE_LIVE', 'b:2 was seen a moment ago.'));
    const { code, err } = await fig(['instances', '--evict', 'b:2', '--reason', 'x'], { admin });
    expect(code).toBe(EXIT.conflict);
    expect(err).toContain('b:2 was seen a moment ago');
  });
});
