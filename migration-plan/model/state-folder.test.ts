import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stateFolder } from './state-folder.ts';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'fig-state-'));
  for (const plan of ['migration-plan', 'shop']) {
    mkdirSync(join(cwd, plan));
    writeFileSync(join(cwd, plan, 'plan.yaml'), 'version: 1\n');
  }
  symlinkSync(join(cwd, 'migration-plan'), join(cwd, 'same'));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

test('each plan beside the own one of a project has a ledger of its own', () => {
  for (const own of ['migration-plan', './migration-plan/', 'same', join(cwd, 'migration-plan')])
    expect(stateFolder(own, cwd)).toBe('.fig');
  expect(stateFolder('shop', cwd)).toBe('.fig/plans/shop');
  expect(stateFolder(join(cwd, 'shop/'), cwd)).toBe('.fig/plans/shop');
  expect(stateFolder('../elsewhere/plan', cwd)).toBe('.fig/plans/elsewhere-plan');
  expect(stateFolder('..', cwd)).toBe('.fig/plans/plan');
});

test('one that is alone in a folder keeps what it knows in .fig, unless it was not alone before', () => {
  const alone = join(cwd, 'shop');
  expect(stateFolder('migration-plan', alone)).toBe('.fig');
  expect(stateFolder('plan', alone)).toBe('.fig');
  mkdirSync(join(alone, '.fig/plans/plan'), { recursive: true });
  writeFileSync(join(alone, '.fig/plans/plan/ledger.jsonl'), '');
  expect(stateFolder('plan', alone)).toBe('.fig/plans/plan');
});
