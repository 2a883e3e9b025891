import { resolve } from 'node:path';
import pino from 'pino';
import { loadPlan } from '#plan/model/load-plan.ts';
import { formatProblem } from '#plan/model/problem.ts';
import { port, readEnv, StartError, secret, text } from '../gateway-kit/env.ts';
import { health } from '../gateway-kit/health.ts';
import { HttpClient } from '../gateway-kit/http-client.ts';
import { runMain, serve } from '../gateway-kit/serve.ts';
import { Quarantine } from './backfill/quarantine.ts';
import { SetRelay } from './backfill/set-relay.ts';
import { openChangeSource } from './capture/open-change-source.ts';
import { FAILPOINTS, killAt } from './failpoint.ts';
import { relayApi } from './http/relay-api.ts';
import { openLegacyGate } from './ownership/open-legacy-gate.ts';
import { SetOwnership } from './ownership/set-ownership.ts';
import { carryBack } from './reverse/carry-back.ts';
import { openLegacyWriter } from './reverse/open-legacy-writer.ts';
import { serviceQueue } from './reverse/service-queue.ts';
import { openLegacyStore } from './source/open-legacy-store.ts';
import { fileRunJournal } from './state/run-journal.file.ts';
import { lockStateDir } from './state/state-dir-lock.ts';
import { Tail } from './tail/tail.ts';
import { httpOwnedService } from './target/owned-service.ts';
import { httpSyncInbox } from './target/sync-inbox.http.ts';
import { loadTranslator } from './translator-module.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const BATCH_ROWS = 500;

await runMain(async () => {
  const env = readEnv(process.env, {
    PORT: { ...port, fallback: '4120' },
    HOST: { ...text, fallback: '127.0.0.1', fix: 'Set HOST to an address of this machine.' },
    FIG_PLAN: {
      ...text,
      expected: 'the plan folder',
      fix: 'Set FIG_PLAN to the folder that holds plan.yaml.',
    },
    LEGACY_DATABASE_URL: { ...text, expected: 'a database URL', fix: 'Set LEGACY_DATABASE_URL.' },
    SERVICE_TOKEN: { ...secret, fix: "Set SERVICE_TOKEN to the services' token." },
    RELAY_TOKEN: { ...secret, fix: 'Set RELAY_TOKEN to the token that callers of the relay present.' },
    STATE_DIR: { ...text, expected: 'a folder', fix: 'Set STATE_DIR to a folder for checkpoints.' },
    BUILD_ID: { ...text, fallback: 'dev', fix: '' },
    FIG_FAILPOINT: {
      read: (spec: string) => (spec === 'none' ? () => {} : killAt(spec)),
      expected: `one of ${FAILPOINTS.join(', ')}`,
      fix: 'Unset it outside crash tests.',
      fallback: 'none',
    },
  });
  const { plan, problems } = loadPlan(resolve(env.FIG_PLAN), process.env);
  if (plan === null) throw new StartError(problems.map(formatProblem).join('\n'));
  lockStateDir(resolve(env.STATE_DIR));
  const log = pino({ name: 'relay' });
  const store = await openLegacyStore(env.LEGACY_DATABASE_URL);
  const clients: HttpClient[] = [];
  const sets = new Map<string, SetRelay>();
  const tails = new Map<string, Tail>();
  const owners = new Map<string, SetOwnership>();
  const closing: { close(): Promise<void> }[] = [];
  for (const set of plan.dataSets.values()) {
    const client = new HttpClient({ url: set.service.url, bearer: env.SERVICE_TOKEN, timeoutMs: 60_000 });
    clients.push(client);
    const translator = await loadTranslator(set, ROOT);
    const inbox = httpSyncInbox(client);
    const common = { batchSize: BATCH_ROWS, now: () => new Date(), failpoint: env.FIG_FAILPOINT };
    const relay = await SetRelay.open({
      set: set.name,
      journal: fileRunJournal(resolve(env.STATE_DIR), set.name),
      log,
      backoffMs: (attempt) => Math.min(250 * 4 ** (attempt - 1), 10_000),
      parts: { stream: set.service.stream, tables: set.tables, translator, store, inbox, ...common },
    });
    sets.set(set.name, relay);
    const backoffMs = (attempt: number) => Math.min(250 * 2 ** (attempt - 1), 5_000);
    const source = openChangeSource(env.LEGACY_DATABASE_URL, set.name, set.tables);
    const carry = () => relay.carryChanges(source);
    const forward = new Tail({ set: set.name, source, carry, log, backoffMs });
    tails.set(set.name, forward);
    const service = httpOwnedService(client, set.service.stream);
    const writer = openLegacyWriter(env.LEGACY_DATABASE_URL, set.name);
    const backJournal = fileRunJournal(resolve(env.STATE_DIR), `${set.name}~back`);
    const quarantine = new Quarantine(backJournal, await backJournal.loadQuarantine());
    const back = { tables: set.tables, translator, service, inbox, writer, quarantine, ...common };
    const gate = openLegacyGate(env.LEGACY_DATABASE_URL, set.name, set.tables);
    const owner = new SetOwnership({
      set: set.name,
      gate,
      service,
      writer,
      forward,
      back: new Tail({
        set: set.name,
        source: serviceQueue(service, set.tables),
        carry: () => carryBack(back),
        log,
        backoffMs,
      }),
      carryBack: () => carryBack(back),
      quarantined: () => relay.quarantined().length + quarantine.size,
      oneWay: set.tables.filter(({ name }) => !translator.tables[name]?.fromSync).map(({ name }) => name),
      log,
      failpoint: env.FIG_FAILPOINT,
    });
    owners.set(set.name, owner);
    closing.push(source, writer, gate);
  }
  // What was noted while no relay ran is carried over first.
  for (const owner of owners.values()) await owner.start();
  const app = relayApi(sets, tails, owners, {
    token: env.RELAY_TOKEN,
    health: health('relay', env.BUILD_ID, [{ name: store.name, check: () => store.ping() }]),
    log,
  });
  return serve(app, {
    host: env.HOST,
    port: env.PORT,
    log,
    onStop: async () => {
      await Promise.all([...owners.values(), ...sets.values()].map((one) => one.stop()));
      for (const one of closing) await one.close();
      for (const client of clients) client.close();
      await store.close();
    },
  });
});
