import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PlanFolders, ROUTE } from '#plan/model/test-kit/plan-folder.ts';
import { EXIT } from './exit-code.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const folders = new PlanFolders();
let plan: string;
let cwd: string;
let facade: ChildProcess;
let admin: string;

/** A process of the product, in a folder of its own: it finds its token where the facade has put it. */
function run(script: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const { FIG_ADMIN_TOKEN: _, FIG_ADMIN_URL: __, ...rest } = process.env;
  return spawn(process.execPath, [`${repository}${script}`, ...args], { cwd, env: { ...rest, ...env } });
}

async function fig(args: readonly string[], env: Record<string, string> = {}) {
  const child = run('migration-plan/cli/run.ts', [...args, '--plan', plan, '--admin', admin], env);
  const shown = { out: '', err: '' };
  child.stdout?.on('data', (chunk) => {
    shown.out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    shown.err += chunk;
  });
  const code = await new Promise<number | null>((done) => child.once('close', done));
  return { code, ...shown };
}

beforeAll(async () => {
  plan = folders.write({
    'routes/articles.yaml': `${ROUTE}stages: [canary 10%, canary 50%, candidate]\n`,
  });
  cwd = dirname(plan);
  facade = run('facade/main.ts', ['--plan', plan, '--port', '0', '--admin-port', '0']);
  let complaint = '';
  facade.stderr?.on('data', (chunk) => {
    complaint += chunk;
  });
  for await (const line of createInterface({ input: facade.stdout! })) {
    const entry = JSON.parse(line);
    if (entry.msg === 'listening') {
      admin = entry.adminUrl;
      break;
    }
  }
  if (!admin) throw new Error(`the facade did not start: ${complaint}`);
  facade.stdout?.resume();
}, 60_000);

afterAll(async () => {
  const gone = new Promise((done) => facade.once('close', done));
  facade.kill('SIGTERM');
  await gone;
  folders.removeAll();
}, 60_000);

describe('fig against a real facade', () => {
  test('moves a route through its plan and back, and the ledger proves it', async () => {
    expect((await fig(['status'])).out).toMatch(/articles +legacy +0% +legacy +0 +canary 10% +a reason/);
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
  }, 60_000);

  test('skips a step with --force alone', async () => {
    const jump = ['advance', 'articles', '--to', 'candidate', '--reason', 'now'];
    expect(await fig(jump)).toMatchObject({ code: EXIT.refused, err: expect.stringContaining('422') });
    expect(await fig([...jump, '--force'])).toMatchObject({ code: 0 });
    expect(await fig(['rollback', 'articles', '--reason', 'back'])).toMatchObject({ code: 0 });
  }, 60_000);

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
  }, 60_000);
});
