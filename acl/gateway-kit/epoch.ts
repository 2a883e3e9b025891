import { AsyncLocalStorage } from 'node:async_hooks';
import type { RequestHandler } from 'express';
import { NotTheOwner, type Refused } from './error.ts';

const EPOCH_HEADER = 'x-fig-epoch';

type Call = { readonly method: string; readonly headers?: Readonly<Record<string, string>> };
type Answer = { readonly status: number; readonly body: unknown };

type Request = {
  /** Null when the request named none. */
  readonly epoch: string | null;
  /** Writes that had an effect, or may have had one. */
  effects: number;
};

const current = new AsyncLocalStorage<Request>();

/** Keeps the epoch in which the facade decided on a request, for the writes that it leads to. */
export const passEpoch: RequestHandler = (request, _response, next) => {
  current.run({ epoch: request.get(EPOCH_HEADER) ?? null, effects: 0 }, next);
};

/**
 * Sends a call with the epoch of the request that it belongs to. Throws NotTheOwner for a write that the service refused
 * because of its owner or the epoch.
 */
export async function sendInEpoch<C extends Call, A extends Answer>(
  call: C,
  where: string,
  send: (call: C) => Promise<A>,
): Promise<A> {
  if (call.method === 'GET') return send(call);
  const request = current.getStore() ?? { epoch: null, effects: 0 };
  const { epoch } = request;
  const headers = { ...call.headers, ...(epoch === null ? {} : { [EPOCH_HEADER]: epoch }) };
  // Until it is answered it may have had one.
  request.effects += 1;
  const answer = await send({ ...call, headers });
  if (answer.status >= 400 && answer.status < 500) request.effects -= 1;
  const refused = refusalOf(answer);
  // A request that has had an effect cannot be decided anew as a whole.
  if (refused !== null) throw new NotTheOwner(where, answer.body, request.effects === 0 ? refused : null);
  return answer;
}

const REFUSALS: Readonly<Record<string, Refused>> = {
  NOT_THE_OWNER: 'not-the-owner',
  EPOCH_STALE: 'epoch-stale',
};

function refusalOf({ status, body }: Answer): Refused | null {
  if (status !== 409) return null;
  return REFUSALS[String((body as { code?: unknown } | null)?.code)] ?? null;
}
