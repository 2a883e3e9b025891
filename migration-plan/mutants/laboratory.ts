import { type ChildProcess, fork } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { parse } from 'yaml';
import { insertAwkwardRows } from '#acl/gateway/freelancers/awkward-rows.ts';
import { postgresDatabase, sqliteDatabase, type TestDatabase } from '#acl/testing/databases.ts';
import { runToEnd, startProcess } from '#acl/testing/process.ts';
import { closeConnections, rawRequest } from '#acl/testing/raw-http.ts';
import { waitUntil } from '#acl/testing/wait-until.ts';
import { loadPlan } from '#plan/model/load-plan.ts';
import type { Plan } from '#plan/model/plan.ts';
import { readDocument } from '#plan/parity/contract-coverage.ts';
import type { CaseReport } from '#plan/parity/report.ts';
import { runSuite } from '#plan/parity/run-suite.ts';
import { loadSuites, type Suite } from '#plan/parity/suite.ts';
import type { Candidate, Order } from './greenhouse.ts';
import type { Mutant } from './mutants.ts';
import { plant, SOUND } from './plant.ts';
import { rememberedLegacy } from './remembered-legacy.ts';
import { type Request, reads, SEEDED, writes } from './requests.ts';

const PLAN = resolve(import.meta.dirname, '..');
const CONTRACT = readDocument(join(PLAN, 'contract/openapi.yaml'));
const DRY_RUN_SECRET = 'dry-run-secret-of-a-test';
const ADMIN_TOKEN = 'admin-token-of-a-test';
/** The route to the program as it is. */
const CONTROL = 'control';
/** Reads of one mutant at a time. */
const AT_ONCE = 6;

/** A row of the observations, as the admin API tells it. */
export type Found = {
  readonly endpoint: string;
  readonly path: string;
  readonly kind: string;
  readonly severity: string;
  readonly reasons: readonly string[];
  readonly count: number;
  readonly verdict: string;
};
export type Observed = {
  readonly eligible: number;
  readonly sent: number;
  readonly inFlight: number;
  readonly compared: { readonly match: number; readonly mismatch: number; readonly ignored: number };
  readonly fields: readonly Found[];
};

/**
 * One monolith and one facade, whose plan has a route in stage shadow for each mutant: `/NAME/api/freelancers` goes to
 * the monolith, and a copy to the candidate that the mutant is in.
 */
export class Laboratory {
  readonly #stops: (() => unknown)[] = [];
  readonly #cookies = new Map<Request['as'], string>([['nobody', '']]);
  readonly #idle: string[] = [];
  #folder = '';
  #legacyFile = '';
  #monolith = '';
  #facade = '';
  #admin = '';
  #greenhouse!: Greenhouse;
  #sound!: TestDatabase;
  #day = '';
  #candidates: Readonly<Record<string, string>> = {};
  readonly #example = loadPlan(PLAN, {}).plan as Plan;
  readonly #suite = loadSuites(this.#example, PLAN, {}).suites[0] as Suite;

  static async start(mutants: readonly Mutant[]): Promise<Laboratory> {
    const laboratory = new Laboratory();
    try {
      await laboratory.#start([CONTROL, ...mutants.map(({ name }) => name)]);
    } catch (error) {
      await laboratory.stop();
      throw error;
    }
    return laboratory;
  }

