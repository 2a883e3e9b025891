// `npm run soak -- import`: a data file of 200,000 lines into the monolith, on every database that is here.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { UpError } from '../databases/process.ts';
import { renderTable } from '../screen/table.ts';
import { legacyKinds } from './legacy-databases.ts';
import { type ImportRun, runImport } from './run-import.ts';

const USAGE = 'npm run soak -- import [--lines 200000]';

// It ends when the file is in, whatever `--minutes` says.
const { values: flags } = parseArgs({
  options: { lines: { type: 'string', default: '200000' }, minutes: { type: 'string' } },
});
const lines = Number(flags.lines);
if (!Number.isInteger(lines) || lines < 1000) {
  process.stderr.write(`--lines: expected a whole number of at least 1000, got ${flags.lines}. ${USAGE}\n`);
  process.exit(2);
}

async function main(): Promise<number> {
  const say = (line: string) => process.stderr.write(`soak: ${line}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'fig-soak-import-'));
  const runs: ImportRun[] = [];
  try {
    for (const kind of legacyKinds(say)) runs.push(await runImport(kind, folder, lines, say));
  } catch (error) {
    if (!(error instanceof UpError)) throw error;
    say(error.message);
    return 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const head = ['database', 'lines', 'bad', 'double', 'seconds', 'again', 'peak MiB before', 'after'];
  const rows = runs.map((run) => [
    run.database,
    ...[run.lines, run.bad, run.dup].map(String),
    ...[run.seconds, run.secondsAgain].map((seconds) => seconds.toFixed(1)),
    ...run.peakMiB.map((peak) => String(peak ?? '-')),
  ]);
  process.stdout.write(`\n${renderTable(head, rows, null, (_tone, text) => text).join('\n')}\n`);
  for (const { database, failures } of runs)
    for (const failure of failures) process.stdout.write(`FAILED ${database}: ${failure}\n`);
  return runs.every(({ failures }) => failures.length === 0) ? 0 : 1;
}

process.exit(await main());
