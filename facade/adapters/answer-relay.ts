import {
  type ClientRequest,
  type IncomingMessage,
  type InformationEvent,
  type ServerResponse,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http';
import type { Exchange } from '../http/forwarder.ts';
import { isHopByHop } from '../http/hop-by-hop.ts';
import { type Attempt, fail, ProtocolFault } from './attempt.ts';

// Node reads no more names and values than these; what stands behind them would be lost without a word.
const MAX_RAW_HEADERS = 2000;
const NO_TOKENS: ReadonlySet<string> = new Set();

/** Sends an upstream's answer to the client, as it comes. */
export function relayAnswer(answer: IncomingMessage, attempt: Attempt, response: ServerResponse): void {
  if (response.headersSent || response.destroyed) return;
  attempt.answer = answer;
  attempt.status = answer.statusCode ?? 502;
  answer.once('close', () => {
    if (!answer.complete && !response.destroyed) attempt.cut = true;
  });
  // The parser first reads on to the end of what came with the head: what breaks there can still be answered with a
  // problem or by another upstream.
  process.nextTick(() => {
    const { beforeAnswer, declines } = attempt.exchange;
    if (declines?.(attempt.status, answer.rawHeaders)) decline(answer, attempt, response);
    else if (!beforeAnswer) send(answer, attempt, response);
    else if (attempt.answer === answer) void beforeAnswer().then(() => send(answer, attempt, response));
  });
}

function decline(answer: IncomingMessage, attempt: Attempt, response: ServerResponse): void {
  if (attempt.answer !== answer) return;
  // httpxy ends the client's connection with an answer that breaks off; here the client still gets another one.
  answer.removeAllListeners();
  answer.once('error', (error) => fail(attempt, error, response));
  answer.once('end', () => {
    // The request may go out again: what this connection says from here on is not about it. What the client has not
    // sent yet goes nowhere.
    const { req } = answer as IncomingMessage & { readonly req: ClientRequest };
    req.removeAllListeners('error').on('error', () => {});
    attempt.exchange.body?.unpipe(req).resume();
    req.destroy();
    attempt.settle({ kind: 'declined', status: attempt.status });
  });
  answer.resume();
}

function send(answer: IncomingMessage, attempt: Attempt, response: ServerResponse): void {
  if (attempt.answer !== answer || response.destroyed) return;
  try {
    sendHead(answer, attempt, response);
  } catch (error) {
    refuseAnswer(attempt, error as Error, response);
    return;
  }
  sendBody(answer, response);
}

function refuseAnswer(attempt: Attempt, error: Error, response: ServerResponse): void {
  const { answer } = attempt;
  // A complete answer would pass for one that only has surplus bytes behind it.
  if (answer?.complete) attempt.answer = null;
  fail(attempt, new ProtocolFault(error.message, { cause: error }), response);
}

function sendHead(answer: IncomingMessage, attempt: Attempt, response: ServerResponse): void {
  if (answer.rawHeaders.length >= MAX_RAW_HEADERS)
    throw new Error(`it has ${MAX_RAW_HEADERS / 2} headers or more`);
  const headers = attempt.exchange.shapeAnswer(attempt.status, answer.rawHeaders);
  response.writeHead(attempt.status, answer.statusMessage ?? '', headers);
  // Between two events nothing may move for as long as it takes.
  if (/^text\/event-stream/i.test(answer.headers['content-type'] ?? '')) answer.socket.setTimeout(0);
}

function sendBody(answer: IncomingMessage, response: ServerResponse): void {
  answer.once('end', () => {
    const trailers = passableTrailers(answer.rawTrailers);
    if (trailers.length > 0) response.addTrailers(trailers);
  });
  answer.pipe(response);
  // Headers go out with the first bytes of the body, unless the body lets wait for itself.
  setImmediate(() => {
    if (!answer.readableDidRead && !response.writableEnded && !response.destroyed) response.flushHeaders();
  });
}

type Information = Pick<InformationEvent, 'statusCode' | 'statusMessage' | 'rawHeaders'>;

/** Passes 102, 103 and their kin on. `100 Continue` is the facade's own, 101 is none of these. */
export function relayInformation(
  { statusCode, statusMessage, rawHeaders }: Information,
  { shapeInformation }: Exchange,
  response: ServerResponse,
): void {
  if (statusCode <= 101 || response.req.httpVersionMinor === 0 || response.headersSent) return;
  // Node has no call for any 1xx with any headers. Without the socket it is another request's turn (pipelining).
  const lines = sendable(shapeInformation(rawHeaders));
  response.socket?.write(
    `HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    'latin1',
  );
}

// SECURITY: a receiver that merges trailers into headers must not learn framing, host or client from them.
const NEVER_TRAILERS =
  /^(?:x-fig-.*|x-forwarded-.*|forwarded|content-length|host|trailer|authorization|cookie|set-cookie)$/i;

/** Trailers that may be passed on (RFC 9110 §6.5.1), as pairs. */
export function passableTrailers(rawTrailers: string[]): [string, string][] {
  return sendable(rawTrailers).filter(
    ([name]) => !NEVER_TRAILERS.test(name) && !isHopByHop(name.toLowerCase(), NO_TOKENS),
  );
}

/** The pairs of a flat list that node:http would send; its parser lets some in that it refuses to send. */
function sendable(flat: string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) {
    const [name, value] = [flat[i] as string, flat[i + 1] as string];
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
      pairs.push([name, value]);
    } catch {
      // Left out: a trailer or a hint is never worth the connection.
    }
  }
  return pairs;
}
