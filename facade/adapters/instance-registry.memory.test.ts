import { expect, test } from '@jest/globals';
import { SILENT_MS } from '../core/instances.ts';
import { type MemoryRegistryOptions, openMemoryRegistry } from './instance-registry.memory.ts';
import { instanceRegistrySuite } from './instance-registry.suite.ts';

instanceRegistrySuite('memory', async () => {
  const rows: MemoryRegistryOptions['rows'] = new Map();
  return (id) => openMemoryRegistry({ id, rows, now: () => new Date() });
});

test('an instance that was not seen for too long is silent', async () => {
  let ms = 0;
  const registry = openMemoryRegistry({ id: 'a', now: () => new Date(ms) });
  await registry.beat({ version: '1', hash: 'h', routes: {}, appliedSeq: 0 });
  ms = SILENT_MS;
  expect(await registry.list()).toMatchObject([{ silent: false }]);
  ms++;
  expect(await registry.list()).toMatchObject([{ silent: true }]);
});
