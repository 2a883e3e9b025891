import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { StartError } from '../../gateway-kit/env.ts';
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

async function readJson<T>(path: string, shape: z.ZodType<T>): Promise<T | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const result = shape.safeParse(parsed(text));
  if (result.success) return result.data;
  throw new StartError(
    `${path}: expected the relay's own state, got something else. Move the file away to start from the beginning`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function writeWhole(path: string, value: unknown): Promise<void> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true });
  const temporary = `${path}.tmp`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify(value));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  // The rename itself is lasting only once the folder is synced.
  const folder = await open(directory, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
