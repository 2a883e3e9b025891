import type { Command } from 'commander';
import type { Plan } from '#plan/model/plan.ts';
import { formatProblem } from '#plan/model/problem.ts';
import type { SuiteReport } from '#plan/parity/report.ts';
import { logIn, SuiteStopped } from '#plan/parity/run-suite.ts';
import { loadSuites } from '#plan/parity/suite.ts';
import { type RecordingEnd, RecordingProblem, readRecording } from '#plan/traffic/read-recording.ts';
import { type Rate, replay } from '#plan/traffic/replay.ts';
import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { interruptible } from '../interrupt.ts';
import { anyBad, reportersOf, sayCase, saySummary, writeReports } from '../parity-output.ts';
import { progressView } from '../screen/progress.ts';
import { requirePlan, type Session } from '../session.ts';
import { countFlag, usage } from '../usage.ts';
import type { Run } from '../verb.ts';

type Options = {
  to: string;
  url?: string;
  rate: string;
  concurrency: string;
  writes?: boolean;
  as?: string;
  header: string[];
  reporter: string;
  output: string;
  timeout: string;
};

/** `fig replay`: a recording to one side again, its answers compared with the recorded ones. */
export function addReplay(program: Command, run: Run): void {
  program
    .command('replay')
    .argument('<file>')
    .description('send the requests of a recording again and compare the answers with the recorded ones')
    .option('--to <side>', 'candidate or legacy', 'candidate')
    .option('--url <url>', "where that is, instead of the plan's")
    .option(
      '--rate <rate>',
      'as recorded (100%), twice as fast (200%), so many a second (50/s), or max',
      'max',
    )
    .option('--concurrency <count>', 'requests at once', '8')
    .option('--writes', 'send requests that write, too: for good')
    .option('--as <user>', "requests of a session are sent as this user of the route's parity suite")
    .option(
      '--header <name: value>',
      'sent with requests of a session, e.g. their cookie; several times',
      collect,
      [],
    )
    .option(
      '--reporter <list>',
      'tty, junit (replay.xml), html (replay.html), json (replay.json), with commas',
      'tty',
    )
    .option('--output <dir>', 'where reporters write their files', '.')
    .option('--timeout <seconds>', 'longest wait for an answer', '10')
    .action(
      run(async (session, options: Options, file: string) => {
        const reporters = reportersOf(options.reporter);
        const timeoutMs = Number(options.timeout) * 1000;
        if (!(timeoutMs > 0)) throw usage('--timeout', 'seconds above 0', options.timeout, '10');
        const { to } = options;
        if (to !== 'candidate' && to !== 'legacy')
          throw usage('--to', 'candidate or legacy', to, '--to candidate');
        if (options.url !== undefined && !/^https?:\/\//.test(options.url))
          throw usage('--url', 'an http or https URL', options.url, '--url http://127.0.0.1:4102');
        const rate = rateOf(options.rate);
        const concurrency = countFlag('--concurrency', options.concurrency, '--concurrency 8');
        const plan = requirePlan(session);
        if (to === 'legacy' && !plan.legacy && options.url === undefined)
          throw usage('--url', 'a URL, as the plan has no legacy', 'none', '--url http://127.0.0.1:4101');
        const progress = progressView(session, 'replay', 'requests');
        let done = 0;
        const started = performance.now();
        try {
          const recording = await readRecording(file);
          const [reports, isCut] = await interruptible(async (signal) => [
            await replay(recording.exchanges, {
              plan,
              signal,
              file,
              to,
              url: options.url?.replace(/\/+$/, '') ?? null,
              rate,
              concurrency,
              writes: options.writes === true,
              timeoutMs,
              session: await sessionOf(session, plan, options, timeoutMs),
              onCase(one) {
                sayCase(session, one);
                done++;
                if (done % 100 === 0)
                  progress.update({
                    done,
                    total: null,
                    perSecond: (1000 * done) / (performance.now() - started),
                    etaSeconds: null,
                  });
              },
            }),
            signal.aborted,
          ]);
          progress.stop();
          if (isCut)
            session.note(
              `Interrupted: ${done} requests of the recording were looked at, the others were not.`,
            );
          const code = finish(session, reports, recording.end(), reporters, options.output);
          return isCut ? EXIT.interrupted : code;
        } catch (error) {
          progress.stop();
          throw told(error);
        }
      }),
    );
}

const collect = (value: string, before: string[]): string[] => [...before, value];

function finish(
  session: Session,
  reports: readonly SuiteReport[],
  end: RecordingEnd | null,
  reporters: readonly string[],
  dir: string,
) {
  if (end && !end.whole)
    session.note('The recording has no last line: it was cut off. What there is was sent.');
  if (end && end.dropped > 0) session.note(`${end.dropped} requests were lost while it was recorded.`);
  if (end?.unread.first)
    session.note(`${end.unread.count} entries could not be read and were left out; ${end.unread.first}.`);
  for (const report of reports) {
    if (!session.json) session.say(`${report.route}: legacy ${report.legacy}, candidate ${report.candidate}`);
    saySummary(session, report);
  }
  writeReports(session, reporters, { dir, name: 'replay' }, reports);
  if (session.json) session.answer({ suites: reports });
  if (reports.length === 0)
    throw new Failure(
      EXIT.refused,
      'REPLAY_EMPTY',
      'expected requests in the recording, got none. Record again, for longer: npx fig record ROUTE --for 10m',
    );
  const compared = reports.some(({ counts }) => counts.passed + counts.failed + counts.error > 0);
  if (!compared)
    throw new Failure(
      EXIT.refused,
      'REPLAY_NOTHING_SENT',
      'expected requests that can be sent, got none: all of them were skipped for the reasons above.',
    );
  return anyBad(reports) ? EXIT.refused : EXIT.ok;
}

function rateOf(written: string): Rate {
  if (written === 'max') return { kind: 'max' };
  const [, number, unit] = /^(\d+(?:\.\d+)?)(%|\/s)$/.exec(written) ?? [];
  if (number === undefined || Number(number) === 0)
    throw usage('--rate', '200%, 50/s or max', written, '--rate 200%');
  return unit === '%'
    ? { kind: 'recorded', times: Number(number) / 100 }
    : { kind: 'perSecond', requests: Number(number) };
}

/** What a request of a session is sent with: the cookie of a user of a parity suite, or what `--header` says. */
async function sessionOf(
  session: Session,
  plan: Plan,
  { as, header, to, url }: Options,
  timeoutMs: number,
): Promise<Record<string, string> | null> {
  const own = Object.fromEntries(
    header.map((line) => {
      const [, name, value] = /^([A-Za-z0-9-]+):\s*(.+)$/.exec(line) ?? [];
      if (name === undefined || value === undefined)
        throw usage('--header', '`name: value`', line, "--header 'cookie: sid=…'");
      return [name.toLowerCase(), value];
    }),
  );
  if (as === undefined) return header.length === 0 ? null : own;
  const { suites, problems } = loadSuites(plan, session.planDir, session.env);
  if (problems.length > 0)
    throw new Failure(EXIT.refused, 'PARITY_INVALID', problems.map(formatProblem).join('\n'), {
      details: { problems },
    });
  const suite = suites.find(({ users }) => users.has(as));
  if (!suite) {
    const known = suites.flatMap(({ users }) => [...users.keys()]).join(', ');
    throw usage('--as', `a user of a parity suite (${known || 'there is none'})`, as, '--as admin');
  }
  const planned = { legacy: plan.legacy?.url, candidate: plan.candidates.get(suite.route.candidate)?.url };
  const [legacyUrl = '', candidateUrl = ''] = (['legacy', 'candidate'] as const).map((side) =>
    url !== undefined && side === to ? url : planned[side],
  );
  const cookie = await logIn(suite, as, { plan, legacyUrl, candidateUrl, timeoutMs, writes: false });
  return { ...own, cookie: cookie[to as 'legacy' | 'candidate'] };
}

function told(error: unknown): unknown {
  if (error instanceof RecordingProblem)
    return new Failure(EXIT.refused, 'RECORDING_INVALID', error.message, { cause: error });
  if (error instanceof SuiteStopped)
    return new Failure(
      error.unreachable ? EXIT.unreachable : EXIT.refused,
      error.unreachable ? 'REPLAY_UNREACHABLE' : 'PARITY_LOGIN',
      `${error.message}. ${error.unreachable ? 'Start it, or name another URL with --url.' : 'Correct `users` in the suite.'}`,
      { cause: error },
    );
  return error;
}
