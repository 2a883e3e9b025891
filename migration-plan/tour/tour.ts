// `npm run tour`: moves freelancers from legacy to the new service and back under live traffic, and checks every step.
import { Client, type Failure } from './clients.ts';
import { GatewayWithABug } from './gateway-with-a-bug.ts';
import { type System, startSystem } from './system.ts';
import { Traffic, wait } from './traffic.ts';
import { askDirectly, type Difference, firstDifference, flipsDuringRise, type Reference } from './verdict.ts';

const CLIENTS = 100;
const REQUESTS_PER_SECOND = 120;
const PHASE_MS = Number(process.env.TOUR_PHASE_MS ?? 4_000);
/** Writes while the route is in shadow. */
const REHEARSED = 5;
const RISE = ['canary 10%', 'canary 50%', 'candidate'];

const problems: string[] = [];

async function tour(system: System): Promise<void> {
  const clients = Array.from({ length: CLIENTS }, (_, index) => new Client(index, system.publicUrl));
  tell(`${CLIENTS} clients log in at ${system.publicUrl}, the one address they know.`);
  for (const client of clients) await client.login();

  const traffic = new Traffic(clients, REQUESTS_PER_SECOND);
  const phase = async (name: string) => {
    traffic.phase = name;
    await wait(PHASE_MS);
  };
  traffic.start();
  try {
    tell('They read freelancers, and one of them writes: everything is answered by legacy.');
    traffic.phase = 'writes';
    await someWrites(clients[0] as Client);

    tell(
      'The rows are copied to the new service. Its data set stays owned by legacy, so writes would go on going there.',
    );
    await operator(system, 'backfill', 'freelancers');
    await phase('legacy');

    await shadowed(system, clients[0] as Client, phase);

    for (const step of RISE) {
      if (step === 'candidate') {
        tell('The last step asks for a run of the parity suite, of today and with the build that is there.');
        await operator(system, 'parity', 'freelancers', '--evidence');
      }
      tell(`Next step: ${step}.`);
      // What is sent while the command runs may meet the old or the new share; it counts for the rise, not for the stage.
      traffic.phase = `to ${step}`;
      await operator(system, 'advance', 'freelancers', '--reason', `tour: ${step}`);
      await phase(step);
    }
    tell('And back, in one command.');
    traffic.phase = 'rolling back';
    await operator(system, 'rollback', 'freelancers', '--reason', 'tour: the way back');
    await phase('rolled back');
  } finally {
    await traffic.stop();
  }
  await judge(system, traffic, clients);
}

/** The new service answers nobody yet: what it would have answered is compared. */
async function shadowed(
  system: System,
  client: Client,
  phase: (name: string) => Promise<void>,
): Promise<void> {
  tell(
    'Next step: shadow. Legacy answers everybody; the new service gets copies, in a build with a planted bug.',
  );
  await observedBuild(system, (build) => build?.includes('rounds-rates') === true);
  await operator(system, 'advance', 'freelancers', '--reason', 'tour: shadow');
  await phase('shadow, a bug');
  const bug = await observations(system);
  await operator(system, 'observations', 'freelancers');
  const found = bug.fields.filter(({ verdict }) => verdict === 'counts');
  const paths = [...new Set(found.map(({ path }) => path))].sort();
  const expected = ['$.rate_ct', '$[*].rate_ct'];
  if (JSON.stringify(paths) !== JSON.stringify(expected))
    problems.push(
      `shadow: expected differences at ${expected.join(', ')}, got ${paths.join(', ') || 'none'}`,
    );

  tell(
    'The bug is found before anybody met it. A build without it begins with observations of its own. Writes are rehearsed there; these are refused, so that the rows stay as they were copied.',
  );
  gateway.hasBug = false;
  await observedBuild(system, (build) => build?.includes('rounds-rates') === false);
  for (let n = 0; n < REHEARSED; n += 1)
    await client.send('POST', '/api/freelancers', { frl_name: ' ', rate_ct: n });
  await phase('shadow');
  await operator(system, 'observations', 'freelancers');
  const { compared, endpoints } = await observations(system);
  if (compared.match === 0 || compared.mismatch > 0)
    problems.push(`shadow: expected matches alone, got ${JSON.stringify(compared)}`);
  const writes = endpoints.find(({ template }) => template === 'POST /api/freelancers');
  // Under load some copies find no place.
  if (!writes?.match)
    problems.push(`shadow: expected writes to be rehearsed alike, got ${JSON.stringify(writes)}`);
}

