import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { pick } from 'stream-json/filters/pick.js';
import { parser } from 'stream-json/parser.js';
import { streamArray } from 'stream-json/streamers/stream-array.js';
import { z } from 'zod';
import { type RecordedExchange, recordedBody } from '#plan/model/recorded-exchange.ts';

const pairs = z.array(z.object({ name: z.string(), value: z.string() })).default([]);

/** What is read of an entry of a HAR 1.2 file; browsers and proxies write much more. */
const entrySchema = z.object({
  startedDateTime: z.iso.datetime({ offset: true }),
  time: z.number().nullish(),
  request: z.object({
    method: z.string(),
    url: z.string(),
    headers: pairs,
    postData: z.object({ mimeType: z.string().nullish(), text: z.string().nullish() }).nullish(),
  }),
  response: z.object({
    status: z.number(),
    headers: pairs,
    content: z
      .object({ mimeType: z.string().nullish(), text: z.string().nullish(), encoding: z.string().nullish() })
      .nullish(),
  }),
});

/** Made anew by whoever sends the request again. */
const OWN = new Set([
  ...[
    'host',
    'connection',
    'content-length',
    'transfer-encoding',
    'accept-encoding',
    'keep-alive',
    'te',
    'expect',
  ],
]);

/**
 * The entries of a HAR file, one by one, however large it is. An entry that is no request with an answer (a blocked one,
 * one of an extension, one that another program wrote otherwise) is left out and told to `leftOut`. Rejects with
 * HarProblem when the file is none, or when nothing in it can be used. Nothing is taken out of what is: it is the file of
 * whoever names it.
 */
export async function* readHar(
  file: string,
  leftOut: (problem: HarProblem) => void = () => {},
): AsyncGenerator<RecordedExchange> {
  const entries = pipeline(
    createReadStream(file),
    parser.asStream(),
    pick.asStream({ filter: 'log.entries', once: true }),
    streamArray.asStream(),
    () => {},
  ) as unknown as Readable;
  let number = 0;
  let used = 0;
  let first: HarProblem | null = null;
  try {
    for await (const { value } of entries as AsyncIterable<{ value: unknown }>) {
      const exchange = exchangeOf(value, ++number);
      if (exchange instanceof HarProblem) {
        first ??= exchange;
        leftOut(exchange);
        continue;
      }
      used++;
      yield exchange;
    }
    if (used === 0 && first) throw first;
  } catch (error) {
    if (error instanceof HarProblem) throw error;
    throw new HarProblem(`expected a HAR file, got ${(error as Error).message} behind entry ${number}`);
  } finally {
    entries.destroy();
  }
}

export class HarProblem extends Error {}

function exchangeOf(value: unknown, number: number): RecordedExchange | HarProblem {
  const read = entrySchema.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    return new HarProblem(`entry ${number}: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { request, response, startedDateTime, time } = read.data;
  if (!/^https?:/i.test(request.url) || !URL.canParse(request.url))
    return new HarProblem(
      `entry ${number}: request.url: expected an http or https URL, got \`${request.url.slice(0, 80)}\``,
    );
  if (!(response.status >= 100 && response.status <= 599))
    return new HarProblem(
      `entry ${number}: response.status: expected a status of HTTP, got ${response.status}: nobody answered`,
    );
  const url = new URL(request.url);
  const headers = listed(request.headers);
  const session = [headers.cookie, headers.authorization].flat().join('\n').trim();
  const { content } = response;
  const packed = content?.encoding === 'base64';
  const bytes = Buffer.from(content?.text ?? '', packed ? 'base64' : 'utf8');
  const answerHeaders = listed(response.headers);
  delete answerHeaders['content-encoding'];
  return {
    fig: 'exchange/1',
    at: new Date(startedDateTime).toISOString(),
    route: '',
    match: '',
    method: request.method.toUpperCase(),
    target: url.pathname + url.search,
    headers,
    body: recordedBody(Buffer.from(request.postData?.text ?? '')),
    session: session === '' ? null : createHash('sha256').update(session).digest('hex').slice(0, 8),
    redacted: false,
    upstream: 'legacy',
    status: response.status,
    answerHeaders,
    // A browser that threw the body away says nothing of it.
    answer:
      content?.text === undefined && request.method !== 'HEAD' && expectsBody(response.status)
        ? { ...recordedBody(bytes), tooLarge: true }
        : recordedBody(bytes),
    ms: Math.max(0, time ?? 0),
  };
}

const expectsBody = (status: number) =>
  status >= 200 && status !== 204 && status !== 304 && (status < 300 || status >= 400);

function listed(headers: readonly { name: string; value: string }[]): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const { name: written, value } of headers) {
    const name = written.toLowerCase();
    // `:authority` and the like are HTTP/2's way to write the request line.
    if (OWN.has(name) || name.startsWith(':')) continue;
    const known = kept[name];
    kept[name] = known === undefined ? value : [known].flat().concat(value);
  }
  return kept;
}

/** Head, separator and tail of a HAR file, and how an entry is written. */
export const HAR = {
  head: `{"log":{"version":"1.2","creator":{"name":"fig","version":"1"},"entries":[\n`,
  between: ',\n',
  tail: '\n]}}\n',
  entry(exchange: RecordedExchange, origin: string): string {
    const { at, ms, method, target, headers, body, status, answerHeaders, answer, session, upstream } =
      exchange;
    const url = new URL(target, origin);
    const asPairs = (of: RecordedExchange['headers']) =>
      Object.entries(of).flatMap(([name, value]) => [value].flat().map((one) => ({ name, value: one })));
    const type = (of: RecordedExchange['headers']) => [of['content-type'] ?? ''].flat()[0] ?? '';
    return JSON.stringify({
      startedDateTime: at,
      time: ms,
      request: {
        method,
        url: url.href,
        httpVersion: 'HTTP/1.1',
        cookies: [],
        headers: asPairs(headers),
        queryString: [...url.searchParams].map(([name, value]) => ({ name, value })),
        ...(body.text === null ? {} : { postData: { mimeType: type(headers), text: body.text } }),
        headersSize: -1,
        bodySize: body.bytes,
      },
      response: {
        status,
        statusText: '',
        httpVersion: 'HTTP/1.1',
        cookies: [],
        headers: asPairs(answerHeaders),
        content: {
          size: answer.bytes,
          mimeType: type(answerHeaders),
          ...(answer.text === null ? {} : { text: answer.text }),
        },
        redirectURL: [answerHeaders.location ?? ''].flat()[0],
        headersSize: -1,
        bodySize: answer.bytes,
      },
      cache: {},
      timings: { send: 0, wait: ms, receive: 0 },
      _session: session,
      _upstream: upstream,
    });
  },
};
