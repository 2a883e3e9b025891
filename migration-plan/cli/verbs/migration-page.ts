import { formatStageStep } from '#plan/model/stage-step.ts';
import { escapeMarkup as text } from '#plan/parity/reporters/escape.ts';
import { htmlPage, htmlTable } from '#plan/parity/reporters/page.ts';
import type { LedgerEntry } from '../api/admin.ts';
import type { Moved } from '../moved.ts';
import { describeStage } from '../next-step.ts';
import { isLate, type Line, type Standing } from '../standing.ts';

/** One page for a browser: how far the migration is, route by route, and what was done last. */
export function migrationPage(
  { routes, moved, plan, ledgerFault, notServed }: Standing,
  entries: readonly LedgerEntry[],
  now: Date,
): string {
  const stagesOf = new Map(
    (plan?.routes ?? []).map(({ name, stages }) => [name, stages.map(formatStageStep)]),
  );
  const body = `<h1>Migration</h1>
<p>As of ${text(now.toISOString().slice(0, 16).replace('T', ' '))} UTC.</p>
${ledgerFault === null ? '' : `<p class="alarm">Positions cannot be changed: ${text(ledgerFault)}</p>`}
<div class="parts">${partsOf(moved)}</div>
<h2>Routes</h2>
${htmlTable(
  [
    'Route',
    'Stage',
    'Way',
    'Clients on the new side',
    'Writes go',
    'Evidence',
    'Next step needs',
    'Owner',
    'Target',
  ],
  routes.map((line) => routeRow(line, stagesOf.get(line.route) ?? [], isLate(line, now))),
)}
${notServed.length === 0 ? '' : `<p>In the plan, not served yet: ${notServed.map(text).join(', ')}.</p>`}
<h2>What was done last</h2>
${htmlTable(['When (UTC)', 'Who', 'What', 'Why'], [...entries].reverse().map(entryRow))}`;
  return htmlPage({ title: 'Migration', style: STYLE, body });
}

const STYLE = `table { width: 100%; }
.parts { display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: 1rem; } .part b { display: block; font-size: 1.8rem; }
meter { width: 100%; } .alarm, .late { color: var(--bad); } .stale { color: var(--warn); font-weight: 600; } 
.date { white-space: nowrap; } .on { font-weight: 600; } .done { opacity: .7; }
.forced { border: 1px solid; border-radius: .3rem; padding: 0 .3rem; font-size: .85em; }
ol { list-style: none; margin: 0; padding: 0; display: inline-flex; flex-wrap: wrap; gap: 0 .6rem; } li { white-space: nowrap; }`;

function partsOf({ routes, endpoints, requests }: Moved): string {
  const part = (name: string, { moved, of }: { moved: number; of: number }) =>
    `<div class="part"><b>${of === 0 ? '–' : `${Math.round((100 * moved) / of)} %`}</b><meter value="${moved}" max="${Math.max(1, of)}"></meter>${moved.toLocaleString('en')} of ${of.toLocaleString('en')} ${name}</div>`;
  return [
    part('routes answered by the new side', routes),
    part(endpoints.counted, endpoints),
    part('requests since the facade started', requests),
  ].join('');
}

function routeRow(line: Line, stages: readonly string[], late: boolean) {
  const at = line.stage === null ? null : describeStage({ stage: line.stage, percent: line.percent ?? 0 });
  const here = stages.indexOf(at ?? '');
  const way = ['legacy', ...stages]
    .map((stage, n) => {
      const is = stage === at ? 'on' : n - 1 < here ? 'done' : '';
      return `<li class="${is}"${stage === at ? ' aria-current="step"' : ''}>${text(stage)}</li>`;
    })
    .join('');
  const state = line.killed ? ' (killed: legacy answers)' : line.paused ? ' (paused)' : '';
  return [
    text(line.route),
    `${text(at ?? 'unknown')}${state}`,
    `<ol>${way}</ol>`,
    text(line.share ?? '?'),
    text(line.writes ?? '?'),
    { html: text(line.evidence ?? '–'), class: (line.parityStale ?? line.mixed) ? 'stale' : '' },
    text(line.needs),
    text(line.owner ?? '–'),
    { html: `${text(line.targetDate ?? '–')}${late ? ' (past)' : ''}`, class: late ? 'date late' : 'date' },
  ];
}

function entryRow(entry: LedgerEntry) {
  const { at, actor, type, route, stage, percent, reason, forced, evidence } = entry;
  const where = stage === null ? '' : ` → ${describeStage({ stage, percent: percent ?? 0 })}`;
  const what = evidence?.parity
    ? `parity run of ${evidence.route}: ${evidence.parity.verdict}`
    : `${route ?? 'plan'}: ${type}${where}`;
  const mark = forced ? ' <span class="forced">forced</span>' : '';
  return [text(at.slice(0, 16).replace('T', ' ')), text(actor), `${text(what)}${mark}`, text(reason)];
}