type Observed = {
  readonly build: string | null;
  readonly compared: { readonly match: number; readonly mismatch: number };
  readonly endpoints: readonly { readonly template: string; readonly match: number }[];
  readonly fields: readonly { readonly path: string; readonly verdict: string }[];
};

async function observations(system: System): Promise<Observed> {
  const { code, output } = await system.fig('observations', 'freelancers', '--json');
  if (code !== 0) throw new Error(`fig observations ended with exit code ${code}: ${output}`);
  return JSON.parse(output);
}

async function observedBuild(system: System, is: (build: string | null) => boolean): Promise<void> {
  for (const deadline = Date.now() + 30_000; !is((await observations(system)).build); await wait(250))
    if (Date.now() > deadline) throw new Error('the facade does not see which build the candidate is');
}

async function someWrites(client: Client): Promise<void> {
  for (let n = 0; n < 10; n += 1) {
    const body = {
      frl_name: `Tour, Tess ${n}`,
      frl_email: `tess${n}@tour.example`,
      rate_ct: 8000 + n,
      skills_csv: 'java,sql',
    };
    const created = await client.send('POST', '/api/freelancers', body);
    expectStatus(created, 200);
    const { frl_id } = JSON.parse(created.body) as { frl_id: number };
    expectStatus(
      await client.send('PUT', `/api/freelancers/${frl_id}`, { city: 'Köln', avail_from: '01.03.2027' }),
      200,
    );
    if (n % 3 === 0)
      expectStatus(await client.send('POST', `/api/freelancers/${frl_id}/block`, { reason: 'tour' }), 200);
    if (n % 4 === 0) expectStatus(await client.send('DELETE', `/api/freelancers/${frl_id}`), 200);
  }
}

function expectStatus(answer: { request: string; status: number; body: string }, status: number): void {
  if (answer.status !== status)
    problems.push(`${answer.request}: expected ${status}, got ${answer.status} ${answer.body}`);
}

async function judge(system: System, traffic: Traffic, clients: readonly Client[]): Promise<void> {
  const phases = [
    'writes',
    'legacy',
    'shadow, a bug',
    'shadow',
    ...RISE.flatMap((step) => [`to ${step}`, step]),
    'rolling back',
    'rolled back',
  ];
  process.stdout.write(`\n${table(traffic, phases)}\n\n`);

  check('failed client requests', traffic.failures, describeFailure);
  const rise = flipsDuringRise(traffic.answers, [...RISE, ...RISE.map((step) => `to ${step}`)]);
  check(
    'clients flipped back while the share rose',
    rise,
    (flip) => `client ${flip.client}, ${flip.phase}, ${flip.request} (${flip.reason})`,
  );

  const expected: Record<string, (share: number) => boolean> = {
    legacy: (share) => share === 0,
    'shadow, a bug': (share) => share === 0,
    shadow: (share) => share === 0,
    'canary 10%': (share) => share > 0 && share < 0.4,
    'canary 50%': (share) => share > 0.2 && share < 0.8,
    candidate: (share) => share === 1,
    'rolled back': (share) => share === 0,
  };
  for (const [phase, holds] of Object.entries(expected)) {
    const share = movedShare(traffic, phase);
    if (!holds(share))
      problems.push(`${phase}: ${(100 * share).toFixed(1)} % of the clients were answered by the candidate`);
  }

  // The rows have not changed since the copy: every answer must be what legacy says to the same question, and so must
  // what the candidate says when asked directly.
  const { compared, differences } = await compareWithLegacy(system, traffic, clients);
  check(
    `answers that differ from legacy's own (${compared} compared, body and headers to the byte)`,
    differences,
    (difference) =>
      `${difference.request}: ${difference.what}\n      legacy ${difference.legacy}\n      other  ${difference.other}`,
  );
}

