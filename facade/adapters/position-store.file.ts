import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { PositionStore, StoredPositions } from '../core/position-store.ts';

/** The adapter on a file, replaced as a whole. */
export function openPositionStore(path: string): PositionStore {
  let tail: Promise<unknown> = Promise.resolve();
  return {
    async load() {
      const text = await readFile(path, 'utf8').catch(() => null);
      return text === null ? null : parse(text);
    },
    save(stored) {
      const done = tail.then(() => replaceFile(path, `${JSON.stringify(stored)}\n`));
      tail = done.catch(() => {});
      return done;
    },
  };
}

// Written aside, synced and renamed: a reader finds the old text or the new one, never half of it.
async function replaceFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

function parse(text: string): StoredPositions | null {
  try {
    const value = JSON.parse(text) as Partial<StoredPositions>;
    if (typeof value.seq !== 'number' || typeof value.hash !== 'string' || !value.positions) return null;
    const repair = typeof value.repair === 'string' ? value.repair : '';
    const ledger = typeof value.ledger === 'string' ? value.ledger : '';
    const { seq, hash, positions, data = {} } = value;
    return { seq, hash, repair, ledger, positions, data };
  } catch {
    return null;
  }
}
