import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { AdminApi } from '../api/admin.ts';
import type { Observations, ObservedField } from '../api/observations.ts';
import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { mixedInWords } from '../screen/mixed.ts';
import { painter, type Tone } from '../screen/paint.ts';
import { type Cell, sayTable } from '../screen/table.ts';
import { spelled, UNSEEN, visible } from '../screen/visible.ts';
import type { Session } from '../session.ts';
import type { Run } from '../verb.ts';
import { observationsPage } from './observations-page.ts';

type Options = { suggest?: boolean; html?: string };

const TONES: Readonly<Record<string, Tone>> = {
  critical: 'red',
  major: 'yellow',
  minor: 'plain',
  trivial: 'dim',
};

/** `fig observations`: what copies of requests have shown. */
export function addObservations(program: Command, run: Run): void {
  program
    .command('observations')
    .argument('[route]')
    .description('show what differs between legacy and candidate, how often, where, and one sample of each')
    .option('--suggest', 'propose compare rules for the plan, with the reason for each')
    .option('--html <file>', 'write it as one page that needs nothing else')
    .action(
      run(async (session, { suggest, html }: Options, route?: string) => {
        const admin = new AdminApi(session);
        const names = route === undefined ? (await admin.routes()).map((one) => one.route) : [route];
        const observed = await Promise.all(names.map((name) => admin.observations(name)));
        if (html !== undefined) write(html, observed);
        if (session.json) session.answer(route === undefined ? { routes: observed } : observed[0]);
        else if (suggest) for (const one of observed) sayRules(session, one);
        else if (route === undefined) sayAll(session, observed);
        else for (const one of observed) sayOne(session, one);
        if (html !== undefined) session.note(`Written to ${html}.`);
        return EXIT.ok;
      }),
    );
}

function sayAll(session: Session, observed: readonly Observations[]): void {
  const rows = observed.map((one): Cell[] => [
    { text: one.route, tone: 'bold' },
    String(one.eligible),
    String(one.sent),
    String(one.compared.match),
    { text: String(one.compared.mismatch), tone: one.compared.mismatch > 0 ? 'red' : 'plain' },
    String(one.compared.ignored),
    String(one.failed),
    String(sum(one.discarded)),
  ]);
  sayTable(
    session,
    ['ROUTE', 'ELIGIBLE', 'SENT', 'MATCH', 'MISMATCH', 'IGNORED', 'FAILED', 'DISCARDED'],
    rows,
  );
  for (const { route, mixed } of observed) if (mixed) session.note(`${route}: ${mixedInWords(mixed)}`);
  session.note('What differs: npx fig observations ROUTE');
}

function sayOne(session: Session, one: Observations): void {
  const paint = painter(session.streams.stdout, session.env);
  const { match, mismatch, ignored, doubtful = 0 } = one.compared;
  session.say(
    paint(
      'bold',
      `${one.route}${one.build === null ? '' : `, build ${visible(one.build)}`}, since ${one.since}`,
    ),
  );
  if (one.mixed) session.say(paint('yellow', `mixed     ${mixedInWords(one.mixed)}`));
  session.say(
    `compared  ${match} match, ${mismatch} mismatch, ${ignored} ignored${doubtful > 0 ? ` (${doubtful} of them beside noise, where legacy was not seen to differ: doubtful)` : ''}`,
  );
  session.say(
    `copies    ${one.eligible} eligible: ${one.sent} sent, ${one.sampledOut} sampled out, ${one.dropped} dropped${reasons('skipped', one.skipped)}`,
  );
  session.say(
    `answers   ${one.failed} failed, ${one.inFlight} in flight${reasons('discarded', one.discarded)}`,
  );
  for (const side of ['legacy', 'candidate'] as const) {
    const { p50Ms, p95Ms, p99Ms } = one.latency[side];
    const figures = p50Ms === null ? 'no answers' : `p50 ${p50Ms} ms, p95 ${p95Ms} ms, p99 ${p99Ms} ms`;
    session.say(`${side.padEnd(9)} ${figures}`);
  }
  if (one.endpoints.length > 0) session.say('');
  const rows = one.endpoints.map(({ template, match, mismatch, ignored }): Cell[] => [
    visible(template),
    String(match),
    { text: String(mismatch), tone: mismatch > 0 ? 'red' : 'plain' },
    String(ignored),
  ]);
  if (rows.length > 0) sayTable(session, ['ENDPOINT', 'MATCH', 'MISMATCH', 'IGNORED'], rows);
  const counting = one.fields.filter(({ verdict }) => verdict === 'counts');
  for (const field of counting.toSorted((a, b) => Number(isUnsettled(a)) - Number(isUnsettled(b))))
    sayField(session, field);
  if (one.rowsLeftOut > 0)
    session.note(`${one.rowsLeftOut} more that were seen less often are not kept: the page has 1,000 rows.`);
  const noise = one.fields.length - counting.length;
  if (noise > 0)
    session.note(
      `${noise} more differ between two answers of legacy as well (noise): --suggest proposes rules.`,
    );
}

