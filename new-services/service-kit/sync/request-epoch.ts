import { AsyncLocalStorage } from 'node:async_hooks';
import type { RequestHandler } from 'express';
import { problem } from '../http/problem.ts';

const current = new AsyncLocalStorage<number>();

/** Keeps the epoch that a request was decided in, header `x-fig-epoch`, for the writes that it leads to. */
export const readEpoch: RequestHandler = (request, _response, next) => {
  const given = request.get('x-fig-epoch');
  if (given === undefined) return next();
  if (!/^(0|[1-9]\d{0,14})$/.test(given)) {
    const message = 'expected a whole number without leading zeros';
    throw problem('REQUEST_INVALID', `header: x-fig-epoch: ${message}`, [{ path: 'x-fig-epoch', message }]);
  }
  current.run(Number(given), next);
};

/** Null when the request named none. */
export function requestEpoch(): number | null {
  return current.getStore() ?? null;
}
