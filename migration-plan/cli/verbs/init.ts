import { spawn } from 'node:child_process';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { loadPlan } from '#plan/model/load-plan.ts';
import { formatProblem } from '#plan/model/problem.ts';
import { stateFolder } from '#plan/model/state-folder.ts';
import { readEndpoints, type Source, SourceProblem } from '#plan/traffic/endpoints.ts';
import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { planFiles } from '../init/plan-files.ts';
import { type Proposal, proposeRoutes } from '../init/propose-routes.ts';
import { interruptible } from '../interrupt.ts';
import { ask } from '../screen/ask.ts';
import { plain } from '../screen/table.ts';
import type { Session } from '../session.ts';
import { usage } from '../usage.ts';
import type { Run } from '../verb.ts';

type Options = {
  from?: string;
  express?: string;
  legacy?: string;
  candidate: string;
  replace?: boolean;
};

/** Endpoints that were left out and are named. */
const SHOWN = 5;
const EXAMPLE = 'http://127.0.0.1:3000';
/** How long an application may take until it listens. */
const EXPRESS_MS = 60_000;
const SETTLE_MS = 1_000;
/** What a plan consists of; the rest of the folder is the program. */
const PARTS = ['plan.yaml', 'routes/*.yaml', 'data/*.yaml', 'contract/openapi.yaml', 'parity/*.parity.yaml'];

/** `fig init`: a plan for a system of one's own. */
export function addInit(program: Command, run: Run): void {
  program
    .command('init')
    .description(
      'start a plan for your own system: reads its endpoints, writes plan.yaml and a route for each resource',
    )
    .option('--from <file>', 'OpenAPI (YAML or JSON), HAR, access log, or lines `GET /path`')
    .option(
      '--express <command>',
      'starts an Express application, reads its routes when it listens, and ends it: "node server.js"',
    )
    .option('--legacy <url>', 'where the monolith is')
    .option('--candidate <url>', 'where the first new service will be', 'http://127.0.0.1:4102')
    .option('--replace', 'put the plan that stands in the folder aside, as `replaced-N`')
    .action(
      run(async (session, options: Options) => {
        for (const [flag, url] of [
          ['--legacy', options.legacy],
          ['--candidate', options.candidate],
        ] as const)
          if (url !== undefined && !isUrl(url))
            throw usage(flag, 'an http or https URL', url, `${flag} ${EXAMPLE}`);
        if ((options.from === undefined) === (options.express === undefined))
          throw usage(
            '--from',
            'a file, or --express with a command',
            options.from === undefined ? 'neither' : 'both',
            'fig init --from openapi.yaml',
          );
        const folder = session.planDir;
        const isThere = existsSync(join(folder, 'plan.yaml'));
        if (isThere && !options.replace)
          throw new Failure(
            EXIT.refused,
            'INIT_EXISTS',
            `expected no plan in ${folder}, got one. Name another folder with --plan, or put that one aside with --replace.`,
          );
        const source = await endpointsOf(options);
        const routes = proposeRoutes(source.endpoints, source.base);
        const legacy =
          options.legacy ?? (await askFor(session, 'Where is the monolith?', source.url ?? EXAMPLE));
        const files = planFiles({ legacy, candidate: options.candidate }, routes);
        requireValid(session, files);
        const aside = writeAll(folder, isThere, files);
        tell(session, { folder, source, routes, legacy, aside, candidate: options.candidate });
        return EXIT.ok;
      }),
    );
}

