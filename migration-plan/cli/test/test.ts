// Runs every suite on real databases: `npm test [-- JEST_ARGS]`. See the README, "Tests".
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findMysqlProgram, startMysql } from '../databases/mysql.ts';
import { removePostgresHome, startPostgres } from '../databases/postgres.ts';
import { UpError } from '../databases/process.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const stateDir = mkdtempSync(join(tmpdir(), 'fig-test-'));
/** How long Jest may take to end after it has written its results. */
const LEFT_OPEN_MS = 20_000;
const stops: (() => Promise<void>)[] = [];

type JestResults = {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numRuntimeErrorTestSuites: number;
  testResults: { assertionResults: { fullName: string; status: string }[] }[];
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
  const output = join(stateDir, 'results.json');
  const code = await new Promise<number>((resolve) => {
    const jest = spawn(
      process.execPath,
      [
        '--experimental-vm-modules',
        '--disable-warning=ExperimentalWarning',
        join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
        '--json',
        `--outputFile=${output}`,
        ...process.argv.slice(2),
      ],
      {
        cwd: root,
        stdio: ['inherit', 'ignore', 'inherit'],
        // The suites start programs of the project hundreds of times: each is compiled once.
        env: { NODE_COMPILE_CACHE: join(stateDir, 'compile-cache'), ...process.env, ...env },
      },
    );
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => jest.kill(signal));
    // A suite that leaves something open keeps Jest from ending; that is a fault, and not one to wait for.
    const watch = setInterval(() => {
      if (!existsSync(output) || Date.now() - statSync(output).mtimeMs < LEFT_OPEN_MS) return;
      say('Jest did not end after its results: a suite left something open');
      jest.kill('SIGKILL');
    }, 1_000);
    jest.on('exit', (exitCode) => {
      clearInterval(watch);
      resolve(exitCode ?? 1);
    });
  });
  return summarise(output, code);
}

function summarise(output: string, code: number): number {
  let results: JestResults;
  try {
    results = JSON.parse(readFileSync(output, 'utf8')) as JestResults;
  } catch {
    return code === 0 ? 1 : code;
  }
  const skipped = results.testResults.flatMap((file) =>
    file.assertionResults.filter((test) => test.status === 'pending'),
  );
  for (const test of skipped) say(`skipped: ${test.fullName}`);
  // A suite that could not even be loaded counts as failed, or a broken import would read as fewer tests.
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  process.stdout.write(
    `tests: ${results.numPassedTests} passed, ${failed} failed, ${skipped.length} skipped\n`,
  );
  return code;
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
