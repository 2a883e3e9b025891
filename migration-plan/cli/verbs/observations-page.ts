import { breakable as anyBreakable, escapeMarkup } from '#plan/parity/reporters/escape.ts';
import { htmlPage, htmlTable } from '#plan/parity/reporters/page.ts';
import type { Observations, ObservedField } from '../api/observations.ts';
import { mixedInWords } from '../screen/mixed.ts';
import { spelled, visible } from '../screen/visible.ts';

const text = (given: string) => escapeMarkup(visible(given));
const breakable = (given: string) => anyBreakable(visible(given));

/** One page for a browser. */
export function observationsPage(observed: readonly Observations[]): string {
  return htmlPage({ title: 'Observations', style: STYLE, body: observed.map(section).join('\n') });
}

const STYLE =
  '.critical { color: var(--bad); } .major { color: var(--warn); } .noise { opacity: .7; } td { font-variant-numeric: tabular-nums; }';

function section(one: Observations): string {
  const { match, mismatch, ignored, doubtful = 0 } = one.compared;
  const list = (of: Readonly<Record<string, number>>) =>
    Object.entries(of).map(([reason, count]) => `${count} ${reason}`);
  const skipped = [`${one.sampledOut} sampled out`, `${one.dropped} dropped`, ...list(one.skipped)];
  const discarded = list(one.discarded);
  return `<h1>${text(one.route)}</h1>
<p>Since ${text(one.since)}${one.build === null ? '' : `, build ${text(one.build)}`}. ${one.eligible} requests could be copied, ${one.sent} were, the others not: ${text(skipped.join(', '))}. Of the copies ${match} match, ${mismatch} mismatch, ${ignored} ignored${doubtful > 0 ? ` (${doubtful} of them doubtful: beside noise, where legacy was not seen to differ)` : ''}, ${one.failed} failed, ${one.inFlight} in flight${discarded.length > 0 ? `, not compared: ${text(discarded.join(', '))}` : ''}.${one.rowsLeftOut > 0 ? ` ${one.rowsLeftOut} rows that were seen less often are not kept.` : ''}</p>
${one.mixed ? `<p class="major">Mixed: ${text(mixedInWords(one.mixed))}</p>` : ''}
${htmlTable(['Endpoint', 'match', 'mismatch', 'ignored'], one.endpoints.map(endpointRow))}
${one.fields.map(fieldPart).join('\n')}`;
}

const endpointRow = ({ template, match, mismatch, ignored }: Observations['endpoints'][number]) => [
  breakable(template),
  ...[match, mismatch, ignored].map(String),
];

function fieldPart(field: ObservedField): string {
  const [sample] = field.samples.slice(-1);
  const show = field.reasons.includes('unicode-form') ? spelled : visible;
  const why = field.reasons.length > 0 ? ` (${field.reasons.map(text).join(', ')})` : '';
  return `<section class="${field.verdict === 'noise' ? 'noise' : ''}"><h2><span class="${text(field.severity)}">${text(field.severity)}</span> <code>${breakable(field.path)}</code> ${text(field.kind)}${why}</h2>
<p>In ${field.count} answers of ${breakable(field.endpoint)}, from ${text(field.firstSeen)} to ${text(field.lastSeen)}${field.verdict === 'noise' ? '; legacy differs from itself there as often' : ''}.</p>
${sample ? `<div class="pair"><div><b>legacy</b><pre>${breakable(show(sample.legacy ?? '(none)'))}</pre></div><div><b>candidate</b><pre>${breakable(show(sample.candidate ?? '(none)'))}</pre></div></div><pre><code>${breakable(sample.curl)}</code></pre>` : ''}
</section>`;
}
