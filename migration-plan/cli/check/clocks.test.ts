import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..', '..');
const ENGINE = [
  'facade',
  'acl/relay',
  'acl/gateway',
  'acl/gateway-kit',
  'new-services/service-kit',
  'migration-plan',
];
const TESTS = /\.(?:test|suite)\.ts$|\/(?:test-kit|testing|bench|soak|load|tour)\//;

/**
 * Where the clock of the wall is asked for, and why. Everything else that waits or measures does so by
 * `performance.now()`, since the clock of the wall can be set: a deadline by it may pass at once, or never.
 */
const OF_THE_WALL: Record<string, string> = {
  'facade/http/request-pin.ts': 'a pin says until when it holds, wherever it was made',
  'facade/adapters/file-lock.ts': 'a lock on another host is dated by the file system',
  'acl/gateway-kit/dry-run.ts': 'the time of a signature, which another process checks',
  'migration-plan/cli/verbs/new.ts': 'the date that orders a migration among those of other days',
  'migration-plan/cli/verbs/token.ts': 'a token says until when it holds',
  'migration-plan/cli/standing.ts': 'how long ago a run was recorded, by another machine',
  'migration-plan/cli/screen/evidence.ts': 'how long ago a run was recorded, by another machine',
  'migration-plan/cli/test/test.ts': 'a file is dated by the file system',
};

test('time is measured by a clock that nobody can set', () => {
  const found = ENGINE.flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: root }))
    .filter((file) => !TESTS.test(file))
    .filter((file) => readFileSync(join(root, file), 'utf8').includes('Date.now()'));
  expect(found.sort()).toEqual(Object.keys(OF_THE_WALL).sort());
});
