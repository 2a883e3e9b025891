// Stands for a comparison that never ends, runs out of memory or breaks: the status of legacy's answer says which.
import { parentPort } from 'node:worker_threads';
import type { CompareJob } from '../adapters/compare-pool.ts';

parentPort?.on('message', ({ legacy }: CompareJob) => {
  if (legacy.status === 500) throw new Error('broken');
  const hoard: object[] = [];
  for (;;) if (legacy.status === 507) hoard.push({ at: hoard.length });
});
parentPort?.postMessage('ready');
