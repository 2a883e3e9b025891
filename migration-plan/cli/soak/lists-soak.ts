// `npm run soak -- lists`: every list, search and report of the monolith at full size, on every database that is here.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { UpError } from '../databases/process.ts';
import { renderTable } from '../screen/table.ts';
import { type LegacyKind, legacyKinds } from './legacy-databases.ts';
import { runLegacy, startMonolith } from './monolith-process.ts';
import { type Answered, askAll } from './run-questions.ts';

const USAGE = 'npm run soak -- lists [--times 40] [--timesheets 200000]';
/** What people wait for without a word, and what the boss waits for. */
const PATIENCE_MS = 300;
const PATIENCE_FOR_REPORTS_MS = 2000;

// It ends when everything was asked, whatever `--minutes` says.
const { values: flags } = parseArgs({
  options: {
    times: { type: 'string', default: '40' },
    timesheets: { type: 'string', default: '200000' },
    minutes: { type: 'string' },
  },
});
const [times, timesheets] = [Number(flags.times), Number(flags.timesheets)];
if (!Number.isInteger(times) || times < 1 || !Number.isInteger(timesheets) || timesheets < 1000) {
  process.stderr.write(`expected whole numbers, got ${flags.times} and ${flags.timesheets}. ${USAGE}\n`);
  process.exit(2);
}

async function main(): Promise<number> {
  const say = (line: string) => process.stderr.write(`soak: ${line}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'fig-soak-lists-'));
  let held = true;
  try {
    for (const kind of legacyKinds(say)) held = (await run(kind, folder, say)) && held;
  } catch (error) {
    if (!(error instanceof UpError)) throw error;
    say(error.message);
    return 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return held ? 0 : 1;
}

async function run(kind: LegacyKind, folder: string, say: (line: string) => void): Promise<boolean> {
  const database = await kind.start(join(folder, kind.name));
  try {
    say(`${kind.name}: seeding`);
    say((await runLegacy('seed.ts', ['--database', database.url, ...sizes()])).trim().split('\n').at(-1)!);
    const monolith = await startMonolith(database.url);
    try {
      return show(
        kind.name,
        await askAll(monolith, { times, timesheets }, (what) => say(`${kind.name}: ${what}`)),
      );
    } finally {
      await monolith.stop();
    }
  } finally {
    await database.stop();
  }
}

/** In the proportions of 10,000 freelancers, 2,000 customers, 5,000 projects and 60,000 payments to 200,000 timesheets. */
function sizes(): string[] {
  const part = (ratio: number) => String(Math.ceil(timesheets * ratio));
  return [
    ...['--freelancers', part(0.05), '--customers', part(0.01), '--projects', part(0.025)],
    ...['--timesheets', String(timesheets), '--payments', part(0.3)],
  ];
}

function show(database: string, answered: readonly Answered[]): boolean {
  const rows = answered.map(({ name, failures, ...ms }) => {
    const patience = name.includes('report') ? PATIENCE_FOR_REPORTS_MS : PATIENCE_MS;
    const remark = failures.length > 0 ? failures[0]! : ms.p95Ms > patience ? `above ${patience} ms` : '';
    return [name, ...[ms.p50Ms, ms.p95Ms, ms.maxMs].map((value) => value.toFixed(0)), remark];
  });
  const head = [`${database}, ${timesheets} timesheets`, 'p50 ms', 'p95 ms', 'max ms', ''];
  process.stdout.write(`\n${renderTable(head, rows, null, (_tone, text) => text).join('\n')}\n`);
  return rows.every((row) => row.at(-1) === '');
}

process.exit(await main());
