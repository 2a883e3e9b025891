import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EXIT } from './exit-code.ts';
import { RealFacade } from './test-kit/real-facade.ts';

const facade = new RealFacade();
const { plan } = facade;
const fig = (args: readonly string[], env: Record<string, string> = {}) => facade.fig(args, env);
beforeAll(() => facade.start(), 120_000);
afterAll(() => facade.remove(), 60_000);

describe('fig against a real facade', () => {
  test('moves a route through its plan and back, and the ledger proves it', async () => {
    expect((await fig(['status'])).out).toMatch(/articles +legacy +0% +as reads +0 +canary 10% +- +a reason/);
    const advance = () => fig(['advance', 'articles', '--reason', 'well so far']);
    expect(await advance()).toMatchObject({ code: 0, out: 'articles: legacy → canary 10% (version 1)\n' });
    expect((await advance()).out).toBe('articles: canary 10% → canary 50% (version 2)\n');
    expect((await advance()).out).toBe('articles: canary 50% → candidate (version 3)\n');
    expect(await advance()).toMatchObject({
      code: EXIT.refused,
      err: expect.stringContaining('is the last of its stages'),
    });
    expect((await fig(['pause', 'articles', '--reason', 'lunch'])).out).toContain(
      'candidate → candidate (paused)',
    );
    expect((await fig(['resume', 'articles', '--reason', 'back'])).out).toContain(
      'candidate (paused) → candidate',
    );
    expect((await fig(['kill', '--reason', 'fire'])).out).toContain('articles: candidate, killed');
    expect((await fig(['resume', 'articles', '--reason', 'out'])).code).toBe(0);
    expect((await fig(['rollback', 'articles', '--reason', 'slow'])).out).toBe(
      'articles: candidate → legacy (version 8)\n',
    );
    const { entries } = JSON.parse((await fig(['ledger', '--json'])).out);
    expect(entries).toHaveLength(8);
    expect(JSON.parse((await fig(['ledger', 'verify', '--json'])).out)).toEqual({
      ok: true,
      entries: 8,
      head: entries.at(-1).hash,
    });
  }, 240_000);

  test('skips a step with --force alone', async () => {
    const jump = ['advance', 'articles', '--to', 'candidate', '--reason', 'now'];
    expect(await fig(jump)).toMatchObject({ code: EXIT.refused, err: expect.stringContaining('422') });
    expect(await fig([...jump, '--force'])).toMatchObject({ code: 0 });
    expect(await fig(['rollback', 'articles', '--reason', 'back'])).toMatchObject({ code: 0 });
  }, 240_000);

  test('refuses a wrong token, and a plan with an error; takes a good plan', async () => {
    expect((await fig(['status'], { FIG_ADMIN_TOKEN: 'wrong' })).code).toBe(EXIT.unauthorised);
    appendFileSync(`${plan}/plan.yaml`, 'expose: maybe\n');
    expect(await fig(['reload'])).toMatchObject({
      code: EXIT.refused,
      err: expect.stringContaining('plan.yaml:5 expose'),
    });
    const text = readFileSync(`${plan}/plan.yaml`, 'utf8').replace('maybe', 'true');
    writeFileSync(`${plan}/plan.yaml`, text);
    expect(await fig(['reload'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Plan reloaded: \w{12} → \w{12}\n$/),
    });
    expect((await fig(['reload'])).out).toContain('nothing has changed');
  }, 240_000);
});
