import { Command, CommanderError } from 'commander';
import { DEFAULT_PLAN } from '#plan/model/state-folder.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { Failure } from './failure.ts';
import { painter } from './screen/paint.ts';
import { DEFAULT_ADMIN_URL, type GlobalOptions, openSession, type Streams } from './session.ts';
import type { Run } from './verb.ts';
import { addAdvance } from './verbs/advance.ts';
import { addBackfill } from './verbs/backfill.ts';
import { addCapture } from './verbs/capture.ts';
import { addCompletion } from './verbs/completion.ts';
import { addCutover } from './verbs/cutover.ts';
import { addDoctor } from './verbs/doctor.ts';
import { addEvidence } from './verbs/evidence.ts';
import { addInit } from './verbs/init.ts';
import { addInstances } from './verbs/instances.ts';
import { addKill } from './verbs/kill.ts';
import { addLedger } from './verbs/ledger.ts';
import { addLint } from './verbs/lint.ts';
import { addNew } from './verbs/new.ts';
import { addNext } from './verbs/next.ts';
import { addObservations } from './verbs/observations.ts';
import { addParity } from './verbs/parity.ts';
import { addPin } from './verbs/pin.ts';
import { addReconcile } from './verbs/reconcile.ts';
import { addRecord } from './verbs/record.ts';
import { addReload } from './verbs/reload.ts';
import { addReplay } from './verbs/replay.ts';
import { addReport } from './verbs/report.ts';
import { addRetire } from './verbs/retire.ts';
import { addPause, addResume, addRollback } from './verbs/route-verbs.ts';
import { addStatus } from './verbs/status.ts';
import { addToken } from './verbs/token.ts';
import { addUp } from './verbs/up.ts';

const VERBS = [
  addInit,
  addUp,
  addLint,
  addStatus,
  addObservations,
  addNext,
  addNew,
  addEvidence,
  addAdvance,
  addRollback,
  addPause,
  addResume,
  addKill,
  addPin,
  addParity,
  addRecord,
  addReplay,
  addReload,
  addCapture,
  addBackfill,
  addCutover,
  addRetire,
  addReconcile,
  addInstances,
  addLedger,
  addToken,
  addDoctor,
  addReport,
  addCompletion,
];

/**
 * The CLI: `argv` without node and script. Resolves to the exit code (see README.md) and never rejects for what a
 * user can cause; the result goes to stdout, errors and hints to stderr, both as JSON with `--json`.
 */
export async function main(
  argv: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
  streams: Streams = process,
): Promise<number> {
  const json = argv.includes('--json');
  // Nobody reads on (`fig ledger | head`): that is no failure, and nothing is left to say.
  const onClosed = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  };
  streams.stdout.on('error', onClosed);
  let exitCode: ExitCode = EXIT.ok;
  const program = buildProgram(env, streams, json, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return usageExit(error, streams, json);
    const failure = isSystemError(error) ? ofSystem(error) : error;
    if (failure instanceof Failure) return failureExit(failure, env, streams, json);
    throw error;
  } finally {
    if (streams.stdout !== process.stdout) streams.stdout.off('error', onClosed);
  }
}

/** The program with all its verbs; the documentation test reads it too. */
export function buildProgram(
  env: NodeJS.ProcessEnv,
  streams: Streams,
  json: boolean,
  finished: (code: ExitCode) => void,
): Command {
  const program = new Command('fig')
    .description('Move a monolith to new services, one route at a time.')
    .option('--plan <dir>', 'plan folder', DEFAULT_PLAN)
    .option('--admin <url>', `admin API of the facade (default: FIG_ADMIN_URL or ${DEFAULT_ADMIN_URL})`)
    .option('--json', 'answer in JSON')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('What there is: npx fig --help, or npx fig VERB --help.')
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      // With --json the error is written once, as JSON, by main.
      writeErr: (text) => json || streams.stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride();
  const run: Run =
    (work) =>
    async (...args) => {
      const command = args.pop() as Command;
      args.pop();
      // A verb has the options of the verb that it stands under, too: `fig token add --file`.
      const options = command.optsWithGlobals<GlobalOptions>();
      const session = openSession(options, env, streams);
      finished(await work(session, options, ...args));
    };
  for (const add of VERBS) add(program, run);
  return program;
}

function usageExit(error: CommanderError, streams: Streams, json: boolean): number {
  if (error.exitCode === 0) return EXIT.ok;
  if (json) {
    const message =
      error.message === '(outputHelp)' ? 'expected a verb, got none. See: npx fig --help' : error.message;
    writeError(streams, EXIT.usage, 'CLI_USAGE', message.replace(/^error: /, ''));
  }
  return EXIT.usage;
}

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  typeof error === 'object' && error !== null && 'syscall' in error && 'code' in error;

/** Files and disk: what a verb has no word of its own for. */
const ofSystem = (error: NodeJS.ErrnoException): Failure =>
  new Failure(
    EXIT.refused,
    'CLI_SYSTEM',
    `expected to be able to ${error.syscall}${error.path === undefined ? '' : ` ${error.path}`}, got ${error.code}. Make it possible (rights, free space, the right kind of file), and run this again.`,
    { cause: error },
  );

function failureExit(failure: Failure, env: NodeJS.ProcessEnv, streams: Streams, json: boolean): number {
  if (json) writeError(streams, failure.exitCode, failure.code, failure.message, failure.details);
  else {
    // SECURITY: part of the message comes from a server; control characters could drive the terminal.
    const message = failure.message.replace(/[^\P{Cc}\n]/gu, ' ');
    streams.stderr.write(`${painter(streams.stderr, env)('red', 'error:')} ${message}\n`);
  }
  return failure.exitCode;
}

function writeError(
  streams: Streams,
  exitCode: ExitCode,
  code: string,
  message: string,
  details?: unknown,
): void {
  const error = details === undefined ? { code, message, exitCode } : { code, message, exitCode, details };
  streams.stderr.write(`${JSON.stringify({ error })}\n`);
}
