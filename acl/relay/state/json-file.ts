import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { StartError } from '../../gateway-kit/env.ts';

/** The file's content in `shape`; null without a file. Throws StartError when there is something else in it. */
export async function readJson<T>(path: string, shape: z.ZodType<T>): Promise<T | null> {
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

/** A write goes to a temporary file, is synced, then renamed over the old one. */
export async function writeWhole(path: string, value: unknown): Promise<void> {
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