  /** What the program as it is shows. Legacy makes the writes now; from here on its answers are remembered. */
  async control(): Promise<Observed> {
    const candidate = { sources: SOUND, database: this.#sound.url, copyFrom: this.#legacyFile };
    await this.#open(CONTROL, candidate);
    this.#day = today();
    const observed = await this.#round(CONTROL);
    await this.#greenhouse.ask({ do: 'close', name: CONTROL });
    return observed;
  }

  async observe(mutant: Mutant): Promise<Observed> {
    const { name } = mutant;
    const sources = await plant(mutant, join(this.#folder, name));
    const spoils = mutant.spoilsCopy ?? false;
    const idle = spoils ? null : (this.#idle.pop() ?? (await this.#database(this.#sound)).url);
    const database = idle ?? (await this.#database(null)).url;
    await this.#open(name, { sources, database, copyFrom: spoils ? this.#legacyFile : null });
    const observed = await this.#round(name);
    await this.#greenhouse.ask({ do: 'close', name });
    if (idle !== null) this.#idle.push(idle);
    return observed;
  }

  /**
   * What the parity suite of the route finds of a mutant, or of the program as it is (null): first its cases that read, then
   * as many `generated` requests, then its cases that write, which leave rows of other numbers on each side. Both sides have
   * rows of their own. After `control`, which fills the copy.
   */
  async parity(mutant: Mutant | null, generated: number): Promise<readonly CaseReport[]> {
    const name = mutant?.name ?? CONTROL;
    const file = join(this.#folder, `${name}-parity.db`);
    await copyFile(this.#legacyFile, file);
    const monolith = await startProcess('legacy-monolith/main.ts', {
      DATABASE_URL: `sqlite:${file}`,
      SESSION_SECRET: 'secret-of-a-test',
    });
    try {
      const sources = mutant ? await plant(mutant, join(this.#folder, `${name}-parity`)) : SOUND;
      const spoils = mutant?.spoilsCopy ?? false;
      const database = (await this.#database(spoils ? null : this.#sound)).url;
      const copyFrom = spoils ? this.#legacyFile : null;
      await this.#greenhouse.ask({ do: 'open', name, sources, database, copyFrom, legacy: monolith.url });
      const { cases } = this.#suite;
      const rounds = [
        { cases: cases.filter(({ safe }) => safe), count: 0 },
        { cases: [], count: generated },
        { cases: cases.filter(({ safe }) => !safe), count: 0 },
      ];
      for (const round of rounds) {
        const report = await runSuite(
          { ...this.#suite, cases: round.cases },
          {
            plan: this.#example,
            legacyUrl: monolith.url,
            candidateUrl: this.#candidates[name] as string,
            writes: round.count === 0,
            timeoutMs: 10_000,
            generate: round.count === 0 ? null : { contract: CONTRACT, count: round.count, seed: 1 },
          },
        );
        const found = report.cases.filter(isFound);
        if (found.length > 0) return found;
      }
      return [];
    } finally {
      await this.#greenhouse.ask({ do: 'close', name });
      await monolith.stop();
    }
  }

  async stop(): Promise<void> {
    closeConnections();
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }

  async #start(names: readonly string[]): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), 'fig-mutants-'));
    this.#stops.push(() => rm(this.#folder, { recursive: true }));
    const database = await sqliteDatabase();
    this.#stops.push(() => database.drop());
    const none = ['--customers', '0', '--projects', '0', '--timesheets', '0', '--without', 'stray-commas'];
    const rows = ['--freelancers', String(SEEDED)];
    const seeded = await runToEnd('legacy-monolith/seed.ts', ['--database', database.url, ...rows, ...none]);
    if (seeded.code !== 0) throw new Error(`the seeder failed: ${seeded.stderr}`);
    await insertAwkwardRows(database.url);
    // Rows are copied as they were before the writes.
    this.#legacyFile = join(this.#folder, 'legacy.db');
    await copyFile(database.url.slice('sqlite:'.length), this.#legacyFile);

    this.#sound = await this.#database(null);
    this.#greenhouse = new Greenhouse();
    this.#stops.push(() => this.#greenhouse.stop());
    const [monolith, candidates] = await Promise.all([
      this.#process('legacy-monolith/main.ts', {
        DATABASE_URL: database.url,
        SESSION_SECRET: 'secret-of-a-test',
      }),
      this.#greenhouse.ask({ do: 'listen', names }) as Promise<Record<string, string>>,
    ]);
    this.#monolith = monolith.url;
    this.#candidates = candidates;
    const legacy = rememberedLegacy(monolith.url);
    this.#stops.push(() => legacy.close().closeAllConnections());
    await new Promise<void>((done) => legacy.listen(0, '127.0.0.1', done));
    const plan = await this.#plan(`http://127.0.0.1:${(legacy.address() as AddressInfo).port}`, candidates);
    const args = ['--plan', plan, '--ledger', 'memory:', '--access-log', 'off'];
    const env = { ADMIN_PORT: '0', FIG_ADMIN_TOKEN: ADMIN_TOKEN, DRY_RUN_SECRET };
    const facade = await this.#process('facade/main.ts', env, args);
    this.#facade = facade.url;
    this.#admin = facade.adminUrl as string;
    for (const name of names) await this.#toShadow(name);
    for (const user of ['admin', 'disp', 'guest'] as const) this.#cookies.set(user, await this.#login(user));
  }

  async #process(script: string, env: Record<string, string>, args: readonly string[] = []) {
    const started = await startProcess(script, env, args);
    this.#stops.push(() => started.stop());
    return started;
  }

  /** An empty database, or a copy of another one that nobody is connected to. */
  async #database(template: TestDatabase | null): Promise<TestDatabase> {
    const database = await postgresDatabase();
    this.#stops.push(() => database.drop());
    if (template !== null) await copyDatabase(template.url, database.url);
    return database;
  }

  /** The routes are the example's, once for each candidate, below a prefix. */
  async #plan(legacy: string, candidates: Readonly<Record<string, string>>): Promise<string> {
    const folder = join(this.#folder, 'plan');
    await mkdir(join(folder, 'routes'), { recursive: true });
    const example = parse(await readFile(join(PLAN, 'plan.yaml'), 'utf8'));
    const { match, compare } = parse(await readFile(join(PLAN, 'routes/freelancers.yaml'), 'utf8')) as {
      match: readonly string[];
      compare: object;
    };
    const plan = {
      version: 1,
      legacy: { url: legacy },
      candidates: Object.fromEntries(Object.entries(candidates).map(([name, url]) => [name, { url }])),
      matching: example.matching,
      // Most of them are not open yet.
      health: { interval: '0', minimum: 1_000_000 },
    };
    await writeFile(join(folder, 'plan.yaml'), JSON.stringify(plan));
    for (const name of Object.keys(candidates)) {
      const route = {
        route: name,
        match: match.map((line) => line.replace(' /', ` /${name}/`)),
        candidate: name,
        rewrite: { from: `/${name}/api`, to: '/api' },
        stages: ['shadow'],
        // Everything is to be compared, however busy the machine is; legacy's answers are remembered, so without noise.
        shadow: { writes: 'dry-run', timeout: '60s', queue: 1000, noise: '0%' },
        compare,
      };
      await writeFile(join(folder, `routes/${name}.yaml`), JSON.stringify(route));
    }
    return folder;
  }

  async #open(name: string, candidate: Omit<Candidate, 'legacy'>): Promise<void> {
    await this.#greenhouse.ask({ do: 'open', name, ...candidate, legacy: this.#monolith });
  }

  /** Sends all requests to one candidate's route, and answers what was observed when all copies are accounted for. */
  async #round(name: string): Promise<Observed> {
    const waiting = [...reads];
    const walk = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) await this.#send(name, next);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, walk));
    for (const write of writes) await this.#send(name, write);
    const all = reads.length + writes.length;
    return waitUntil(
      async () => {
        const observed = (await this.#ask('GET', `/v1/routes/${name}/observations`)) as Observed;
        return observed.eligible === all && observed.inFlight === 0 && this.#ofOneDay(observed);
      },
      `${name}: all copies are accounted for`,
      60_000,
    );
  }

  /** Legacy's new rows are of the day of the control; when a day ends meanwhile, a candidate's are of the next one. */
  #ofOneDay(observed: Observed): Observed {
    if (today() === this.#day) return observed;
    return { ...observed, fields: observed.fields.filter(({ path }) => path !== '$.created') };
  }

  async #send(name: string, { as, method, path, body }: Request): Promise<void> {
    const cookie = this.#cookies.get(as) as string;
    await rawRequest(this.#facade, {
      method,
      path: `/${name}${path}`,
      headers: {
        ...(cookie === '' ? {} : { cookie }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  }

  async #ask(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await rawRequest(this.#admin, {
      method,
      path,
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body);
  }

  async #toShadow(route: string): Promise<void> {
    const step = { stage: 'shadow', expectedVersion: 0, reason: 'a mutant' };
    await this.#ask('POST', `/v1/routes/${route}/transitions`, step);
  }

  async #login(user: string): Promise<string> {
    const answer = await rawRequest(this.#monolith, {
      method: 'POST',
      path: '/api/login',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user, pass: user }),
    });
    return answer.headers['set-cookie']![0]!.split(';', 1)[0]!;
  }
}

