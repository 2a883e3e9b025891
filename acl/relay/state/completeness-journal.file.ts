import { join } from 'node:path';
import { z } from 'zod';
import { type CompletenessJournal, NEVER_COPIED } from '../completeness/completeness.ts';
import { readJson, writeWhole } from './json-file.ts';

const columns = z.record(z.string(), z.record(z.string(), z.string()));
const file = z.object({
  format: z.literal(1),
  source: z.string(),
  why: z.string().nullable(),
  runs: z.array(z.string()),
  columns: columns.nullable(),
});

/** One JSON file per set in `directory`. What was known of another database counts for nothing. */
export function fileCompletenessJournal(directory: string, set: string, source: string): CompletenessJournal {
  const path = join(directory, `${encodeURIComponent(set)}.completeness.json`);
  return {
    async load() {
      const stored = await readJson(path, file);
      if (stored === null || stored.source !== source) return NEVER_COPIED;
      const { why, runs, columns } = stored;
      return { why, runs, columns };
    },
    save: (memory) => writeWhole(path, { format: 1, source, ...memory }),
  };
}
