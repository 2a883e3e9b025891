import { expect, test } from '@jest/globals';
import { readSettings } from './settings.ts';

const read = (workers: string, platform?: NodeJS.Platform) =>
  readSettings(['--plan', 'plan', '--workers', workers], {}, platform).workers;

test('several workers only where processes can share a port', () => {
  expect(read('4', 'linux')).toBe(4);
  expect(read('1', 'darwin')).toBe(1);
  expect(() => read('2', 'darwin')).toThrow(
    '--workers: expected 1 on darwin, where processes cannot share a port, got 2. Leave it out.',
  );
});