async function compareWithLegacy(system: System, traffic: Traffic, clients: readonly Client[]) {
  const references = new Map<string, Reference>();
  const differences: Difference[] = [];
  let compared = 0;
  for (const answer of traffic.answers) {
    if (answer.phase === 'writes') continue;
    const cookie = (clients[answer.client] as Client).cookie;
    let reference = references.get(answer.request);
    if (!reference) {
      reference = await askDirectly(system.legacyUrl, answer.request, cookie);
      references.set(answer.request, reference);
      const candidate = await askDirectly(system.candidateUrl, answer.request, cookie);
      compared += 1;
      const difference = firstDifference(`${answer.request} (asked directly)`, reference, candidate);
      if (difference) differences.push(difference);
    }
    compared += 1;
    const difference = firstDifference(
      `${answer.request} (${answer.phase}, by ${answer.upstream})`,
      reference,
      answer,
    );
    if (difference) differences.push(difference);
  }
  return { compared, differences };
}

function table(traffic: Traffic, phases: readonly string[]): string {
  const rows = phases.map((phase) => {
    const answers = traffic.answers.filter((answer) => answer.phase === phase);
    const times = answers.map((answer) => answer.tookMs).sort((a, b) => a - b);
    const by = (upstream: string) => String(answers.filter((answer) => answer.upstream === upstream).length);
    const at = (quantile: number) => (times[Math.floor(times.length * quantile)] ?? 0).toFixed(1);
    const moved = `${(100 * movedShare(traffic, phase)).toFixed(0)} %`;
    return [phase, String(answers.length), by('legacy'), by('candidate'), moved, at(0.5), at(0.99)];
  });
  const all = [['stage', 'requests', 'legacy', 'candidate', 'clients moved', 'p50 ms', 'p99 ms'], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all
    .map(
      (row) =>
        `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`,
    )
    .join('\n');
}

/** Share of the phase's clients whose last answer came from the candidate. */
function movedShare(traffic: Traffic, phase: string): number {
  const last = new Map<number, string>();
  for (const answer of traffic.answers) if (answer.phase === phase) last.set(answer.client, answer.upstream);
  return last.size === 0
    ? 0
    : [...last.values()].filter((upstream) => upstream === 'candidate').length / last.size;
}

function check<T>(what: string, found: readonly T[], describe: (one: T) => string): void {
  process.stdout.write(`  ${found.length === 0 ? 'ok  ' : 'FAIL'} ${what}: ${found.length}\n`);
  for (const one of found.slice(0, 5)) process.stdout.write(`    ${describe(one)}\n`);
  if (found.length > 0) problems.push(`${what}: ${found.length}`);
}

function describeFailure(failure: Failure): string {
  return `client ${failure.client}, ${failure.phase}, ${failure.request}: ${failure.error}`;
}

async function operator(system: System, ...args: string[]): Promise<void> {
  process.stdout.write(
    `  $ npx fig ${args.map((arg) => (arg.includes(' ') ? `"${arg}"` : arg)).join(' ')}\n`,
  );
  const { code, output } = await system.fig(...args);
  process.stdout.write(`${output.replace(/^/gm, '    ')}\n`);
  if (code !== 0) throw new Error(`the command ended with exit code ${code}`);
}

function tell(line: string): void {
  process.stdout.write(`\n${line}\n`);
}

tell('A monolith, a new service, a gateway between their models, and the facade in front are started.');
let system: System | null = null;
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (interrupted) return;
    interrupted = true;
    problems.push('interrupted');
    void starting
      .then(
        (one) => one.stop(),
        () => {},
      )
      .then(() => process.exit(130));
  });
}
const gateway = await GatewayWithABug.start();
gateway.hasBug = true;
const starting = startSystem(gateway.url);
try {
  system = await starting;
  gateway.gatewayUrl = system.candidateUrl;
  if (!interrupted) await tour(system);
} catch (error) {
  problems.push((error as Error).message);
} finally {
  if (!interrupted) await system?.stop();
  await gateway.stop();
}
process.stdout.write(
  problems.length === 0
    ? '\nEvery step held.\n'
    : `\nThe tour failed:\n${problems.map((problem) => `  ${problem}\n`).join('')}`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
