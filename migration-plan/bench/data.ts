// `npm run bench -- data`: the way of the data, with real databases and processes. See migration-plan/bench/README.md.
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { UpError } from '../cli/databases/process.ts';
import { type Carrying, carrying } from './carrying.ts';
import { startServers } from './databases.ts';
import { lagging } from './lag.ts';
import { ownerChanges } from './owner-changes.ts';
import { carryingTable, changesTable, lagTable } from './report.ts';
import { tearDown, tearDownOnSignals } from './teardown.ts';

const USAGE = `npm run bench -- data [--rows 50000,…] [--writes 200] [--rate 500] [--seconds 20] [--changes 10] [--only backfill,lag,cutover] [--minutes 5] [--write]`;
const PARTS = ['backfill', 'lag', 'cutover'] as const;

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '50000' },
    writes: { type: 'string', default: '200' },
    rate: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '20' },
    changes: { type: 'string', default: '10' },
    only: { type: 'string', default: PARTS.join() },
    minutes: { type: 'string', default: '5' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const say = (line: string) => void process.stderr.write(`bench: ${line}\n`);

function count(
  name: 'rows' | 'writes' | 'rate' | 'seconds' | 'changes' | 'minutes',
  text = flags[name],
): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new UpError('BENCH_FLAG', `--${name}: expected a whole number above 0, got ${text}. ${USAGE}`);
}

async function main(): Promise<void> {
  const only = flags.only.split(',');
  const unknown = only.find((name) => !(PARTS as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new UpError('BENCH_FLAG', `--only: expected some of ${PARTS.join()}, got ${unknown}. ${USAGE}`);
  const sizes = flags.rows.split(',').map((text) => count('rows', text));
  /** No part waits longer than this for what it measures. */
  const boundMs = count('minutes') * 60_000;
  const writes = count('writes');
  tearDownOnSignals();
  try {
    const servers = await startServers();
    const all: string[] = [];
    // As they come: what is known is told also when a later part fails.
    const tell = (lines: readonly string[]) => {
      all.push(...lines);
      process.stdout.write(`${lines.join('\n')}\n`);
    };
    tell(preamble(servers.label));
    if (only.includes('backfill')) {
      const runs: Carrying[] = [];
      for (const rows of sizes)
        for (const beside of [0, writes])
          runs.push(await carrying(servers, { rows, writes: beside, boundMs, say }));
      tell(carryingTable(runs));
    }
    if (only.includes('lag')) {
      const seconds = Math.min(count('seconds'), boundMs / 1000);
      tell(lagTable(await lagging(servers, { rate: count('rate'), seconds, say })));
    }
    if (only.includes('cutover')) {
      const options = { times: count('changes'), writes, boundMs, say };
      tell(changesTable(await ownerChanges(servers, options)));
    }
    if (flags.write) writeFileSync(join(import.meta.dirname, 'RESULTS.md'), `${all.join('\n').trimEnd()}\n`);
  } finally {
    await tearDown();
  }
}

function preamble(databases: string): string[] {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, ${process.platform}, Node ${process.versions.node}, ${databases}`;
  const command = [
    'npm run bench --',
    ...['data', ...process.argv.slice(2)].filter((arg) => arg !== '--write'),
  ];
  return [
    '# Bench results: data',
    '',
    `\`${command.join(' ')} --write\` on ${machine}; ${new Date().toISOString().slice(0, 10)}; load average before it ${loadavg()[0]?.toFixed(1)}. Written by the command; not by hand.`,
    '',
  ];
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UpError)) throw error;
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 1;
}
