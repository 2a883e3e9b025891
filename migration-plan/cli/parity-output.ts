import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CaseReport, explain, type SuiteReport } from '#plan/parity/report.ts';
import { htmlReport } from '#plan/parity/reporters/html.ts';
import { junitReport } from '#plan/parity/reporters/junit.ts';
import { EXIT } from './exit-code.ts';
import { Failure } from './failure.ts';
import { painter, type Tone } from './screen/paint.ts';
import { plain } from './screen/table.ts';
import type { Session } from './session.ts';
import { usage } from './usage.ts';

const REPORTERS: Readonly<
  Record<string, { ending: string; write: (suites: readonly SuiteReport[]) => string }>
> = {
  junit: { ending: 'xml', write: junitReport },
  html: { ending: 'html', write: htmlReport },
  json: { ending: 'json', write: (suites) => `${JSON.stringify({ suites }, null, 2)}\n` },
};
const TONES: Readonly<Record<CaseReport['outcome'], Tone>> = {
  passed: 'green',
  failed: 'red',
  error: 'red',
  skipped: 'yellow',
};

/** The reporters of `--reporter` that write files; `tty` is what is said anyway. Throws a Failure for another word. */
export function reportersOf(list: string): string[] {
  const names = list.split(',').map((name) => name.trim());
  for (const name of names)
    if (name !== 'tty' && !Object.hasOwn(REPORTERS, name))
      throw usage('--reporter', 'tty, junit, html or json', name, 'tty,junit');
  return names.filter((name) => name !== 'tty');
}

/** Writes one file for each reporter into `dir`: `NAME.xml`, `NAME.html`, `NAME.json`. */
export function writeReports(
  session: Session,
  reporters: readonly string[],
  { dir, name }: { dir: string; name: string },
  reports: readonly SuiteReport[],
): void {
  for (const reporter of reporters) {
    const { ending, write } = REPORTERS[reporter] as (typeof REPORTERS)[string];
    const path = join(dir, `${name}.${ending}`);
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
}

/** Says of a case what is wrong with it; nothing of one that passed or was skipped. */
export function sayCase(session: Session, one: CaseReport): void {
  if (session.json || one.outcome === 'passed' || one.outcome === 'skipped') return;
  const paint = painter(session.streams.stdout, session.env);
  session.say(`  ${paint(TONES[one.outcome], one.outcome.padEnd(7))} ${plain(one.name)}`);
  for (const line of explain(one))
    session.say(
      `          ${line.replace(/^( *)(.*)$/s, (_, indent: string, text: string) => indent + plain(text))}`,
    );
}

/** Why cases were skipped, each reason once, what of a contract was met, and the counts. */
export function saySummary(session: Session, report: SuiteReport): void {
  if (session.json) return;
  const paint = painter(session.streams.stdout, session.env);
  const { passed, failed, error, skipped } = report.counts;
  const reasons = Map.groupBy(
    report.cases.filter(({ outcome }) => outcome === 'skipped'),
    ({ reason }) => reason,
  );
  for (const [reason, cases] of reasons)
    session.say(
      `  ${paint(TONES.skipped, 'skipped')} ${cases.length === 1 ? cases[0]?.name : `${cases.length} cases`}: ${reason}`,
    );
  if (report.coverage) {
    const { met, of, missing } = report.coverage;
    session.say(`  contract: ${met} of ${of} operations and statuses met`);
    for (const one of missing) session.say(`  ${paint('yellow', 'not met')} ${one}`);
  }
  session.say(
    `  ${report.cases.length} cases: ${passed} passed, ${failed} failed, ${error} errors, ${skipped} skipped, ${(report.ms / 1000).toFixed(1)} s`,
  );
}

/** Whether something was answered otherwise, or could not be told. */
export const anyBad = (reports: readonly SuiteReport[]): boolean =>
  reports.some(({ counts }) => counts.failed + counts.error > 0);
