/**
 * The process in which mutants grow: many gateways and services side by side, each made of its own copy of the sources,
 * all of them on one set of packages. Takes orders from its parent.
 */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pino } from 'pino';
import type { Sources } from './plant.ts';

export type Order =
  | { readonly do: 'listen'; readonly names: readonly string[] }
  | ({ readonly do: 'open'; readonly name: string } & Candidate)
  | { readonly do: 'close'; readonly name: string };

export type Candidate = {
  readonly sources: Sources;
  /** Postgres; is migrated when it is empty. */
  readonly database: string;
  /** The SQLite file whose rows are copied into the database first; null when they are there. */
  readonly copyFrom: string | null;
  /** Where sessions are asked about. */
  readonly legacy: string;
};

const TOKEN = 'service-token-of-a-test';
const SECRET = process.env.DRY_RUN_SECRET as string;
const log = pino({ level: 'silent' });

type Running = { readonly url: string; close(): Promise<void> };

const doors = new Map<string, { app: RequestListener | null; close: () => Promise<void> }>();
const soundServices = new Map<string, Promise<Running>>();

function load<T>(folder: string, file: string): Promise<T> {
  return import(pathToFileURL(join(folder, file)).href) as Promise<T>;
}

async function listening(listener: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function startService(folder: string, url: string): Promise<Running> {
  type Database = typeof import('#services/service-kit/database/database.ts');
  type Entities = typeof import('#services/freelancers/adapters/typeorm/entities.ts');
  type Compose = typeof import('#services/freelancers/compose.ts');
  const { openDatabase } = await load<Database>(folder, 'service-kit/database/database.ts');
  const { entities, migrations } = await load<Entities>(folder, 'freelancers/adapters/typeorm/entities.ts');
  const { composeFreelancers } = await load<Compose>(folder, 'freelancers/compose.ts');
  const database = await openDatabase({
    url,
    service: 'mutant',
    entities,
    migrations,
    waitMs: 5000,
    poolSize: 6,
  });
  const app = await composeFreelancers({
    database,
    token: TOKEN,
    dryRunSecret: SECRET,
    log,
    now: () => new Date(),
    health: { service: 'freelancers', version: '0', build: 'mutant', stopping: () => false },
  });
  const { server, url: at } = await listening(app);
  return {
    url: at,
    async close() {
      server.closeAllConnections();
      server.close();
      await database.destroy();
    },
  };
}

async function startGateway(folder: string, service: string, legacyUrl: string) {
  type App = typeof import('#acl/gateway/app.ts');
  type Freelancers = typeof import('#acl/gateway/freelancers/feature.ts');
  type Client = typeof import('#acl/gateway-kit/http-client.ts');
  type Identity = typeof import('#acl/identity-bridge/legacy-identity.ts');
  const { gatewayApp } = await load<App>(folder, 'gateway/app.ts');
  const { freelancers } = await load<Freelancers>(folder, 'gateway/freelancers/feature.ts');
  const { HttpClient } = await load<Client>(folder, 'gateway-kit/http-client.ts');
  const { legacyIdentity } = await load<Identity>(folder, 'identity-bridge/legacy-identity.ts');
  const clients = [
    new HttpClient({ url: service, bearer: TOKEN }),
    new HttpClient({ url: legacyUrl, bearer: null }),
  ] as const;
  const app = gatewayApp({
    mounts: [
      (app) =>
        freelancers.mount(app, {
          service: clients[0],
          identity: legacyIdentity(clients[1]),
          legacy: clients[1],
        }),
    ],
    health: (_request, _response, next) => next(),
    dryRunSecret: SECRET,
    log,
  });
  return { app, close: () => clients.forEach((client) => void client.close()) };
}

/** Copies legacy's rows as `fig backfill` does; throws unless every row arrives. */
async function copyRows(folder: string, service: string, legacyFile: string): Promise<void> {
  type Translators = typeof import('#acl/translators/freelancers.ts');
  type Client = typeof import('#acl/gateway-kit/http-client.ts');
  type Relay = typeof import('#acl/relay/backfill/set-relay.ts');
  type Store = typeof import('#acl/relay/source/open-legacy-store.ts');
  type Inbox = typeof import('#acl/relay/target/sync-inbox.http.ts');
  type Progress = typeof import('#acl/relay/state/progress.ts');
  const { dataSet } = await load<Translators>(folder, 'translators/freelancers.ts');
  const { HttpClient } = await load<Client>(folder, 'gateway-kit/http-client.ts');
  const { SetRelay } = await load<Relay>(folder, 'relay/backfill/set-relay.ts');
  const { openLegacyStore } = await load<Store>(folder, 'relay/source/open-legacy-store.ts');
  const { httpSyncInbox } = await load<Inbox>(folder, 'relay/target/sync-inbox.http.ts');
  const { IDLE } = await load<Progress>(folder, 'relay/state/progress.ts');
  const store = await openLegacyStore(`sqlite:${legacyFile}`);
  const client = new HttpClient({ url: service, bearer: TOKEN, timeoutMs: 60_000 });
  let done = () => {};
  const ended = new Promise<void>((resolve) => (done = resolve));
  const relay = await SetRelay.open({
    set: 'freelancers',
    journal: {
      loadProgress: async () => IDLE,
      saveProgress: async ({ state }) => void (state === 'running' || done()),
      loadQuarantine: async () => [],
      saveQuarantine: async () => {},
    },
    log,
    backoffMs: () => 100,
    parts: {
      stream: 'freelancers',
      tables: [{ name: 'freelancers', key: 'frl_id' }],
      translator: dataSet,
      store,
      inbox: httpSyncInbox(client),
      batchSize: 500,
      now: () => new Date(),
      failpoint: () => {},
    },
  });
  relay.start();
  await ended;
  await relay.stop();
  client.close();
  await store.close();
  const { state, applied, quarantined, error } = relay.status();
  if (state !== 'done' || quarantined > 0)
    throw new Error(`the copy: ${JSON.stringify({ state, applied, quarantined, error })}`);
}

async function listen(names: readonly string[]): Promise<Record<string, string>> {
  const urls: Record<string, string> = {};
  for (const name of names) {
    const door = { app: null as RequestListener | null, close: async () => {} };
    doors.set(name, door);
    const { url } = await listening((request, response) => {
      if (door.app) door.app(request, response);
      else response.writeHead(503).end();
    });
    urls[name] = url;
  }
  return urls;
}

async function open(name: string, { sources, database, copyFrom, legacy }: Candidate): Promise<void> {
  const door = doors.get(name)!;
  const isSound = sources.services === process.env.SOUND_SERVICES && copyFrom === null;
  const start = () => startService(sources.services, database);
  if (isSound && !soundServices.has(database)) soundServices.set(database, start());
  const service = await (soundServices.get(isSound ? database : '') ?? start());
  if (copyFrom !== null) await copyRows(sources.acl, service.url, copyFrom);
  const gateway = await startGateway(sources.acl, service.url, legacy);
  door.app = gateway.app;
  door.close = async () => {
    door.app = null;
    gateway.close();
    if (!isSound) await service.close();
  };
}

async function follow(order: Order): Promise<unknown> {
  if (order.do === 'listen') return listen(order.names);
  if (order.do === 'open') return open(order.name, order);
  return doors.get(order.name)!.close();
}

process.on('message', async ({ id, order }: { id: number; order: Order }) => {
  try {
    process.send!({ id, value: await follow(order) });
  } catch (error) {
    process.send!({ id, error: String((error as Error).stack ?? error) });
  }
});
process.on('disconnect', () => process.exit(0));
