import type { IncomingMessage, ServerResponse } from 'node:http';

const TEXT = Array.from({ length: 100 }, (_, i) => String(i % 10)).join('');
const BOUNDARY = 'between-parts';

/** Answers a GET or HEAD with the ranges that it asks for of a hundred digits (RFC 9110 §14): all of them, some, or none. */
export function answerRanges({ method, headers }: IncomingMessage, response: ServerResponse): void {
  const common = { 'accept-ranges': 'bytes', etag: '"v1"', 'content-type': 'text/plain' };
  const send = (status: number, more: Record<string, string>, body: string): void => {
    response.writeHead(status, { ...common, 'content-length': body.length, ...more });
    response.end(method === 'HEAD' ? undefined : body);
  };
  const { range } = headers;
  const given = headers['if-range'];
  if (method !== 'GET' || !range?.startsWith('bytes=') || (given !== undefined && given !== '"v1"'))
    return void send(200, {}, TEXT);
  const spans = range.slice('bytes='.length).split(',').flatMap(spanOf);
  if (spans.length === 0) return void send(416, { 'content-range': `bytes */${TEXT.length}` }, '');
  const part = ([from, to]: Span) => TEXT.slice(from, to + 1);
  const where = ([from, to]: Span) => `bytes ${from}-${to}/${TEXT.length}`;
  if (spans.length === 1)
    return void send(206, { 'content-range': where(spans[0] as Span) }, part(spans[0] as Span));
  const parts = spans.map(
    (span) =>
      `--${BOUNDARY}\r\nContent-Type: text/plain\r\nContent-Range: ${where(span)}\r\n\r\n${part(span)}\r\n`,
  );
  send(
    206,
    { 'content-type': `multipart/byteranges; boundary=${BOUNDARY}` },
    `${parts.join('')}--${BOUNDARY}--\r\n`,
  );
}

type Span = [from: number, to: number];

function spanOf(text: string): Span[] {
  const [, from, to] = /^\s*(\d*)-(\d*)\s*$/.exec(text) ?? [];
  if (from === '' && to) return [[Math.max(0, TEXT.length - Number(to)), TEXT.length - 1]];
  const last = to ? Math.min(Number(to), TEXT.length - 1) : TEXT.length - 1;
  return from && Number(from) <= last ? [[Number(from), last]] : [];
}
