// Loaded into every process of a facade under test by `--import`: on SIGUSR2 it collects all garbage and appends what
// is left to the file FIG_SOAK_MEMORY. FIG_SOAK_LEAK=BYTES plants a leak of so many bytes for each request, at most 16 MiB a second.
import { appendFileSync } from 'node:fs';
import { Server } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { MemorySample } from './flatness.ts';

const file = process.env.FIG_SOAK_MEMORY;
const leakBytes = Number(process.env.FIG_SOAK_LEAK ?? 0);
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const leaked: Buffer[] = [];
const MAX_LEAK_BYTES_PER_MS = (16 * 1024 * 1024) / 1000;

process.on('SIGUSR2', () => {
  collectGarbage();
  const { heapUsed, external, rss } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const type of process.getActiveResourcesInfo()) resources[type] = (resources[type] ?? 0) + 1;
  const sample: MemorySample = {
    pid: process.pid,
    atMs: Date.now(),
    heapBytes: heapUsed,
    bufferBytes: external,
    residentBytes: rss,
    resources,
  };
  if (file) appendFileSync(file, `${JSON.stringify(sample)}\n`);
});

if (leakBytes > 0) {
  let firstMs = Number.NaN;
  const prototype = Server.prototype as { emit(event: string, ...rest: unknown[]): boolean };
  const { emit } = prototype;
  prototype.emit = function (event, ...rest) {
    if (event === 'request') {
      const now = performance.now();
      if (Number.isNaN(firstMs)) firstMs = now;
      // From the first request on: what leaks before anything is measured would hide what leaks then.
      if (leaked.length * leakBytes <= (now - firstMs) * MAX_LEAK_BYTES_PER_MS)
        leaked.push(Buffer.alloc(leakBytes, 1));
    }
    return emit.call(this, event, ...rest);
  };
}
