import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Ownership } from '../sync/owner.ts';
import { signatureOf } from './signed.ts';

type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: an answer of any shape, which each test knows
  readonly body: any;
  readonly text: string;
};

type Send = (
  method: 'get' | 'put' | 'post' | 'patch' | 'delete',
  path: string,
  options?: { body?: unknown; headers?: Record<string, string> },
) => Promise<Answer>;

/** Sends over the network, with the token of the service. */
export function sendTo(url: string, token: string): Send {
  return async (method, path, { body, headers = {} } = {}) => {
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    const answer = await fetch(url + path, {
      method: method.toUpperCase(),
      headers: { authorization: `Bearer ${token}`, ...json, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: text === '' ? null : JSON.parse(text),
      text,
    };
  };
}

export type OwnWrite = {
  readonly method: 'put' | 'patch' | 'delete';
  readonly path: string;
  readonly body?: object;
  readonly headers?: Record<string, string>;
};

/** A running service whose way back is tested, and writes of its own that tests can ask for. */
export type TestedService = {
  readonly stream: string;
  readonly send: Send;
  readonly databaseUrl: string;
  readonly dryRunSecret: string;
  /** Table of the aggregates. */
  readonly table: string;
  readonly keyOf: (n: number) => string;
  /** The value that the inbox takes for the n-th row. */
  readonly valueOf: (n: number) => object;
  /** What a value says of `text`, as `write` has put it there. */
  readonly textOf: (value: never) => string;
  /** An own write of the n-th row, which the inbox has brought. */
  readonly write: (n: number, text: string) => OwnWrite;
  /** A write of the n-th row that fails in its transaction, after an effect. */
  readonly failing: (n: number) => OwnWrite;
  /** Removes the n-th row; null where the service removes nothing. */
  readonly remove: ((n: number) => OwnWrite) | null;
  readonly stop: () => Promise<void>;
};

export type SyncClient = ReturnType<typeof syncClient>;

/** The sync protocol of one stream, in words. */
export function syncClient(service: TestedService) {
  const at = (path: string) => `/.fig/sync/${service.stream}/${path}`;
  const own = ({ method, path, body, headers = {} }: OwnWrite, more: Record<string, string> = {}) =>
    service.send(method, path, {
      ...(body === undefined ? {} : { body }),
      headers: { ...headers, ...more },
    });
  const owner = async (): Promise<Ownership> => (await service.send('get', at('owner'))).body;
  const putOwner = (body: unknown) => service.send('put', at('owner'), { body });
  const changes = async (limit = 1000): Promise<{ seq: string; key: string }[]> =>
    (await service.send('get', at(`changes?limit=${limit}`))).body.changes;
  const ack = (seqs: readonly string[]) => service.send('post', at('changes/ack'), { body: { seqs } });
  const deliver = async (rows: readonly object[]) => {
    const { ticket } = (await service.send('post', '/.fig/sync/tickets')).body;
    return service.send('post', at('batches'), { body: { ticket, rows } });
  };
  return {
    at,
    own,
    owner,
    putOwner,
    changes,
    ack,
    deliver,
    write: (n: number, text: string, headers?: Record<string, string>) =>
      own(service.write(n, text), headers),
    rows: async (keys: readonly string[]): Promise<{ key: string; deleted: boolean; value: never }[]> =>
      (await service.send('post', at('rows'), { body: { keys } })).body.rows,
    position: async () => (await service.send('get', at('changes/position'))).body,
    covers: async (position: string): Promise<boolean> =>
      (await service.send('get', at(`changes/covers?position=${position}`))).body.covered,
    numbers: async (): Promise<{ prefix: string; last: string }[]> =>
      (await service.send('get', at('numbers'))).body.numbers,
    skipNumbers: (numbers: readonly { prefix: string; last: string }[]) =>
      service.send('put', at('numbers'), { body: { numbers } }),
    marker: async (): Promise<string> => (await service.send('post', at('changes/marker'))).body.key,
    seed: (count: number) =>
      deliver(
        Array.from({ length: count }, (_, n) => ({
          key: service.keyOf(n),
          deleted: false,
          value: service.valueOf(n),
        })),
      ),
    rehearse: ({ method, path, body, headers = {} }: OwnWrite, more: Record<string, string> = {}) => {
      const text = body === undefined ? '' : JSON.stringify(body);
      const signed = { method: method.toUpperCase(), target: path, body: text };
      return service.send(method, `/.fig/dry-run${path}`, {
        ...(body === undefined ? {} : { body }),
        headers: { ...headers, ...more, 'x-fig-signature': signatureOf(service.dryRunSecret, signed) },
      });
    },
    /** Gives the stream a new owner, in the next epoch. */
    async give(to: Ownership['owner']): Promise<Ownership> {
      const wanted = { owner: to, epoch: (await owner()).epoch + 1 };
      const answer = await putOwner(wanted);
      if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
      return wanted;
    },
    async drain(): Promise<void> {
      for (let found = await changes(); found.length > 0; found = await changes())
        await ack(found.map(({ seq }) => seq));
    },
  };
}

/** A connection beside the service, in the same database. */
export async function connectBeside(url: string, name = 'a test'): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: name });
  await client.connect();
  return client;
}

export async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  for (const deadline = performance.now() + 30_000; !(await condition()); await delay(5))
    if (performance.now() > deadline) throw new Error(`${what} did not happen`);
}
