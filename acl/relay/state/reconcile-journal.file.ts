import { join } from 'node:path';
import { z } from 'zod';
import type { ReconcileJournal } from '../reconcile/result.ts';
import { readJson, writeWhole } from './json-file.ts';

const count = z.int().min(0);
const text = z.string().nullable();
const result = z.object({
  startedAt: z.string(),
  finishedAt: z.string(),
  durationMs: z.number(),
  repair: z.boolean(),
  capture: z.enum(['absent', 'installed', 'broken']),
  compared: count,
  missing: count,
  extra: count,
  changed: count,
  repaired: count,
  left: count,
  quarantined: count,
  restless: count,
  differences: z.array(
    z.object({
      key: z.string(),
      kind: z.enum(['missing', 'extra', 'changed']),
      fields: z.array(z.object({ field: z.string(), legacy: text, candidate: text })),
      repaired: z.boolean(),
      reason: text,
    }),
  ),
  quarantine: z.array(z.object({ key: z.string(), reason: z.string() })),
  restlessKeys: z.array(z.string()),
});
const file = z.object({
  format: z.literal(1),
  source: z.string(),
  isRunning: z.boolean(),
  result: result.nullable(),
});

/** One JSON file per set in `directory`. */
export function fileReconcileJournal(directory: string, set: string): ReconcileJournal {
  const path = join(directory, `${encodeURIComponent(set)}.reconcile.json`);
  return {
    async load() {
      const stored = await readJson(path, file);
      if (stored === null) return null;
      const { format: _, ...memory } = stored;
      return memory;
    },
    save: (memory) => writeWhole(path, { format: 1, ...memory }),
  };
}
