import { AsyncLocalStorage } from 'node:async_hooks';
import { IncomingMessage } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import {
  DRY_RUN_HEADER,
  DRY_RUN_PREFIX,
  isSignedDryRun,
  SIGNATURE_HEADER,
  signDryRun,
} from '#plan/model/dry-run.ts';
import { AclError } from './error.ts';

const MAX_BODY_BYTES = 1024 * 1024;

type Rehearsal = {
  readonly secret: string;
  /** A write was rehearsed already: a further one would not see it. */
  written: boolean;
  /** The gateway cannot say what it would have answered. */
  refused: boolean;
};

const current = new AsyncLocalStorage<Rehearsal>();

/**
 * Answers `/.fig/dry-run/PATH` as the gateway would answer PATH: its writes go to the services as dry runs, and
 * `x-fig-dry-run: done` stands on the answer when they were. Stands first in the app, behind health. Null as the
 * secret: the path is unknown.
 */
export function dryRun(secret: string | null, now: () => number = Date.now): RequestHandler {
  return async (request, response, next) => {
    if (secret === null || !request.url.startsWith(`${DRY_RUN_PREFIX}/`)) return next();
    const target = request.url.slice(DRY_RUN_PREFIX.length);
    const body = await readBody(request);
    if (body === null) return void response.status(413).json({ error: 'too large for a dry run' });
    const signature = request.get(SIGNATURE_HEADER);
    if (!isSignedDryRun(signature, { method: request.method, target, body }, secret, now()))
      return void response.status(403).json({ error: `${SIGNATURE_HEADER}: expected a valid one` });
    const rehearsal: Rehearsal = { secret, written: false, refused: false };
    sayWhenDone(response, rehearsal);
    current.run(rehearsal, () => request.app(again(request, target, body), response));
  };
}

function sayWhenDone(response: Response, rehearsal: Rehearsal): void {
  response.set(DRY_RUN_HEADER, 'done');
  const writeHead = response.writeHead.bind(response) as (...given: unknown[]) => Response;
  response.writeHead = (...given: unknown[]) => {
    if (rehearsal.refused) response.removeHeader(DRY_RUN_HEADER);
    return writeHead(...given);
  };
}

type Call = {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/**
 * A write as it goes out now: inside a dry run to the service's own dry run. Throws ACL_DRY_RUN_UNSUPPORTED for a second
 * write, since the first one has left nothing that it could build on.
 */
export function rehearsed<C extends Call>(call: C, body: Buffer | null): C {
  const rehearsal = current.getStore();
  if (rehearsal === undefined || call.method === 'GET') return call;
  if (rehearsal.written)
    throw refusal(rehearsal, `${call.method} ${call.path.split('?', 1)[0]}: a second write has no dry run`);
  const request = { method: call.method, target: call.path, body: body ?? Buffer.alloc(0) };
  const signature = signDryRun(request, rehearsal.secret, Date.now());
  const headers = { ...call.headers, [SIGNATURE_HEADER]: signature };
  return { ...call, path: DRY_RUN_PREFIX + call.path, headers };
}

/** Takes note of the answer to a write; one that was not rehearsed throws, inside a dry run. */
export function noteRehearsed(
  { method }: Call,
  answer: { readonly status: number; readonly headers: Readonly<Record<string, unknown>> },
): void {
  const rehearsal = current.getStore();
  if (rehearsal === undefined || method === 'GET') return;
  if (answer.headers[DRY_RUN_HEADER] !== 'done')
    throw refusal(rehearsal, `${method}: the service did no dry run, it answered ${answer.status}`);
  rehearsal.written ||= answer.status < 400;
}

function refusal(rehearsal: Rehearsal, message: string): AclError {
  rehearsal.refused = true;
  return new AclError('ACL_DRY_RUN_UNSUPPORTED', message);
}

function again(request: Request, target: string, body: Buffer): IncomingMessage {
  const copy = new IncomingMessage(request.socket);
  const { [SIGNATURE_HEADER]: _signature, ...headers } = request.headers;
  const { method, rawHeaders, httpVersion, httpVersionMajor, httpVersionMinor } = request;
  Object.assign(copy, { method, rawHeaders, httpVersion, httpVersionMajor, httpVersionMinor });
  Object.assign(copy, { url: target, headers, complete: true });
  if (body.length > 0) copy.push(body);
  copy.push(null);
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
