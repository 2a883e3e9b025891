import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Plan, Route } from '#plan/model/plan.ts';
import { formatProblem, type Problem } from '#plan/model/problem.ts';
import { type Contract, readContract } from '#plan/parity/contract-coverage.ts';
import type { SuiteReport } from '#plan/parity/report.ts';
import { runSuite, SuiteStopped } from '#plan/parity/run-suite.ts';
import { loadSuites, type Suite } from '#plan/parity/suite.ts';
import { RecordingProblem, readRecording } from '#plan/traffic/read-recording.ts';
import { addRecordedCases } from '#plan/traffic/recorded-cases.ts';
import { AdminApi } from '../api/admin.ts';
import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { interruptible } from '../interrupt.ts';
import { anyBad, reportersOf, sayCase, saySummary, writeReports } from '../parity-output.ts';
import { requirePlan, type Session } from '../session.ts';
import { countFlag, usage } from '../usage.ts';
import type { Run } from '../verb.ts';

type Options = {
  legacy?: string;
  candidate?: string;
  writes?: boolean;
  reporter: string;
  output: string;
  timeout: string;
  contract?: string;
  evidence?: boolean;
  reason?: string;
  add?: string;
  generate?: string;
  seed?: string;
};

/** `fig parity`: the same requests to both sides, answers compared. */
export function addParity(program: Command, run: Run): void {
  program
    .command('parity')
    .argument('[route]')
    .description('send the cases of parity/*.parity.yaml to both sides and compare the answers')
    .option('--legacy <url>', "instead of the plan's")
    .option('--candidate <url>', "instead of the plan's")
    .option('--writes', 'send cases that write, too: to both sides, for good')
    .option(
      '--reporter <list>',
      'tty, junit (parity.xml), html (parity.html), json (parity.json), with commas',
      'tty',
    )
    .option('--output <dir>', 'where reporters write their files', '.')
    .option('--contract <file>', 'an OpenAPI document: say which operation and status no case has met')
    .option('--add <recording>', 'send nothing: make cases of a recording, one for each endpoint and outcome')
    .option('--generate <count>', 'also send so many requests made from the contract')
    .option('--seed <number>', 'the same number makes the same requests')
    .option('--evidence', 'record the verdict in the ledger: the step to candidate asks for it')
    .option('--reason <text>', 'why, for the ledger', 'fig parity')
    .option('--timeout <seconds>', 'longest wait for an answer', '10')
    .action(
      run(async (session, options: Options, route?: string) => {
        const reporters = reportersOf(options.reporter);
        const timeoutMs = Number(options.timeout) * 1000;
        if (!(timeoutMs > 0)) throw usage('--timeout', 'seconds above 0', options.timeout, '10');
        for (const key of ['legacy', 'candidate'] as const)
          if (options[key] !== undefined && !/^https?:\/\//.test(options[key]))
            throw usage(`--${key}`, 'an http or https URL', options[key], 'http://127.0.0.1:4101');
        const elsewhere = (['legacy', 'candidate'] as const).find((key) => options[key] !== undefined);
        if (options.evidence && elsewhere)
          throw usage(
            '--evidence',
            `the plan's own systems, without --${elsewhere}`,
            `--${elsewhere}`,
            'fig parity --evidence',
          );
        const plan = requirePlan(session);
        if (options.add !== undefined) return addCases(session, plan, options.add, route);
        const suites = suitesOf(session, plan, route, options.generate !== undefined);
        const reports: SuiteReport[] = [];
        const isCut = await interruptible(async (signal) => {
          for (const suite of suites) {
            const keep = options.evidence ? await evidenceKeeper(session, suite, options) : null;
            if (signal.aborted) break;
            reports.push(await runOne(session, plan, suite, { ...options, timeoutMs, signal }));
            // Half a run proves nothing.
            if (!signal.aborted) await keep?.(reports.at(-1) as SuiteReport);
          }
          return signal.aborted;
        });
        if (isCut)
          session.note(
            `Interrupted: the cases above were looked at, the others were not${options.evidence ? ', and what was cut is no evidence' : ''}.`,
          );
        writeReports(session, reporters, { dir: options.output, name: 'parity' }, reports);
        if (session.json) session.answer({ suites: reports });
        if (isCut) return EXIT.interrupted;
        return anyBad(reports) ? EXIT.refused : EXIT.ok;
      }),
    );
}

function suitesOf(session: Session, plan: Plan, route: string | undefined, generates: boolean): Suite[] {
  const { suites, problems } = loadSuites(plan, session.planDir, session.env);
  refuseInvalid(problems);
  const wanted = suites.filter((suite) => route === undefined || suite.route.name === route);
  const lacksSuite = ({ name }: Route) =>
    (route === undefined || name === route) && !suites.some((suite) => suite.route.name === name);
  if (generates) wanted.push(...plan.routes.filter(lacksSuite).map(withoutCases));
  if (wanted.length > 0) return wanted;
  const where = join(session.planDir, 'parity');
  if (route !== undefined && !plan.routes.some(({ name }) => name === route))
    throw new Failure(
      EXIT.refused,
      'ROUTE_UNKNOWN',
      `expected a route of the plan, got ${route}. Known: ${plan.routes.map(({ name }) => name).join(', ')}.`,
    );
  throw new Failure(
    EXIT.refused,
    'PARITY_NONE',
    `expected a suite in ${where}, got none${route === undefined ? '' : ` for ${route}`}. Write ${route ?? 'ROUTE'}.parity.yaml there.`,
  );
}

/** Makes cases of a recording and puts them behind those of the suite, or into a new one. */
async function addCases(session: Session, plan: Plan, recording: string, name: string | undefined) {
  const route = plan.routes.find((one) => one.name === name);
  if (!route)
    throw new Failure(
      EXIT.refused,
      'ROUTE_UNKNOWN',
      `--add: expected a route of the plan, got ${name ?? 'none'}. Known: ${plan.routes.map((one) => one.name).join(', ')}.`,
    );
  const { suites, problems } = loadSuites(plan, session.planDir, session.env);
  refuseInvalid(problems);
  const user =
    suites
      .find((suite) => suite.route.name === name)
      ?.users.keys()
      .next().value ?? null;
  const path = join(session.planDir, 'parity', `${route.name}.parity.yaml`);
  const suite = existsSync(path) ? readFileSync(path, 'utf8') : null;
  const made = await readRecording(recording)
    .then(({ exchanges }) => addRecordedCases(exchanges, { plan, route, suite, user }))
    .catch((error: unknown) => {
      if (!(error instanceof RecordingProblem)) throw error;
      throw new Failure(EXIT.refused, 'RECORDING_INVALID', error.message, { cause: error });
    });
  if (made.added.length > 0) {
    mkdirSync(join(session.planDir, 'parity'), { recursive: true });
    writeFileSync(path, made.text);
  }
  const { added, repeated, left } = made;
  if (session.json) session.answer({ file: path, added, repeated, left: Object.fromEntries(left) });
  else {
    for (const one of added) session.say(`  ${one}`);
    session.say(`${added.length} cases added to ${path}; ${repeated} requests repeat one that is there.`);
    for (const [reason, count] of left) session.note(`${count} left out: ${reason}`);
    if (added.length > 0 && user === null)
      session.note('Where clients had sessions, add `users` to the suite and `as` to the cases.');
  }
  return EXIT.ok;
}

function refuseInvalid(problems: readonly Problem[]): void {
  if (problems.length > 0)
    throw new Failure(EXIT.refused, 'PARITY_INVALID', problems.map(formatProblem).join('\n'), {
      details: { problems },
    });
}

/** Requests that are generated need no suite. */
const withoutCases = (route: Route): Suite => ({ file: route.file, route, users: new Map(), cases: [] });

async function runOne(
  session: Session,
  plan: Plan,
  suite: Suite,
  options: Options & { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<SuiteReport> {
  const { timeoutMs, signal } = options;
  const legacyUrl = options.legacy ?? plan.legacy?.url;
  if (legacyUrl === undefined)
    throw usage('--legacy', 'a URL, as the plan has no legacy', 'none', 'http://127.0.0.1:4101');
  const candidateUrl = options.candidate ?? (plan.candidates.get(suite.route.candidate)?.url as string);
  if (!session.json) session.say(`${suite.route.name}: legacy ${legacyUrl}, candidate ${candidateUrl}`);
  const contract = contractFor(session, options);
  const generate = generateOf(options, contract);
  try {
    const report = await runSuite(suite, {
      plan,
      legacyUrl,
      candidateUrl,
      writes: options.writes === true,
      timeoutMs,
      signal,
      contract: options.contract === undefined ? null : contract,
      generate,
      onCase: (one) => sayCase(session, one),
    });
    saySummary(session, report);
    return report;
  } catch (error) {
    if (!(error instanceof SuiteStopped)) throw error;
    throw new Failure(
      error.unreachable ? EXIT.unreachable : EXIT.refused,
      error.unreachable ? 'PARITY_UNREACHABLE' : 'PARITY_LOGIN',
      `${error.message}. ${error.unreachable ? 'Start it, or name another URL with --legacy or --candidate.' : 'Correct `users` in the suite.'}`,
      { cause: error },
    );
  }
}

/** Looks which build is there before the run, and records what the run finds about it. */
async function evidenceKeeper(session: Session, { route }: Suite, { reason = '' }: Options) {
  const admin = new AdminApi(session);
  const { build } = await admin.evidence(route.name, 'fresh');
  return async ({ file, routeHash, counts, unsentWrites }: SuiteReport): Promise<void> => {
    const { passed, failed, error: errors, skipped } = counts;
    const verdict = passed > 0 && failed + errors === 0 ? 'pass' : 'fail';
    const suiteHash = route.parity?.hash ?? '';
    const parity = {
      verdict,
      suite: file,
      suiteHash,
      passed,
      failed,
      errors,
      skipped,
      unsentWrites,
    } as const;
    const known = await admin.recordParity(route.name, { parity, hash: routeHash, build, reason });
    session.note(`${route.name}: recorded as evidence (${verdict}).`);
    if (verdict === 'pass' && known.parityGap !== null) session.note(known.parityGap);
  };
}

/** The contract that was named, or for generated requests the one in the plan folder. */
function contractFor(session: Session, { contract, generate }: Options): Contract | null {
  if (contract !== undefined) return contractOf(contract);
  return generate === undefined ? null : contractOf(join(session.planDir, 'contract', 'openapi.yaml'));
}

const MAX_SEED = 2 ** 31 - 1;

function generateOf({ generate, seed }: Options, contract: Contract | null) {
  if (seed !== undefined && !(/^\d+$/.test(seed) && Number(seed) <= MAX_SEED))
    throw usage('--seed', `a whole number up to ${MAX_SEED}`, seed, '--seed 7');
  if (generate === undefined || !contract) return null;
  return {
    contract: contract.document,
    count: countFlag('--generate', generate, '--generate 500'),
    seed: seed === undefined ? randomInt(MAX_SEED) : Number(seed),
  };
}

function contractOf(file: string): Contract {
  try {
    return readContract(file);
  } catch (error) {
    throw new Failure(EXIT.refused, 'PARITY_CONTRACT', `--contract: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}
