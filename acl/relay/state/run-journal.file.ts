import { join } from 'node:path';
import { z } from 'zod';
import { readJson, writeWhole } from './json-file.ts';
import { IDLE, type RunJournal } from './progress.ts';

const count = z.int().min(0);
const progressFile = z.object({
  format: z.literal(1),
  state: z.enum(['idle', 'running', 'done', 'failed', 'paused']),
  source: z.string().nullable().default(null),
  pass: count,
  phase: z.enum(['copy', 'remove', 'resend']),
  table: count,
  after: z.string().nullable(),
  rowsTotal: count,
  rowsRead: count,
  applied: count,
  stale: count,
  removed: count,
  healed: count.default(0),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  error: z.string().nullable(),
  interrupted: z.boolean().default(false),
});
const quarantineFile = z.object({
  format: z.literal(1),
  rows: z.array(z.object({ key: z.string(), reason: z.string(), since: z.string(), pass: count })),
});

/** Two JSON files per set in `directory`; a write goes to a temporary file, is synced, then renamed over the old one. */
export function fileRunJournal(directory: string, set: string): RunJournal {
  const progressPath = join(directory, `${encodeURIComponent(set)}.progress.json`);
  const quarantinePath = join(directory, `${encodeURIComponent(set)}.quarantine.json`);
  return {
    async loadProgress() {
      const stored = await readJson(progressPath, progressFile);
      if (stored === null) return IDLE;
      const { format: _, ...progress } = stored;
      return progress;
    },
    saveProgress: (progress) => writeWhole(progressPath, { format: 1, ...progress }),
    async loadQuarantine() {
      return (await readJson(quarantinePath, quarantineFile))?.rows ?? [];
    },
    saveQuarantine: (rows) => writeWhole(quarantinePath, { format: 1, rows }),
  };
}
