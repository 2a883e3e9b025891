import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CutoverWorld, type Member, startCutoverWorld } from '#acl/testing/cutover-world.ts';
import { closeConnections } from '#acl/testing/raw-http.ts';
import { waitUntil } from '#acl/testing/wait-until.ts';
import { ask } from './ask.ts';
import { candidateAudit } from './candidate-audit.ts';
import { type AskAdmin, atRest, type Changes, startChanger } from './changer.ts';
import { startClients } from './clients.ts';
import { diceOf } from './dice.ts';
import { type Session, startJob } from './job.ts';
import { type Killed, startKiller, type Victim } from './killer.ts';
import { addBatches, legacyAudit, type Sql } from './legacy-audit.ts';
import type { LegacySide } from './legacy-side.ts';
import { watchOwners } from './owner-watch.ts';
import type { StoreAudit } from './store-audit.ts';
import { judge, readStore } from './verdict.ts';
import { WriteBook } from './write-book.ts';

export type CutoverSoak = {
  readonly ms: number;
  readonly seed: number;
  readonly legacy: LegacySide;
  /** Postgres runs for this soak alone, so it may crash. */
  readonly ownsPostgres: boolean;
  /** For what the processes say. */
  readonly folder: string;
  readonly facades: number;
  readonly clients: number;
  /** Longest pause between two kills of one killer, in milliseconds. */
  readonly killPauseMs: number;
  readonly say: (line: string) => void;
};

export type CutoverSoakReport = {
  readonly acked: number;
  readonly rejected: number;
  readonly unknown: number;
  readonly answers: ReadonlyMap<string, number>;
  readonly killed: Killed;
  readonly changes: Changes;
  readonly ownerLooks: number;
  readonly rows: number;
  readonly failures: readonly string[];
};

const ROWS = 120;
const HOT = [1, 2, 3, 4, 5, 6, 7, 8];
const REST_MS = 180_000;

/** Writes, kills and changes owners for `ms`, comes to rest, and holds both stores to everything that is promised. */
export async function runCutoverSoak(soak: CutoverSoak): Promise<CutoverSoakReport> {
  const { legacy, say, seed } = soak;
  const setup = await legacy.open();
  const world = await startCutoverWorld({ url: legacy.url, drop: async () => {} }, ROWS, {
    facades: soak.facades,
    prepare: () => addBatches(legacy.kind, setup.sql),
  });
  const opened: (() => Promise<unknown>)[] = [() => world.stop(), () => setup.close()];
  try {
    const faults: string[] = [];
    const askAdmin = adminOf(world);
    for (const name of MEMBERS) if (isThere(world, name)) keepLog(world, name, soak.folder);
    await world.askRelay('PUT', '/ownership');
    const there = candidateAudit(world.serviceDatabaseUrl);
    opened.unshift(() => there.close());
    const here = legacyAudit(legacy.kind, again(legacy, opened), async () => {});
    await setup.sql('SELECT 1');
    for (const audit of [here, there]) await audit.install();

    const book = new WriteBook();
    const watch = watchOwners(here, there);
    const cookie = await world.login('admin');
    const urls = () => world.facades.map((name) => world.member(name).url);
    const clients = startClients({
      ...{ urls, cookie, book, hotKeys: HOT, clients: soak.clients, pauseMs: 5 },
      dice: diceOf(seed),
    });
    const jobs = [
      { n: 0, keys: HOT, openMs: { from: 0, to: 5 }, pauseMs: 25 },
      // Rows of its own: whoever waits for a row that it holds would wait as long.
      { n: 1, keys: [20, 21, 22, 23], openMs: { from: 0, to: 2_500 }, pauseMs: 1_500 },
    ].map((job) =>
      startJob({
        ...{ open: legacy.open, kind: legacy.kind, book, ...job },
        dice: diceOf(seed + 10 + job.n),
      }),
    );
    const changer = startChanger(askAdmin, 700);
    const [ofData, ofWeb] = victimsOf(world, soak, there);
    const killers = [ofData, ofWeb].map((victims, n) =>
      startKiller(victims, diceOf(seed + 100 + n), soak.killPauseMs),
    );
    const total = (of: 'kills' | 'stops') =>
      killers.reduce((sum, { killed }) => sum + [...killed[of].values()].reduce((a, b) => a + b, 0), 0);
    const told = setInterval(
      () =>
        say(
          `${book.count('acked')} writes acknowledged, ${total('kills')} kills, ${total('stops')} stops, owner changed ${changer.changes.there + changer.changes.back} times`,
        ),
      30_000,
    );
    await new Promise((resolve) => setTimeout(resolve, soak.ms));
    clearInterval(told);

    say('coming to rest');
    for (const killer of killers) await killer.end();
    await Promise.all([clients.stop(), ...jobs.map((job) => job.stop()), changer.stop()]);
    closeConnections();
    faults.push(...(await rest(world, askAdmin, here, there)));
    faults.push(...(await watch.stop()));
    const [atLegacy, atCandidate] = [await readStore('legacy', here), await readStore('candidate', there)];
    faults.push(...judge(atLegacy, atCandidate, book));
    const killed: Killed = {
      kills: new Map(killers.flatMap(({ killed: { kills } }) => [...kills])),
      stops: new Map(killers.flatMap(({ killed: { stops } }) => [...stops])),
    };
    return {
      acked: book.count('acked'),
      rejected: book.count('rejected'),
      unknown: book.count('unknown'),
      answers: book.answers,
      ...{ killed, changes: changer.changes, ownerLooks: watch.looks(), rows: atLegacy.rows.size },
      failures: faults,
    };
  } finally {
    for (const close of opened) await close().catch((error: Error) => say(`closing: ${error.message}`));
  }
}

