import { readdir } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { openPositionStore } from './adapters/position-store.file.ts';
import { openRepairableFile } from './adapters/repairable-ledger.file.ts';
import { openRepairableTable } from './adapters/repairable-ledger.postgres.ts';
import { repairLedger } from './control/repair-ledger.ts';
import { LedgerError } from './core/ledger.ts';
import type { FoundPositions } from './core/ledger-repair.ts';
import { readLedger, SettingsError } from './settings.ts';

/** `fig ledger repair` runs this where the facade ran. It says on stdout, in one JSON document, what it found and did. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ledger: { type: 'string', default: 'file:.fig/ledger.jsonl' },
      state: { type: 'string', multiple: true, default: [] },
      reason: { type: 'string', default: '' },
      positions: { type: 'string', default: 'latest' },
      'dry-run': { type: 'boolean', default: false },
      'accept-loss': { type: 'boolean', default: false },
    },
  });
  const where = readLedger(values.ledger);
  if (where.kind === 'memory')
    throw new SettingsError('--ledger: expected file:PATH or postgres://…, got memory:.');
  const folders = where.kind === 'file' ? [dirname(where.path), ...values.state] : values.state;
  const found = (await Promise.all([...new Set(folders)].map(storedIn))).flat();
  const ledger =
    where.kind === 'file' ? await openRepairableFile(where.path) : await openRepairableTable(where.address);
  try {
    const policy = values.positions === 'kept' ? 'kept' : 'latest';
    const report = await repairLedger(ledger, found, {
      policy,
      author: { actor: whoRuns(), reason: values.reason },
      at: new Date().toISOString(),
      dryRun: values['dry-run'],
      acceptLoss: values['accept-loss'],
    });
    say(report);
    process.exitCode = report.refused ? 1 : 0;
  } finally {
    await ledger.close();
  }
}

/** No token says who repairs: whoever may write the ledger may. */
function whoRuns(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A container may run as a user that has no name.
    return `uid-${process.getuid?.() ?? 'unknown'}@${hostname()}`;
  }
}

async function storedIn(folder: string): Promise<FoundPositions[]> {
  const names = await readdir(folder).catch(() => []);
  const found: FoundPositions[] = [];
  for (const name of names.filter((one) => /^positions-\d+\.json$/.test(one)).sort()) {
    const source = join(folder, name);
    const stored = await openPositionStore(source).load();
    if (stored) found.push({ source, stored });
  }
  return found;
}

function say(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document)}\n`);
}

main().catch((error: unknown) => {
  const code = error instanceof LedgerError ? error.code : 'LEDGER_REPAIR_FAILED';
  say({ refused: { code, message: (error as Error).message } });
  process.exitCode = error instanceof SettingsError ? 2 : 1;
});