/** What a plan takes: no credentials, and nothing that means something to YAML or to `${NAME}`. */
const isUrl = (text: string) => /^https?:\/\/[^\s"'{}$\\<>@]+$/.test(text) && URL.canParse(text);

async function endpointsOf({ from, express }: Options): Promise<Source> {
  const folder = mkdtempSync(join(tmpdir(), 'fig-init-'));
  try {
    const file =
      from ??
      (await interruptible((signal) =>
        routesOfExpress(express as string, join(folder, 'routes.txt'), signal),
      ));
    return await readEndpoints(file);
  } catch (error) {
    if (error instanceof SourceProblem)
      throw new Failure(EXIT.refused, 'INIT_SOURCE', error.message, { cause: error });
    if ((error as Partial<Error> | null)?.name === 'AbortError')
      throw new Failure(
        EXIT.interrupted,
        'INIT_INTERRUPTED',
        `ended \`${express}\` before it listened; nothing was written.`,
        { cause: error },
      );
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function routesOfExpress(command: string, file: string, signal: AbortSignal): Promise<string> {
  const preload = join(import.meta.dirname, '..', 'init', 'express-routes.mjs');
  const child = spawn(command, {
    shell: true,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import ${preload}`.trim(),
      FIG_ROUTES_FILE: file,
    },
  });
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint = `${complaint}${text}`.slice(-500);
  });
  let ended = false;
  child.once('exit', () => {
    ended = true;
  });
  try {
    for (
      const deadline = performance.now() + EXPRESS_MS;
      !statSync(file, { throwIfNoEntry: false })?.size;
      await wait(100, undefined, { signal })
    ) {
      if (ended)
        throw new SourceProblem(
          `--express: expected an Express application that listens, got the end of \`${command}\`${complaint === '' ? '' : `: ${complaint.trim()}`}`,
        );
      if (performance.now() > deadline)
        throw new SourceProblem(
          `--express: expected \`${command}\` to listen with an Express application within ${EXPRESS_MS / 1000} s, got none. Give its routes as lines \`GET /path\` with --from.`,
        );
    }
    // Another application of the same program may listen a moment later.
    await wait(SETTLE_MS, undefined, { signal });
    return file;
  } finally {
    try {
      process.kill(-(child.pid as number), 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}

async function askFor(session: Session, question: string, fallback: string): Promise<string> {
  if (session.json || !process.stdin.isTTY || session.streams.stdout !== process.stdout) return fallback;
  return ask({ input: process.stdin, output: process.stdout }, question, {
    fallback,
    fits: isUrl,
    expected: `Expected an http or https URL, e.g. ${EXAMPLE}.`,
  });
}

function putAside(folder: string): string {
  let n = 1;
  while (existsSync(join(folder, `replaced-${n}`))) n++;
  const aside = join(folder, `replaced-${n}`);
  for (const file of globSync(PARTS, { cwd: folder })) {
    mkdirSync(dirname(join(aside, file)), { recursive: true });
    renameSync(join(folder, file), join(aside, file));
  }
  return aside;
}

/** Before anything is written: what `fig lint` would refuse is a fault of this verb. */
function requireValid({ env }: Session, files: Readonly<Record<string, string>>): void {
  const folder = mkdtempSync(join(tmpdir(), 'fig-init-'));
  try {
    writeInto(folder, files);
    const { problems } = loadPlan(folder, { ...env, PUBLIC_URL: '', LEGACY_URL: '', CANDIDATE_URL: '' });
    const errors = problems.filter(({ severity }) => severity === 'error');
    if (errors.length > 0)
      throw new Failure(
        EXIT.refused,
        'INIT_INVALID',
        `expected a plan that can be used, got one with errors; nothing was written. Take what is odd out of the source:\n${errors.map(formatProblem).join('\n')}`,
        { details: { problems } },
      );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeInto(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** Where the plan that stood there is now; null when there was none. */
function writeAll(folder: string, isThere: boolean, files: Readonly<Record<string, string>>): string | null {
  try {
    const aside = isThere ? putAside(folder) : null;
    writeInto(folder, files);
    return aside;
  } catch (error) {
    throw new Failure(
      EXIT.refused,
      'CLI_FILE',
      `expected to write a plan into ${folder}, got ${(error as NodeJS.ErrnoException).code}. Name another folder with --plan.`,
      { cause: error },
    );
  }
}

type Told = {
  readonly folder: string;
  readonly source: Source;
  readonly routes: readonly Proposal[];
  readonly legacy: string;
  readonly candidate: string;
  readonly aside: string | null;
};

function tell(session: Session, { folder, source, routes, legacy, candidate, aside }: Told): void {
  if (session.json) {
    session.answer({
      plan: folder,
      source: source.kind,
      endpoints: source.endpoints.length,
      unread: source.unread,
      left: source.left,
      legacy,
      candidate,
      routes,
      replaced: aside,
    });
    return;
  }
  session.say(
    `${count(source.endpoints.length, 'endpoint')} of the ${source.kind}, in ${count(routes.length, 'route')}:`,
  );
  for (const { name, reads, writes, requests } of routes)
    session.say(
      `  ${name.padEnd(24)} ${reads} read, ${writes} write${requests > 0 ? `, ${requests.toLocaleString('en')} requests` : ''}`,
    );
  if (source.unread > 0) session.note(`${source.unread} lines could not be read.`);
  const homeless =
    source.endpoints.length - routes.reduce((sum, { reads, writes }) => sum + reads + writes, 0);
  if (homeless > 0)
    session.note(
      `Without a resource in their path, so they stay with the monolith: ${homeless} of the endpoints.`,
    );
  if (source.left.length > 0)
    session.note(
      `${count(source.left.length, 'endpoint')} cannot be matched by a plan and ${source.left.length === 1 ? 'stays' : 'stay'} with the monolith: ${source.left.slice(0, SHOWN).map(plain).join(', ')}${source.left.length > SHOWN ? ' …' : ''}`,
    );
  if (aside !== null) session.note(`The plan that stood there is in ${aside}.`);
  const ledger = join(stateFolder(folder), 'ledger.jsonl');
  if (aside !== null && existsSync(ledger))
    session.note(
      `Its ledger is still in ${ledger}: a route of a name that it knows stands where it stood. To begin anew, move it away with the positions-*.json beside it.`,
    );
  const first = routes[0]?.name ?? 'ROUTE';
  session.say(`\nThe plan is in ${folder}. Next:`);
  session.say(
    `  npm run facade -- --plan ${folder}     # clients go to http://127.0.0.1:8080, everything is answered by ${legacy}`,
  );
  session.say(`  npx fig lint --plan ${folder}          # after each change of the files`);
  session.say(
    `  npx fig advance ${first} --plan ${folder} --reason "compare first"   # copies of reads go to ${candidate}`,
  );
}

const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`;
