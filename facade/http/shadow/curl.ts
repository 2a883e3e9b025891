import { isUtf8 } from 'node:buffer';
import { cutWhole, type Redactor } from '../../core/redact/redactor.ts';
import type { Call } from '../call.ts';
import type { Exchange } from '../forwarder.ts';
import { requestTexts } from './request-texts.ts';

/** Headers that curl makes itself, or that say nothing about the request. */
const OWN = new Set([
  'host',
  'connection',
  'content-length',
  'accept-encoding',
  'traceparent',
  'tracestate',
  'x-request-id',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
]);
/** What says who asks. */
const SESSIONS = new Set(['cookie', 'authorization']);
const MAX_BODY = 4096;
const MAX_HEADER = 512;
const MAX_HEADERS = 40;

/** All but tab and line feed: no shell takes a NUL, and terminals do not pass on the others as they are. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

/**
 * A request as a line for the shell, at the public endpoint, without its secrets. What is long is cut before its secrets
 * are looked for: that takes time, and nobody reads it. A body that the line cannot repeat is left out, and it says so.
 */
export function curlOf(
  call: Call,
  headers: Exchange['headers'],
  body: Buffer | null,
  redactor: Redactor,
): string {
  const { target, method, snapshot, decision } = call;
  // Brackets and braces of a URL are its own, and an @ at the beginning of a body is no file of whoever runs the line.
  const parts = ['curl', '-g'];
  if (method === 'HEAD') parts.push('-I');
  else if (method !== 'GET' || body) parts.push('-X', method);
  const leftOut = body && body.length > 0 ? whyLeftOut(method, body) : null;
  const isSent = body !== null && body.length > 0 && leftOut === null;
  const lines = Object.entries(headers)
    // Without a body, who is told of chunks would wait for them.
    .filter(([name]) => !OWN.has(name) && (isSent || name !== 'transfer-encoding'))
    .flatMap(([name, value]) => [value].flat().map((one) => [name, one] as const));
  const shownHeaders = lines
    .slice(0, MAX_HEADERS)
    .map(([name, value]) => [name, redactor.header(name, cutWhole(value, MAX_HEADER))] as const);
  // What is cut off is one of its secrets as well.
  for (const [name, value] of lines) if (SESSIONS.has(name)) redactor.header(name, value);
  const type = headers['content-type'];
  const mediaType = typeof type === 'string' ? type : '';
  const text = body && isSent ? body.toString('utf8') : '';
  const shownBody = redactor.body(text, mediaType);
  const origin = snapshot.plan.publicUrl.replace(/\/$/, '');
  const shownUrl = redactor.url(origin + target.path + target.query, decision.match?.pattern);
  // Also what is not shown is read: an answer may repeat its secrets.
  for (const change of Object.values(decision.state?.route.credentials ?? {}))
    for (const [name, value] of Object.entries(change?.set ?? {})) redactor.credential(name, value);
  const coding = headers['content-encoding'];
  if (body && (leftOut !== null || coding !== undefined))
    for (const unseen of requestTexts(body, mediaType, coding)) {
      redactor.body(cutWhole(unseen, MAX_BODY), mediaType);
      redactor.learn(unseen, mediaType);
    }
  // Only now all secrets of the request are known: its body may hold the value of a cookie under another name.
  for (const [name, value] of shownHeaders) {
    const shown = redactor.withoutEchoes(value);
    // Curl takes `name:` for a header to leave out.
    parts.push('-H', quoted(shown === '' ? `${name};` : `${name}: ${shown}`));
  }
  if (isSent) {
    // Curl would call it a form.
    if (type === undefined) parts.push('-H', "'content-type:'");
    parts.push('--data-raw', quoted(redactor.withoutEchoes(shownBody)));
  }
  const isWhole = shownUrl.startsWith(origin);
  parts.push(
    quoted((isWhole ? origin : '') + redactor.urlWithoutEchoes(shownUrl.slice(isWhole ? origin.length : 0))),
  );
  if (leftOut !== null) parts.push(`# its body is not shown: ${leftOut}`);
  return parts.join(' ');
}

/** Why no line can repeat this body; null: one can. */
function whyLeftOut(method: string, body: Buffer): string | null {
  const size = `${body.length} ${body.length === 1 ? 'byte' : 'bytes'}`;
  if (method === 'HEAD') return `${size}, which curl does not send with HEAD`;
  if (!isUtf8(body)) return `${size} that are no text`;
  if (body.length > MAX_BODY) return `${size}, more than ${MAX_BODY}`;
  return CONTROL.test(body.toString('utf8')) ? `${size} with control characters` : null;
}

/**
 * SECURITY: characters that nobody sees, ends of lines, and those that turn the direction of a text make a line read
 * otherwise than it is: they are written in octal, which bash, zsh and ksh read in `$'…'`.
 */
function quoted(text: string): string {
  if (text.search(UNSEEN) === -1) return `'${text.replaceAll("'", "'\\''")}'`;
  const escaped = text.replace(/[\\']/g, '\\$&').replace(UNSEEN, inOctal);
  return `$'${escaped}'`;
}

const UNSEEN = /[\n\t\p{Cf}\u2028\u2029\x80-\x9f]/gu;

const inOctal = (character: string) =>
  [...Buffer.from(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
