// `npm run soak -- cutover`: a data set changes its owner there and back under writes and kills.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { removePostgresHome, startPostgres } from '../../cli/databases/postgres.ts';
import { UpError } from '../../cli/databases/process.ts';
import { startMysqlSide, startSqliteSide } from './legacy-side.ts';
import { formatCutoverSoak } from './report.ts';
import { runCutoverSoak } from './run-cutover-soak.ts';

const USAGE =
  'npm run soak -- cutover [--minutes 15] [--seed N] [--database mysql|sqlite] [--clients 16] [--facades 2]';

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '15' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    database: { type: 'string', default: 'mysql' },
    clients: { type: 'string', default: '16' },
    facades: { type: 'string', default: '2' },
  },
});
const [minutes, seed, clients, facades] = [flags.minutes, flags.seed, flags.clients, flags.facades].map(
  Number,
) as [number, number, number, number];
if (
  !(minutes > 0) ||
  ![seed, clients, facades].every(Number.isInteger) ||
  clients < 1 ||
  facades < 1 ||
  facades > 3 ||
  !['mysql', 'sqlite'].includes(flags.database)
) {
  process.stderr.write(`expected other flags, got ${JSON.stringify(flags)}. ${USAGE}\n`);
  process.exit(2);
}

async function main(): Promise<number> {
  const say = (line: string) => process.stderr.write(`soak: ${line}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'fig-soak-cutover-'));
  const stops: (() => Promise<unknown>)[] = [];
  let held = false;
  try {
    const postgres = await startPostgres({ stateDir: join(folder, 'postgres'), durable: true });
    stops.unshift(async () => {
      await postgres.stop();
      removePostgresHome(join(folder, 'postgres'));
    });
    process.env.FIG_TEST_POSTGRES_URL = postgres.adminUrl;
    process.env.NODE_COMPILE_CACHE ??= join(folder, 'compile-cache');
    const legacy = await (flags.database === 'mysql' ? startMysqlSide(folder) : startSqliteSide(folder));
    stops.unshift(() => legacy.stop());
    say(`${legacy.name}, ${minutes} min, seed ${seed}, logs in ${folder}`);
    const report = await runCutoverSoak({
      ...{ ms: minutes * 60_000, seed, legacy, folder, facades, clients, say },
      killPauseMs: 6_000,
      ownsPostgres: true,
    });
    process.stdout.write(`\n${formatCutoverSoak(report, legacy.name, seed)}`);
    held = report.failures.length === 0;
    return held ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UpError)) throw error;
    say(error.message);
    return 1;
  } finally {
    for (const stop of stops) await stop();
    if (held) rmSync(folder, { recursive: true, force: true });
    else say(`what the processes said lies in ${folder}`);
  }
}

process.exit(await main());
