import { formatStageStep } from '#plan/model/stage-step.ts';
import { escapeMarkup as text } from '#plan/parity/reporters/escape.ts';
import { htmlPage } from '#plan/parity/reporters/page.ts';
import type { LedgerEntry } from '../api/admin.ts';
import type { Moved } from '../moved.ts';
import { describeStage } from '../next-step.ts';
import type { Line, Standing } from '../standing.ts';

/** One page for a browser: how far the migration is, route by route, and what was done last. */
export function migrationPage(
  { routes, moved, plan, ledgerFault, notServed }: Standing,
  entries: readonly LedgerEntry[],
  now: Date,
): string {
  const stagesOf = new Map(
    (plan?.routes ?? []).map(({ name, stages }) => [name, stages.map(formatStageStep)]),
  );
  const late = (line: Line) => isLate(line, now);
  const body = `<h1>Migration</h1>
<p>As of ${text(now.toISOString().slice(0, 16).replace('T', ' '))} UTC.</p>
${ledgerFault === null ? '' : `<p class="alarm">Positions cannot be changed: ${text(ledgerFault)}</p>`}
<div class="parts">${partsOf(moved)}</div>
<h2>Routes</h2>
<table><thead><tr><th>Route</th><th>Stage</th><th>Way</th><th>Clients on the new side</th><th>Who owns the data</th><th>Evidence</th><th>Next step needs</th><th>Owner</th><th>Target</th></tr></thead><tbody>
${routes.map((line) => routeRow(line, stagesOf.get(line.route) ?? [], late(line))).join('\n')}
</tbody></table>
${notServed.length === 0 ? '' : `<p>In the plan, not served yet: ${notServed.map(text).join(', ')}.</p>`}
<h2>What was done last</h2>
<table><thead><tr><th>When (UTC)</th><th>Who</th><th>What</th><th>Why</th></tr></thead><tbody>
${[...entries].reverse().map(entryRow).join('\n')}
</tbody></table>`;
  return htmlPage({ title: 'Migration', style: STYLE, body });
}

const STYLE = `table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .3rem .8rem .3rem 0; vertical-align: top; border-bottom: 1px solid #8884; overflow-wrap: anywhere; }
.parts { display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: 1rem; } .part b { display: block; font-size: 1.8rem; }
meter { width: 100%; } .alarm, .late { color: #c22; } .on { font-weight: 600; } .done { opacity: .6; } .forced { border: 1px solid; border-radius: .3rem; padding: 0 .3rem; font-size: .85em; }
ol { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0 .6rem; }`;

function partsOf({ routes, endpoints, requests }: Moved): string {
  const part = (name: string, { moved, of }: { moved: number; of: number }) =>
    `<div class="part"><b>${of === 0 ? '–' : `${Math.round((100 * moved) / of)} %`}</b><meter value="${moved}" max="${Math.max(1, of)}"></meter>${moved.toLocaleString('en')} of ${of.toLocaleString('en')} ${name}</div>`;
  return [
    part('routes answered by the new side', routes),
    part(endpoints.counted, endpoints),
    part('requests since the facade started', requests),
  ].join('');
}

function routeRow(line: Line, stages: readonly string[], late: boolean): string {
  const at = line.stage === null ? null : describeStage({ stage: line.stage, percent: line.percent ?? 0 });
  const here = stages.indexOf(at ?? '');
  const way = ['legacy', ...stages]
    .map((stage, n) => {
      const is = stage === at ? 'on' : n - 1 < here ? 'done' : '';
      return `<li class="${is}"${stage === at ? ' aria-current="step"' : ''}>${text(stage)}</li>`;
    })
    .join('');
  const state = line.killed ? ' (killed: legacy answers)' : line.paused ? ' (paused)' : '';
  return `<tr><th>${text(line.route)}</th><td>${text(at ?? 'unknown')}${state}</td><td><ol>${way}</ol></td><td>${text(line.share ?? '?')}</td><td>${text(line.writer ?? '?')}</td><td>${text(line.evidence ?? '–')}</td><td>${text(line.needs)}</td><td>${text(line.owner ?? '–')}</td><td class="${late ? 'late' : ''}">${text(line.targetDate ?? '–')}${late ? ' (past)' : ''}</td></tr>`;
}

/** Its date is over, and the new side does not answer everybody. */
function isLate({ targetDate, stage }: Line, now: Date): boolean {
  return (
    targetDate !== null &&
    targetDate < now.toISOString().slice(0, 10) &&
    stage !== 'candidate' &&
    stage !== 'retired'
  );
}

function entryRow(entry: LedgerEntry): string {
  const { at, actor, type, route, stage, percent, reason, forced, evidence } = entry;
  const where = stage === null ? '' : ` → ${describeStage({ stage, percent: percent ?? 0 })}`;
  const what = evidence?.parity
    ? `parity run of ${evidence.route}: ${evidence.parity.verdict}`
    : `${route ?? 'plan'}: ${type}${where}`;
  const mark = forced ? ' <span class="forced">forced</span>' : '';
  return `<tr><td>${text(at.slice(0, 16).replace('T', ' '))}</td><td>${text(actor)}</td><td>${text(what)}${mark}</td><td>${text(reason)}</td></tr>`;
}
