import { type CaseReport, explain, type SuiteReport } from '../report.ts';
import { escapeMarkup as text } from './escape.ts';

/** JUnit XML as CI systems read it: a `testsuite` per route, a `testcase` per case. */
export function junitReport(suites: readonly SuiteReport[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.map(suiteElement).join('')}</testsuites>\n`;
}

function suiteElement({ route, counts, startedAt, ms, cases }: SuiteReport): string {
  const head = `name="${text(route)}" tests="${cases.length}" failures="${counts.failed}" errors="${counts.error}" skipped="${counts.skipped}" timestamp="${text(startedAt.replace(/\.\d+Z$/, ''))}" time="${ms / 1000}"`;
  return `  <testsuite ${head}>\n${cases.map((one) => caseElement(route, one)).join('')}  </testsuite>\n`;
}

function caseElement(route: string, one: CaseReport): string {
  const head = `    <testcase classname="${text(`parity.${route}`)}" name="${text(one.name)}" time="${one.ms / 1000}"`;
  const lines = explain(one);
  const message = `message="${text((one.outcome === 'failed' ? lines[1]?.trim() : lines[0]) ?? '')}"`;
  switch (one.outcome) {
    case 'passed':
      return `${head}/>\n`;
    case 'skipped':
      return `${head}><skipped ${message}/></testcase>\n`;
    case 'failed':
      return `${head}><failure ${message}>${text(lines.join('\n'))}</failure></testcase>\n`;
    case 'error':
      return `${head}><error ${message}>${text(lines.join('\n'))}</error></testcase>\n`;
  }
}
