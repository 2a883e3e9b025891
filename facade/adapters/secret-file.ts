import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * The secret kept in a file (0600), made on first use: 32 random bytes as base64url text. Two processes that start
 * together end with the same one. Throws when the folder cannot be written.
 */
export function secretFile(path: string): { secret: string; created: boolean } {
  const known = read(path);
  if (known) return { secret: known, created: false };
  mkdirSync(dirname(path), { recursive: true });
  const secret = randomBytes(32).toString('base64url');
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, `${secret}\n`, { mode: 0o600 });
  try {
    linkSync(draft, path);
    return { secret, created: true };
  } catch (error) {
    const other = read(path);
    if (!other) throw error;
    return { secret: other, created: false };
  } finally {
    unlinkSync(draft);
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim() || null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