/** Legacy differs from itself there, too, and was not asked often enough to say that it is noise. */
const isUnsettled = ({ verdict, noise }: ObservedField) => verdict === 'counts' && (noise ?? 0) > 0;

function sayField(session: Session, field: ObservedField): void {
  const paint = painter(session.streams.stdout, session.env);
  const why = field.reasons.length > 0 ? ` (${field.reasons.join(', ')})` : '';
  session.say('');
  session.say(
    `${paint(TONES[field.severity] ?? 'plain', field.severity)} ${paint('bold', visible(field.path))} ${field.kind}${why}, in ${field.count} ${field.count === 1 ? 'answer' : 'answers'} of ${visible(field.endpoint)}`,
  );
  session.say(`  since ${field.firstSeen}, last ${field.lastSeen}`);
  if (isUnsettled(field))
    session.say(
      `  noise?    legacy differs from itself in ${percent(field.noise ?? 0)} of its second answers`,
    );
  const sample = field.samples.at(-1);
  if (!sample) return;
  if (sample.at !== field.path) session.say(`  at        ${visible(sample.at)}`);
  const show = shownAs(field);
  session.say(`  legacy    ${show(sample.legacy ?? '(none)')}`);
  session.say(`  candidate ${show(sample.candidate ?? '(none)')}`);
  session.say(`  ${visible(sample.curl)}`);
}

function sayRules(session: Session, { route, mixed, fields }: Observations): void {
  const proposed = new Map(
    fields.flatMap(({ suggestion }) => (suggestion ? [[suggestion.yaml, suggestion]] : [])),
  );
  if (proposed.size === 0) {
    const unsettled = fields.filter(isUnsettled);
    session.say(
      unsettled.length === 0
        ? `${route}: nothing to propose.`
        : `${route}: nothing to propose yet. Legacy differs from itself, too, at ${[...new Set(unsettled.map(({ path }) => visible(path)))].join(', ')}; what is noise is told after 20 reads of each endpoint.`,
    );
    return;
  }
  session.say(
    `# ${route}: under \`compare:\`, where you agree, with what stands there. Nothing is ignored until the plan says so.`,
  );
  if (mixed) session.say(`# ${mixedInWords(mixed)}`);
  const rules = Map.groupBy(proposed.values(), ({ rule }) => rule);
  for (const own of rules.values()) {
    const [safe, harmful] = [
      own.filter(({ hides }) => hides.length === 0),
      own.filter(({ hides }) => hides.length > 0),
    ];
    for (const { reason } of safe) session.say(`# ${visible(reason)}`);
    if (safe.length > 0) session.say(inYaml(joined(safe.map(({ yaml }) => yaml))));
    for (const { reason, hides, yaml } of harmful) {
      session.say(`# ${visible(reason)}`);
      session.say(
        `# Not without a look: it would hide a difference that counts at ${hides.map(visible).join(', ')}.`,
      );
      session.say(`# ${inYaml(yaml)}`);
    }
  }
}

/** What nobody sees, as text in double quotes of YAML has it: the line stays one to paste. */
const inYaml = (line: string) =>
  line.replace(UNSEEN, (character) => {
    const hex = (character.codePointAt(0) as number).toString(16);
    return hex.length > 4 ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`;
  });

/** Lines of one key as one line: a key stands once. Each line about headers leaves one out; what all of them keep is kept. */
function joined(lines: readonly string[]): string {
  const parts = lines.map((line) => /^(\w+): ([[{])(.*)([\]}])$/.exec(line)?.slice(1) ?? []);
  const [[key, open, , close] = []] = parts;
  if (lines.length === 1 || close === undefined) return lines.join('\n');
  const inner = parts.map(([, , text = '']) => text.trim());
  if (key !== 'headers') return `${key}: ${open}${inner.join(', ')}${close}`;
  const kept = inner.map((text) => text.split(', '));
  return `headers: [${kept[0]?.filter((name) => kept.every((names) => names.includes(name))).join(', ')}]`;
}

function write(file: string, observed: readonly Observations[]): void {
  try {
    writeFileSync(file, observationsPage(observed));
  } catch (error) {
    const { message } = error as Error;
    throw new Failure(
      EXIT.refused,
      'CLI_FILE',
      `--html: expected a file that can be written, got ${file}: ${message}.`,
    );
  }
}

function reasons(word: string, counts: Readonly<Record<string, number>>): string {
  const list = Object.entries(counts).map(([reason, count]) => `${reason} ${count}`);
  return list.length > 0 ? `, ${sum(counts)} ${word} (${list.join(', ')})` : '';
}

const percent = (share: number) => `${Number((share * 100).toPrecision(2))} %`;

const sum = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((total, count) => total + count, 0);

/** Of letters that are written in two ways one would see nothing. */
const shownAs = ({ reasons }: ObservedField) => (reasons.includes('unicode-form') ? spelled : visible);
