import { type CaseReport, differenceText, type StepReport, type SuiteReport } from '../report.ts';
import { breakable, escapeMarkup as text } from './escape.ts';
import { htmlPage } from './page.ts';

/** One page for a browser. */
export function htmlReport(suites: readonly SuiteReport[]): string {
  return htmlPage({ title: 'Parity', style: STYLE, body: suites.map(section).join('\n') });
}

const STYLE =
  '.failed, .error { color: var(--bad); } .skipped { opacity: .7; } .passed { color: var(--good); }';

function section(suite: SuiteReport): string {
  const { passed, failed, error, skipped } = suite.counts;
  const first = ['failed', 'error', 'skipped', 'passed'];
  const cases = [...suite.cases].sort((a, b) => first.indexOf(a.outcome) - first.indexOf(b.outcome));
  return `<h1>${text(suite.route)}</h1>
<p>${suite.cases.length} cases: ${passed} passed, ${failed} failed, ${error} errors, ${skipped} skipped. Legacy ${text(suite.legacy)}, candidate ${text(suite.candidate)}, ${text(suite.startedAt)}, ${(suite.ms / 1000).toFixed(1)} s.</p>
${coverageElement(suite.coverage)}${cases.map(caseElement).join('\n')}`;
}

function coverageElement(coverage: SuiteReport['coverage']): string {
  if (!coverage) return '';
  const missing = coverage.missing.map((one) => `<li><code>${text(one)}</code></li>`).join('');
  return `<details><summary>Contract: ${coverage.met} of ${coverage.of} operations and statuses met</summary><ul>${missing}</ul></details>\n`;
}

function caseElement(one: CaseReport): string {
  const open = one.outcome === 'failed' || one.outcome === 'error' ? ' open' : '';
  return `<details${open}><summary><b class="${one.outcome}">${one.outcome}</b> ${text(one.name)}${one.reason === null ? '' : `: ${text(one.reason)}`}</summary>
${one.steps.map(stepElement).join('\n')}</details>`;
}

function stepElement({ request, legacy, candidate, differences, more }: StepReport): string {
  const list = differences.map((one) => `<li>${text(differenceText(one))}</li>`).join('');
  const rest = more > 0 ? `<li>and ${more} more</li>` : '';
  const side = (name: string, answer: StepReport['legacy']) =>
    `<div><b>${name}</b>${answer ? ` ${answer.status}<pre>${breakable(answer.body)}</pre>` : ' no answer'}</div>`;
  return `<p><code>${breakable(request)}</code></p>${list + rest === '' ? '' : `<ul>${list}${rest}</ul>`}
<div class="pair">${side('legacy', legacy)}${side('candidate', candidate)}</div>`;
}
