import { IncomingMessage } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import type { DataSource } from 'typeorm';
import { Problem, problem, sendProblem } from '../http/problem.ts';
import { Places } from './places.ts';
import { type Curtain, rehearse } from './rehearsal.ts';
import { isSigned } from './signature.ts';

const DRY_RUN_PREFIX = '/.fig/dry-run';

const MAX_BODY_BYTES = 1024 * 1024;

export type DryRunOptions = {
  readonly database: DataSource;
  /** Shared with whoever asks for dry runs. Null: none is done, and the path is unknown. */
  readonly secret: string | null;
  readonly now: () => number;
};

/**
 * Answers `/.fig/dry-run/PATH` as the app would answer PATH, and undoes it: `x-fig-dry-run: done` says that what is
 * answered is what would have been answered and that nothing of it was kept. Stands first in the app.
 */
export function dryRun({ database, secret, now }: DryRunOptions): RequestHandler {
  // Half of the connections at most: clients come before copies.
  const places = new Places(4, 64);
  return async (request, response, next) => {
    if (secret === null || !request.url.startsWith(`${DRY_RUN_PREFIX}/`)) return next();
    const target = request.url.slice(DRY_RUN_PREFIX.length);
    const body = await readBody(request);
    if (body === null) return refuse(response, problem('REQUEST_TOO_LARGE', 'A dry run takes 1 MiB.'));
    if (!isSigned(request.get('x-fig-signature'), { method: request.method, target, body }, secret, now()))
      return refuse(response, unsigned());
    // SECURITY: protocols of the kit are no use cases: their effects need not lie in one transaction.
    if (target.startsWith('/.fig/'))
      return refuse(response, problem('ROUTE_NOT_FOUND', 'No dry run of that.'));
    const leave = await places.enter();
    if (leave === null) return refuse(response, busy());
    try {
      const curtain = await rehearse(database);
      hold(response, curtain, leave);
      response.set('x-fig-dry-run', 'done');
      curtain.run(() => request.app(again(request, target, body), response));
    } catch (error) {
      leave();
      throw error;
    }
  };
}

/** The answer waits for the rollback: who has it can rely on nothing being left. */
function hold(response: Response, curtain: Curtain, leave: () => void): void {
  const end = response.end.bind(response) as (...given: unknown[]) => Response;
  const writeHead = response.writeHead.bind(response) as (...given: unknown[]) => Response;
  response.writeHead = (...given: unknown[]) => {
    if (curtain.refused()) response.removeHeader('x-fig-dry-run');
    return writeHead(...given);
  };
  response.end = (...given: unknown[]) => {
    if (curtain.refused() && !response.headersSent) response.removeHeader('x-fig-dry-run');
    void curtain.fall().finally(() => end(...given));
    return response;
  };
  response.once('close', () => void curtain.fall().finally(leave));
}

/** The same request under its own path, with the body that was read. */
function again(request: Request, target: string, body: Buffer): IncomingMessage {
  const copy = new IncomingMessage(request.socket);
  const { 'x-fig-signature': _signature, ...headers } = request.headers;
  copy.method = request.method;
  copy.url = target;
  copy.headers = headers;
  copy.rawHeaders = request.rawHeaders;
  copy.httpVersion = request.httpVersion;
  copy.httpVersionMajor = request.httpVersionMajor;
  copy.httpVersionMinor = request.httpVersionMinor;
  copy.push(body.length > 0 ? body : null);
  if (body.length > 0) copy.push(null);
  copy.complete = true;
  return copy;
}

async function readBody(request: Request): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += (part as Buffer).length;
    if (bytes <= MAX_BODY_BYTES) parts.push(part as Buffer);
  }
  return bytes > MAX_BODY_BYTES ? null : Buffer.concat(parts);
}

function refuse(response: Response, refusal: Problem): void {
  sendProblem(response, refusal);
}

function unsigned(): Problem {
  return new Problem(
    { code: 'DRY_RUN_UNSIGNED', status: 403, title: 'A dry run needs a signature' },
    'x-fig-signature: expected one of this request, with the shared secret and a time within 60 s, got another.',
  );
}

function busy(): Problem {
  return new Problem(
    { code: 'DRY_RUN_BUSY', status: 503, title: 'Too many dry runs' },
    'Too many dry runs wait already. Ask for fewer.',
  );
}
