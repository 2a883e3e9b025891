import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ObservationStore } from '../core/observation/observation-store.ts';
import type { RouteObserved } from '../core/observation/observations-view.ts';

/** Another version writes another form: it is then begun anew, evidence is worth more than its continuity. */
const FORM = 1;

/** The adapter on a file of this instance, replaced as a whole; `onUnreadable` is told of one that cannot be read. */
export function openFileObservationStore(
  path: string,
  onUnreadable: (path: string) => void = () => {},
): ObservationStore {
  let tail: Promise<unknown> = Promise.resolve();
  return {
    async load() {
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null;
        throw error;
      });
      const parts = text === null ? [] : parse(text);
      if (parts === null) onUnreadable(path);
      return parts ?? [];
    },
    save(parts) {
      const text = JSON.stringify({ form: FORM, parts });
      const done = tail.then(async () => {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(`${path}.new`, text, { mode: 0o600 });
        await rename(`${path}.new`, path);
      });
      tail = done.catch(() => {});
      return done;
    },
    others: async () => [],
    async close() {
      await tail;
    },
  };
}

function parse(text: string): readonly RouteObserved[] | null {
  try {
    const { form, parts } = JSON.parse(text) as { form?: unknown; parts?: RouteObserved[] };
    return form === FORM && Array.isArray(parts) ? parts : null;
  } catch {
    return null;
  }
}
