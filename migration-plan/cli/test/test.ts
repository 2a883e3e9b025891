// Runs every suite on real databases: `npm test [-- JEST_ARGS]`. See the README, "Tests".
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { findMysqlProgram, startMysql } from '../databases/mysql.ts';
import { removePostgresHome, startPostgres } from '../databases/postgres.ts';
import { UpError } from '../databases/process.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const stateDir = mkdtempSync(join(tmpdir(), 'fig-test-'));
/** How long Jest may take to end after it has written its results. */
const LEFT_OPEN_MS = 20_000;
/** So many of the slowest tests are named, of those that take longer than this. */
const SLOWEST = 15;
const SLOW_MS = 10_000;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** A suite waits for its processes about as long as it computes: three keep two cores busy. */
const WORKERS = Math.max(3, availableParallelism() >> 1);
/** A suite that measures memory or needs the machine for itself is named `*.alone.test.ts`. */
const ROUNDS: readonly (readonly string[])[] = [
  [
    `--maxWorkers=${WORKERS}`,
    `--testSequencer=${join(import.meta.dirname, 'long-suites-first.ts')}`,
    '--testPathIgnorePatterns=/node_modules/',
    '--testPathIgnorePatterns=/\\.fig/',
    '--testPathIgnorePatterns=\\.alone\\.test\\.ts$',
  ],
  ['--maxWorkers=1', '--testMatch=**/*.alone.test.ts'],
];
const stops: (() => Promise<void>)[] = [];

type JestResults = {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numRuntimeErrorTestSuites: number;
  testResults: { assertionResults: { fullName: string; status: string; duration?: number | null }[] }[];
};

async function databases(): Promise<NodeJS.ProcessEnv> {
  const postgres = await startPostgres({ stateDir: join(stateDir, 'postgres'), durable: false });
  stops.push(postgres.stop);
  say(`Postgres ${postgres.version} (private instance)`);

  const named = process.env.FIG_TEST_MYSQL_URL;
  if (named) {
    say(`MySQL or MariaDB at ${new URL(named).host} (FIG_TEST_MYSQL_URL), databases fig_test_* only`);
    return { FIG_TEST_POSTGRES_URL: postgres.adminUrl, FIG_TEST_MYSQL_URL: named };
  }
  const program = findMysqlProgram();
  if (program) {
    const mysql = await startMysql(program, { stateDir: join(stateDir, 'mysql'), durable: false });
    stops.push(mysql.stop);
    say(`${program.flavour} ${program.version} (private instance of ${program.file})`);
    return { FIG_TEST_POSTGRES_URL: postgres.adminUrl, FIG_TEST_MYSQL_URL: mysql.adminUrl };
  }
  const missing = 'no MariaDB or MySQL server program on this machine, and FIG_TEST_MYSQL_URL is not set';
  if (process.env.FIG_REQUIRE_MYSQL === '1') {
    throw new UpError(
      'TEST_MYSQL',
      `FIG_REQUIRE_MYSQL=1, but ${missing}. Do: install mariadb-server, or name a server by its URL.`,
    );
  }
  say(`${missing}: suites that need one are skipped, SQLite and Postgres suites run`);
  return { FIG_TEST_POSTGRES_URL: postgres.adminUrl };
}

async function main(): Promise<number> {
  const env = await databases();
  const rounds: JestResults[] = [];
  let code = 0;
  for (const [n, options] of ROUNDS.entries()) {
    const output = join(stateDir, `results-${n}.json`);
    // Behind what was asked for: an option that takes a list would take the paths of suites for part of it.
    code = (await runJest([...process.argv.slice(2), ...options], output, env)) || code;
    const results = read(output);
    if (stopped || !results) return code || 1;
    rounds.push(results);
  }
  return summarise(rounds) ? code : 1;
}

let stopped = false;

async function runJest(args: readonly string[], output: string, env: NodeJS.ProcessEnv): Promise<number> {
  const jest = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
      '--json',
      `--outputFile=${output}`,
      '--passWithNoTests',
      ...args,
    ],
    {
      cwd: root,
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit'],
      // The suites start programs of the project hundreds of times: each is compiled once.
      env: { NODE_COMPILE_CACHE: join(stateDir, 'compile-cache'), ...process.env, ...env },
    },
  );
  // Jest does not pass a signal on to its workers: all of them get it.
  const signalAll = (signal: NodeJS.Signals) => {
    try {
      process.kill(-(jest.pid as number), signal);
    } catch {
      // They have ended.
    }
  };
  const stop = (signal: NodeJS.Signals) => {
    stopped = true;
    signalAll(signal);
  };
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
  // A suite that leaves something open keeps Jest from ending; that is a fault, and not one to wait for.
  const watch = setInterval(() => {
    if (!existsSync(output) || Date.now() - statSync(output).mtimeMs < LEFT_OPEN_MS) return;
    say('Jest did not end after its results: a suite left something open');
    signalAll('SIGKILL');
  }, 1_000);
  const [code] = (await once(jest, 'exit')) as [number | null];
  clearInterval(watch);
  for (const signal of STOP_SIGNALS) process.off(signal, stop);
  return code ?? 1;
}

function read(output: string): JestResults | null {
  try {
    return JSON.parse(readFileSync(output, 'utf8')) as JestResults;
  } catch {
    return null;
  }
}

/** Says what became of all tests; false: there was none. */
function summarise(rounds: readonly JestResults[]): boolean {
  const sum = (of: (results: JestResults) => number) => rounds.reduce((all, results) => all + of(results), 0);
  const tests = rounds.flatMap(({ testResults }) => testResults.flatMap((file) => file.assertionResults));
  const slow = tests.filter(({ duration }) => (duration ?? 0) > SLOW_MS);
  slow.sort((one, other) => (other.duration ?? 0) - (one.duration ?? 0));
  for (const { duration, fullName } of slow.slice(0, SLOWEST))
    say(`slow: ${((duration ?? 0) / 1000).toFixed(0)} s ${fullName}`);
  const skipped = tests.filter(({ status }) => status === 'pending');
  for (const test of skipped) say(`skipped: ${test.fullName}`);
  // A suite that could not even be loaded counts as failed, or a broken import would read as fewer tests.
  const failed = sum(
    ({ numFailedTests, numRuntimeErrorTestSuites }) => numFailedTests + numRuntimeErrorTestSuites,
  );
  const passed = sum(({ numPassedTests }) => numPassedTests);
  process.stdout.write(`tests: ${passed} passed, ${failed} failed, ${skipped.length} skipped\n`);
  const any = passed + failed + skipped.length > 0;
  if (!any) say(`no test matches ${process.argv.slice(2).join(' ')}`);
  return any;
}

function say(line: string): void {
  process.stderr.write(`test: ${line}\n`);
}

let exitCode = 1;
try {
  exitCode = await main();
} catch (error) {
  if (!(error instanceof UpError)) throw error;
  process.stderr.write(`test: ${error.message}\n`);
} finally {
  for (const stop of stops.reverse()) await stop().catch(() => {});
  removePostgresHome(join(stateDir, 'postgres'));
  rmSync(stateDir, { recursive: true, force: true });
}
process.exit(exitCode);
