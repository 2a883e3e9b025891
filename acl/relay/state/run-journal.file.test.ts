import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { IDLE } from './progress.ts';
import { fileRunJournal } from './run-journal.file.ts';

describe('the run journal on files', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fig-test-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('starts idle with an empty quarantine, in a folder that need not exist', async () => {
    const journal = fileRunJournal(join(folder, 'deep/state'), 'things');
    expect(await journal.loadProgress()).toEqual(IDLE);
    expect(await journal.loadQuarantine()).toEqual([]);
    await journal.saveProgress(IDLE);
  });

  test('gives back what was saved last, to another reader too', async () => {
    const journal = fileRunJournal(folder, 'things/odd');
    const progress = { ...IDLE, state: 'running' as const, pass: 2, after: '17', rowsRead: 17 };
    const rows = [{ key: '3', reason: 'x', since: '2026-01-01T00:00:00.000Z', pass: 2 }];
    await journal.saveProgress({ ...progress, rowsRead: 1 });
    await journal.saveProgress(progress);
    await journal.saveQuarantine(rows);
    const other = fileRunJournal(folder, 'things/odd');
    expect(await other.loadProgress()).toEqual(progress);
    expect(await other.loadQuarantine()).toEqual(rows);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('keeps sets apart', async () => {
    await fileRunJournal(folder, 'a').saveProgress({ ...IDLE, pass: 1 });
    expect(await fileRunJournal(folder, 'b').loadProgress()).toEqual(IDLE);
  });

  test.each(['', '{"format":1,', '{"format":2}', '{"format":1,"pass":-1}'])(
    'refuses %p in one line that names the file',
    async (text) => {
      await writeFile(join(folder, 'things.progress.json'), text);
      const load = fileRunJournal(folder, 'things').loadProgress();
      await expect(load).rejects.toThrow(/^\S+things\.progress\.json: expected .*Move the file away/);
    },
  );
});