const isFound = ({ outcome }: CaseReport) => outcome === 'failed' || outcome === 'error';

const today = () => new Date().toISOString().slice(0, 10);

/** The process that holds the candidates. */
class Greenhouse {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #orders = 0;

  constructor() {
    this.#child = fork(join(import.meta.dirname, 'greenhouse.ts'), {
      env: {
        PATH: process.env.PATH,
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
        DRY_RUN_SECRET,
        SOUND_SERVICES: SOUND.services,
      },
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    this.#child.on('message', ({ id, value, error }: { id: number; value?: unknown; error?: string }) => {
      const order = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) order?.resolve(value);
      else order?.reject(new Error(error));
    });
    this.#child.on('exit', (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the candidates ended with ${code}`));
    });
  }

  ask(order: Order): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(++this.#orders, { resolve, reject });
      this.#child.send({ id: this.#orders, order });
    });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = new Promise((done) => this.#child.once('exit', done));
    this.#child.disconnect();
    await gone;
  }
}

async function copyDatabase(from: string, to: string): Promise<void> {
  const [source, copy] = [from, to].map((url) => new URL(url).pathname.slice(1));
  const client = new pg.Client({ connectionString: process.env.FIG_TEST_POSTGRES_URL });
  await client.connect();
  try {
    await client.query(`DROP DATABASE ${copy}`);
    await client.query(`CREATE DATABASE ${copy} TEMPLATE ${source}`);
  } finally {
    await client.end();
  }
}
