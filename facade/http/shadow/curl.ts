import { isUtf8 } from 'node:buffer';
import { cutWhole, type Redactor } from '../../core/redact/redactor.ts';
import type { Call } from '../call.ts';
import type { Exchange } from '../forwarder.ts';

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
const MAX_BODY = 4096;
const MAX_HEADER = 512;
const MAX_HEADERS = 40;

/**
 * A request as a line for the shell, at the public endpoint, without its secrets. What is long is cut before its secrets
 * are looked for: that takes time, and nobody reads it.
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
  const lines = Object.entries(headers)
    .filter(([name]) => !OWN.has(name))
    .flatMap(([name, value]) => [value].flat().map((one) => [name, one] as const));
  for (const [name, value] of lines.slice(0, MAX_HEADERS))
    parts.push('-H', quoted(`${name}: ${redactor.header(name, cutWhole(value, MAX_HEADER))}`));
  const type = headers['content-type'];
  if (body && body.length > 0) {
    // Curl would call it a form.
    if (type === undefined) parts.push('-H', "'content-type:'");
    parts.push('--data-raw', quoted(shownBody(body, typeof type === 'string' ? type : '', redactor)));
  }
  const url = snapshot.plan.publicUrl.replace(/\/$/, '') + target.path + target.query;
  parts.push(quoted(redactor.url(url, decision.match?.pattern)));
  return parts.join(' ');
}

function shownBody(body: Buffer, type: string, redactor: Redactor): string {
  if (!isUtf8(body)) return `(${body.length} bytes that are no text)`;
  return redactor.body(cutWhole(body.toString('utf8'), MAX_BODY), type);
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
