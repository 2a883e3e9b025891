import type { Redactor } from '../../core/redact/redactor.ts';
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

/** A request as a line for the shell, at the public endpoint, without its secrets. */
export function curlOf(
  call: Call,
  headers: Exchange['headers'],
  body: Buffer | null,
  redactor: Redactor,
): string {
  const { target, method, snapshot, decision } = call;
  const parts = ['curl'];
  if (method === 'HEAD') parts.push('-I');
  else if (method !== 'GET' || body) parts.push('-X', method);
  for (const [name, value] of Object.entries(headers)) {
    if (OWN.has(name)) continue;
    for (const one of [value].flat()) parts.push('-H', quoted(`${name}: ${redactor.header(name, one)}`));
  }
  const type = headers['content-type'];
  const shown = body && redactor.body(body.toString('utf8'), typeof type === 'string' ? type : '');
  if (shown)
    parts.push('--data-binary', quoted(shown.length > MAX_BODY ? `${shown.slice(0, MAX_BODY)}…` : shown));
  const url = snapshot.plan.publicUrl.replace(/\/$/, '') + target.path + target.query;
  parts.push(quoted(redactor.url(url, decision.match?.pattern)));
  return parts.join(' ');
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
