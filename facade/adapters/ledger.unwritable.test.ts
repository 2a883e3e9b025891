import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { LedgerError } from '../core/ledger.ts';
import { draftOf } from '../test-kit/draft-of.ts';
import { facadeOf } from '../test-kit/facade-of.ts';
import { planOf, routeOf } from '../test-kit/plan-of.ts';
import { openFileLedger } from './ledger.file.ts';
import { unwritableLedger } from './ledger.unwritable.ts';

describe('a ledger that cannot be written', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fig-ledger-'));
    path = join(folder, 'ledger.jsonl');
    const ledger = await openFileLedger({ path });
    await ledger.append([draftOf('articles', 1), draftOf('articles', 2, { killed: true })]);
    await ledger.close();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const unwritable = (at = path) =>
    unwritableLedger(at, new LedgerError('LEDGER_UNREADABLE', `ledger ${at} cannot be opened: EROFS.`));
  // What was stored before the last entry: a full disk keeps both from being written.
  const stale = async () => {
    const ledger = await unwritable();
    const [first] = await ledger.read({ after: 0, limit: 1 });
    const position = {
      stage: 'canary',
      hundredths: 250,
      writer: 'legacy',
      paused: false,
      killed: false,
      version: 1,
      sinceMs: 0,
    } as const;
    return {
      load: async () => ({
        seq: 1,
        hash: first?.hash ?? '',
        repair: '',
        ledger: '',
        positions: { articles: position },
      }),
      save: async () => {},
    };
  };
  const positionWith = async (ledger: Awaited<ReturnType<typeof unwritable>>) => {
    const facade = await facadeOf(planOf({ routes: [routeOf('articles', ['GET /api/articles'])] }), {
      ledger,
      store: await stale(),
    });
    const position = facade.control.snapshot.states.get('articles')?.position;
    const { distrust } = facade.control;
    await facade.close();
    return { killed: position?.killed, version: position?.version, distrust };
  };

  test('still says where every route stands, if it can be read, and takes nothing', async () => {
    const ledger = await unwritable();
    expect(await positionWith(ledger)).toEqual({
      killed: true,
      version: 2,
      distrust: `ledger ${path}: it cannot be opened: EROFS. Put that right, then restart the facade.`,
    });
    await expect(ledger.append([draftOf('articles', 3)])).rejects.toMatchObject({
      code: 'LEDGER_UNWRITABLE',
    });
  });

  test('leaves it to the stored positions, if it is damaged', async () => {
    appendFileSync(path, 'garbage\n');
    expect(await positionWith(await unwritable())).toMatchObject({
      killed: false,
      version: 1,
      distrust: expect.stringContaining(`${path}:3: it is not JSON`),
    });
  });

  test('leaves it to the stored positions, if it cannot be read', async () => {
    expect(await positionWith(await unwritable(folder))).toMatchObject({ killed: false, version: 1 });
  });
});
