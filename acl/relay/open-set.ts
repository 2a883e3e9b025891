import { resolve } from 'node:path';
import type { Logger } from 'pino';
import type { DataSet } from '#plan/model/plan.ts';
import { HttpClient } from '../gateway-kit/http-client.ts';
import { Quarantine } from './backfill/quarantine.ts';
import { SetRelay } from './backfill/set-relay.ts';
import { streamKey } from './backfill/stream-key.ts';
import { openChangeSource } from './capture/open-change-source.ts';
import { Completeness } from './completeness/completeness.ts';
import type { ReachFailpoint } from './failpoint.ts';
import type { RelayedSet } from './http/relay-api.ts';
import { continueNumbers } from './ownership/continue-numbers.ts';
import { openLegacyGate } from './ownership/open-legacy-gate.ts';
import { SetOwnership } from './ownership/set-ownership.ts';
import { Verification } from './ownership/verification.ts';
import { Looker } from './reconcile/look.ts';
import { Reconcile } from './reconcile/reconcile.ts';
import type { ReconcileParts } from './reconcile/reconcile-parts.ts';
import { type BackParts, carryBack, carryKeys } from './reverse/carry-back.ts';
import { openLegacyWriter } from './reverse/open-legacy-writer.ts';
import { serviceQueue } from './reverse/service-queue.ts';
import type { LegacyStore } from './source/legacy-store.ts';
import { fileCompletenessJournal } from './state/completeness-journal.file.ts';
import { fileReconcileJournal } from './state/reconcile-journal.file.ts';
import { fileRunJournal } from './state/run-journal.file.ts';
import { Tail } from './tail/tail.ts';
import { httpOwnedService } from './target/owned-service.ts';
import { httpSyncInbox } from './target/sync-inbox.http.ts';
import type { DataSetTranslator } from './translator-module.ts';

export type OpenSet = RelayedSet & { close(): Promise<void> };

type Surroundings = {
  readonly store: LegacyStore;
  readonly translator: DataSetTranslator;
  readonly legacyUrl: string;
  readonly serviceToken: string;
  /** Where checkpoints, quarantines and results are kept. */
  readonly stateDir: string;
  readonly log: Logger;
  readonly failpoint: ReachFailpoint;
};

/** As many as an inbox takes. */
const BATCH_ROWS = 1000;
const SERVICE_TIMEOUT_MS = 60_000;
/** How long a comparison waits for the relay to catch up, and for a row to come to rest. */
const SETTLE_MS = 60_000;

/** Puts together what the relay does for one data set, in both directions. Nothing runs yet. */
export async function openSet(plan: DataSet, around: Surroundings): Promise<OpenSet> {
  const { translator, legacyUrl, stateDir, log, failpoint } = around;
  const { name: set, tables, service: target } = plan;
  const identity = await around.store.identity();
  const completeness = await Completeness.open({
    ...{ set, tables, store: around.store },
    journal: fileCompletenessJournal(stateDir, set, identity),
  });
  const store = completeness.guard(around.store);
  const client = new HttpClient({
    url: target.url,
    bearer: around.serviceToken,
    timeoutMs: SERVICE_TIMEOUT_MS,
  });
  const inbox = httpSyncInbox(client);
  const service = httpOwnedService(client, target.stream);
  const common = { tables, translator, batchSize: BATCH_ROWS, now: () => new Date(), failpoint };
  const parts = { ...common, stream: target.stream, store, inbox };
  const slowly = (attempt: number) => Math.min(250 * 4 ** (attempt - 1), 10_000);
  const tailing = { set, log, backoffMs: (attempt: number) => Math.min(250 * 2 ** (attempt - 1), 5_000) };

  const relay = await SetRelay.open({
    ...{ set, journal: fileRunJournal(stateDir, set), log, backoffMs: slowly, parts },
    onRun: completeness,
  });
  const verification = new Verification(async (keys) => {
    const looks = await (await Looker.open(compared)).keys(keys);
    return looks.filter(({ verdict }) => verdict.kind !== 'equal').map(({ key }) => key);
  });
  const keyOf = (name: string, key: string) => {
    const table = tables.find((one) => one.name === name);
    return table ? streamKey(tables, table, key) : key;
  };
  const source = verification.watch(openChangeSource(legacyUrl, set, tables), keyOf);
  const tail = new Tail({ ...tailing, source, completeness, carry: () => relay.carryChanges(source) });

  const writer = openLegacyWriter(legacyUrl, set);
  const journal = fileRunJournal(resolve(stateDir), `${set}~back`);
  const quarantine = new Quarantine(journal, await journal.loadQuarantine());
  const backParts: BackParts = { ...common, stream: target.stream, inbox, writer, quarantine };
  const own = verification.watch(serviceQueue(service, tables), keyOf);
  const back = new Tail({ ...tailing, source: own, carry: () => carryBack(backParts, own) });

  const gate = openLegacyGate(legacyUrl, set, tables);
  const owner = new SetOwnership({
    ...{ set, gate, service, writer, forward: tail, back, log, failpoint },
    continueNumbers: (to) => continueNumbers(to, tables, service, writer),
    carryBack: () => carryBack(backParts, own),
    quarantined: () => relay.quarantined(),
    quarantinedBack: () => quarantine.list(),
    verification,
    oneWay: tables.filter(({ name }) => !translator.tables[name]?.fromSync).map(({ name }) => name),
  });
  // What is on its way, and what a repair means, depends on who owns the set.
  const live = () => (owner.direction === 'back' ? own : source);
  const compared: ReconcileParts = {
    ...{ ...parts, set, coverMs: SETTLE_MS, settleMs: SETTLE_MS },
    source: {
      state: () => live().state(),
      head: () => live().head(),
      covers: (position) => live().covers(position),
    },
    quarantined: () => [...relay.quarantined(), ...quarantine.list()],
    carry: (keys) => (owner.direction === 'back' ? carryKeys(backParts, keys) : relay.carryRows(keys)),
  };
  const reconcile = await Reconcile.open({
    ...{ journal: fileReconcileJournal(stateDir, set), log, backoffMs: slowly },
    parts: compared,
    onStart: () => verification.begin(),
    onRun: completeness,
  });
  return {
    ...{ relay, tail, owner, reconcile },
    async close() {
      await Promise.all([reconcile.stop(), owner.stop(), relay.stop()]);
      await Promise.all([source, writer, gate].map((one) => one.close()));
      client.close();
    },
  };
}
