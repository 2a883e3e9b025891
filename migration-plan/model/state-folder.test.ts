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

test('a folder without a plan of its own keeps what it knows in .fig', () => {
  expect(stateFolder('migration-plan', join(cwd, 'shop'))).toBe('.fig');
  expect(stateFolder('plan', join(cwd, 'shop'))).toBe('.fig');
});
