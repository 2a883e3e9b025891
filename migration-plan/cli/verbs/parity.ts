import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Plan } from '#plan/model/plan.ts';
import { formatProblem } from '#plan/model/problem.ts';
import { type Contract, readContract } from '#plan/parity/contract-coverage.ts';
import { type CaseReport, explain, type SuiteReport } from '#plan/parity/report.ts';
import { htmlReport } from '#plan/parity/reporters/html.ts';
import { junitReport } from '#plan/parity/reporters/junit.ts';
import { runSuite, SuiteStopped } from '#plan/parity/run-suite.ts';
import { loadSuites, type Suite } from '#plan/parity/suite.ts';
import { AdminApi } from '../api/admin.ts';
import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { painter, type Tone } from '../screen/paint.ts';
import { requirePlan, type Session } from '../session.ts';
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
};

const FILES: Readonly<Record<string, { file: string; write: (suites: readonly SuiteReport[]) => string }>> = {
  junit: { file: 'parity.xml', write: junitReport },
  html: { file: 'parity.html', write: htmlReport },
};
const TONES: Readonly<Record<CaseReport['outcome'], Tone>> = {
  passed: 'green',
  failed: 'red',
  error: 'red',
  skipped: 'yellow',
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
    .option('--reporter <list>', 'tty, junit (parity.xml), html (parity.html), with commas', 'tty')
    .option('--output <dir>', 'where reporters write their files', '.')
    .option('--contract <file>', 'an OpenAPI document: say which operation and status no case has met')
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
        const suites = suitesOf(session, plan, route);
        const reports: SuiteReport[] = [];
        for (const suite of suites) {
          const keep = options.evidence ? await evidenceKeeper(session, suite, options) : null;
          const report = await runOne(session, plan, suite, options, timeoutMs);
          reports.push(report);
          await keep?.(report);
        }
        for (const name of reporters) write(session, options.output, name, reports);
        if (session.json) session.answer({ suites: reports });
        const bad = reports.some(({ counts }) => counts.failed + counts.error > 0);
        return bad ? EXIT.refused : EXIT.ok;
      }),
    );
}

function reportersOf(list: string): string[] {
  const names = list.split(',').map((name) => name.trim());
  for (const name of names)
    if (name !== 'tty' && !FILES[name]) throw usage('--reporter', 'tty, junit or html', name, 'tty,junit');
  return names.filter((name) => name !== 'tty');
}

function suitesOf(session: Session, plan: Plan, route: string | undefined): Suite[] {
  const { suites, problems } = loadSuites(plan, session.planDir, session.env);
  if (problems.length > 0)
    throw new Failure(EXIT.refused, 'PARITY_INVALID', problems.map(formatProblem).join('\n'), {
      details: { problems },
    });
  const wanted = suites.filter((suite) => route === undefined || suite.route.name === route);
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

async function runOne(
  session: Session,
  plan: Plan,
  suite: Suite,
  options: Options,
  timeoutMs: number,
): Promise<SuiteReport> {
  const legacyUrl = options.legacy ?? plan.legacy?.url;
  if (legacyUrl === undefined)
    throw usage('--legacy', 'a URL, as the plan has no legacy', 'none', 'http://127.0.0.1:4101');
  const candidateUrl = options.candidate ?? (plan.candidates.get(suite.route.candidate)?.url as string);
  if (!session.json) session.say(`${suite.route.name}: legacy ${legacyUrl}, candidate ${candidateUrl}`);
  const paint = painter(session.streams.stdout, session.env);
  const say = (one: CaseReport) => {
    if (session.json || one.outcome === 'passed' || one.outcome === 'skipped') return;
    session.say(`  ${paint(TONES[one.outcome], one.outcome.padEnd(7))} ${one.name}`);
    for (const line of explain(one)) session.say(`          ${line}`);
  };
  try {
    const report = await runSuite(suite, {
      plan,
      legacyUrl,
      candidateUrl,
      writes: options.writes === true,
      timeoutMs,
      contract: options.contract === undefined ? null : contractOf(options.contract),
      onCase: say,
    });
    const { passed, failed, error, skipped } = report.counts;
    const reasons = Map.groupBy(
      report.cases.filter(({ outcome }) => outcome === 'skipped'),
      ({ reason }) => reason,
    );
    if (!session.json)
      for (const [reason, cases] of reasons)
        session.say(
          `  ${paint(TONES.skipped, 'skipped')} ${cases.length === 1 ? cases[0]?.name : `${cases.length} cases`}: ${reason}`,
        );
    if (report.coverage && !session.json) {
      const { met, of, missing } = report.coverage;
      session.say(`  contract: ${met} of ${of} operations and statuses met`);
      for (const one of missing) session.say(`  ${paint('yellow', 'not met')} ${one}`);
    }
    if (!session.json)
      session.say(
        `  ${report.cases.length} cases: ${passed} passed, ${failed} failed, ${error} errors, ${skipped} skipped, ${(report.ms / 1000).toFixed(1)} s`,
      );
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
    const parity = { verdict, suite: file, passed, failed, errors, skipped, unsentWrites } as const;
    const known = await admin.recordParity(route.name, { parity, hash: routeHash, build, reason });
    session.note(`${route.name}: recorded as evidence (${verdict}).`);
    if (verdict === 'pass' && known.parityGap !== null) session.note(known.parityGap);
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

function write(session: Session, dir: string, name: string, reports: readonly SuiteReport[]): void {
  const { file, write } = FILES[name] as (typeof FILES)[string];
  const path = join(dir, file);
  try {
    mkdirSync(dir, { recursive: true });
    writeFileSync(path, write(reports));
  } catch (error) {
    throw new Failure(
      EXIT.refused,
      'CLI_FILE',
      `expected to write ${path}, got ${(error as NodeJS.ErrnoException).code}. Name another folder with --output.`,
      { cause: error },
    );
  }
  session.note(`Written to ${path}.`);
}

function usage(flag: string, expected: string, got: string, example: string): Failure {
  return new Failure(
    EXIT.usage,
    'CLI_USAGE',
    `${flag}: expected ${expected}, got \`${got}\`. Write e.g. \`${example}\`.`,
  );
}