const MEMBERS = ['legacy', 'gateway', 'service', 'relay', 'facade', 'facade-2', 'facade-3'] as const;
const isThere = (world: CutoverWorld, name: Member) =>
  !name.startsWith('facade') || world.facades.some((facade) => facade === name);

/** Any replica that answers. */
function adminOf(world: CutoverWorld): AskAdmin {
  let next = 0;
  return async (method, path, body) => {
    next += 1;
    const name = world.facades[next % world.facades.length] as Member;
    const headers = { authorization: `Bearer ${world.adminToken}` };
    return ask(`${world.member(name).adminUrl}${path}`, method, headers, body);
  };
}

/** SQL over a connection that is opened anew when it was lost. */
function again(legacy: LegacySide, opened: (() => Promise<unknown>)[]): Sql {
  let session: Session | null = null;
  opened.push(async () => session?.close());
  return async (text) => {
    session ??= await legacy.open();
    try {
      return await session.sql(text);
    } catch (error) {
      await session.close().catch(() => {});
      session = null;
      throw error;
    }
  };
}

/** Two groups, hunted side by side: those that carry data, and those that clients reach. */
function victimsOf(
  world: CutoverWorld,
  { legacy: { server }, folder, ownsPostgres }: CutoverSoak,
  there: { crash(): Promise<void> },
): [Victim[], Victim[]] {
  const member = (name: Member, weight: number): Victim => ({
    ...{ name, weight, pid: () => world.member(name).child.pid as number },
    async kill() {
      const { child } = world.member(name);
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGKILL');
      await gone;
    },
    async start() {
      await world.start(name);
      keepLog(world, name, folder);
    },
  });
  // A crash of the whole server, as it makes itself when one of its processes dies; it comes up again by itself.
  const crash = () => there.crash().catch(() => {});
  const postgres: Victim = { name: 'Postgres', weight: 1, pid: null, kill: crash, start: async () => {} };
  return [
    [
      ...[member('relay', 6), member('service', 4)],
      ...(server ? [{ ...{ name: 'legacy database', weight: 1 }, ...server }] : []),
      ...(ownsPostgres ? [postgres] : []),
    ],
    [...world.facades.map((name) => member(name, 3)), member('legacy', 1), member('gateway', 1)],
  ];
}

function keepLog(world: CutoverWorld, name: Member, folder: string): void {
  const { child } = world.member(name);
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => appendFileSync(join(folder, `${name}.log`), chunk));
}

/** Nothing waits, and the ledger and both stores name the same owner. */
async function rest(
  world: CutoverWorld,
  askAdmin: AskAdmin,
  here: StoreAudit,
  there: StoreAudit,
): Promise<string[]> {
  const deadline = performance.now() + REST_MS;
  const position = await atRest(askAdmin, () => performance.now() > deadline);
  if (position === null) return ['a change of owners did not come to its end'];
  const faults = await lastWrite(world);
  const { owner } = position;
  try {
    await waitUntil(
      async () => (await (owner === 'legacy' ? here : there).waiting()) === 0,
      'nothing waits',
      REST_MS,
    );
  } catch (error) {
    faults.push((error as Error).message);
  }
  const [legacy, candidate] = [await here.owner(), await there.owner()];
  if (legacy.owner !== owner || candidate.owner !== owner)
    faults.push(
      `the ledger says ${owner} in epoch ${position.epoch}, legacy ${legacy.owner} in ${legacy.epoch}, the service ${candidate.owner} in ${candidate.epoch}`,
    );
  const { json } = await world.askRelay('GET', '/ownership');
  if (json.quarantined !== 0) faults.push(`${json.quarantined} rows are in quarantine`);
  await world.askRelay('POST', '/reconcile', {});
  const compared = await waitUntil(async () => {
    const status = (await world.askRelay('GET', '/reconcile')).json;
    return status.state !== 'running' && status;
  }, 'the stores are compared');
  if (compared.state !== 'done' || compared.result.left !== 0)
    faults.push(`reconcile: ${compared.state}, ${compared.result?.left} rows differ`);
  return faults;
}

/** Whoever owns the rows takes writes again. */
async function lastWrite(world: CutoverWorld): Promise<string[]> {
  const faults: string[] = [];
  for (const name of world.facades) {
    const answer = await world.client('POST', '/api/freelancers', { frl_name: 'Soak, Last' }, name);
    if (answer.status >= 300) faults.push(`${name} answers a write at rest with ${answer.status}`);
  }
  return faults;
}
