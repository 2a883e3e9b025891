import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type AwkwardUpstream, awkwardUpstream } from '../test-kit/awkward-upstream.ts';
import { facadeOf, type TestFacade } from '../test-kit/facade-of.ts';
import { FORWARDERS } from '../test-kit/forwarders.ts';
import { planOf } from '../test-kit/plan-of.ts';

const folder = mkdtempSync(join(tmpdir(), 'fig-curl-'));
const small = join(folder, 'small');
/** Beyond what curl sends without asking first (Expect: 100-continue). */
const large = join(folder, 'large');
writeFileSync(small, 'a small file\n');
writeFileSync(large, Buffer.alloc(3 * 1024 * 1024, 'large'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Run = { readonly code: number; readonly output: Buffer };

function curl(args: string[], input?: string): Promise<Run> {
  return new Promise((resolve, reject) => {
    const options = { encoding: 'buffer', maxBuffer: 1 << 26 } as const;
    const child = execFile(
      'curl',
      ['-q', '--silent', '--max-time', '20', ...args],
      options,
      (error, output) => {
        if (error && typeof error.code !== 'number') reject(error);
        else resolve({ code: error ? Number(error.code) : 0, output });
      },
    );
    child.stdin?.end(input);
  });
}

const ASIDE = /^(?:date|connection|keep-alive|transfer-encoding|x-fig-[a-z-]+):/i;

/** Output of `curl -i`, without what belongs to one connection. */
function readable({ code, output }: Run) {
  let rest = output.toString('latin1');
  const heads: string[][] = [];
  while (rest.startsWith('HTTP/')) {
    const end = rest.indexOf('\r\n\r\n');
    heads.push(
      rest
        .slice(0, end)
        .split('\r\n')
        .filter((line) => !ASIDE.test(line)),
    );
    rest = rest.slice(end + 4);
  }
  return { code, heads, body: rest };
}

/** What an upstream says it was asked, without what the facade adds and what belongs to one connection. */
function seenBy(body: string) {
  const { method, url, rawHeaders, body: sent } = JSON.parse(body);
  const lines: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2)
    lines.push(`${rawHeaders[i].toLowerCase()}: ${rawHeaders[i + 1]}`);
  // Of a request without a body, also of a method that could have one, the facade says so.
  const aside = /^(?:content-length: 0$|host:|connection:|x-forwarded-[a-z]+:|x-request-id:|traceparent:)/;
  return { method, url, body: sent, headers: lines.filter((line) => !aside.test(line)).sort() };
}

/** Jest takes a parameter that a row lacks for a callback. */
const withInput = (rows: [string, string, string[], string?][]) =>
  rows.map(([what, path, args, input = '']): [string, string, string[], string] => [what, path, args, input]);

describe.each(FORWARDERS)('curl through the facade, over %s,', (_name, create) => {
  let legacy: AwkwardUpstream;
  let facade: TestFacade;
  beforeAll(async () => {
    legacy = await awkwardUpstream('legacy');
    facade = await facadeOf(planOf({ legacy: { url: legacy.url, build: null } }), { forwarder: create() });
  });
  afterAll(async () => {
    await facade.close();
    await legacy.close();
  });

  test.each<[string, string, string[], string]>(
    withInput([
      ['several cookies', '/cookies', []],
      ['HTTP/1.0', '/cookies', ['--http1.0']],
      ['HTTP/1.0, an answer in chunks', '/chunked', ['--http1.0']],
      ['HEAD', '/gzip', ['--head']],
      ['HEAD of chunks', '/chunked', ['--head']],
      ['HEAD in HTTP/1.0', '/gzip', ['--head', '--http1.0']],
      ['chunks as they come', '/chunked', []],
      ['trailers', '/trailers', ['--raw']],
      ['no content', '/204', []],
      ['a reason phrase of its own', '/reason', []],
      ['a compressed answer, decoded by curl', '/gzip', ['--compressed']],
      ['a compressed answer, left as it is', '/gzip', ['--header', 'Accept-Encoding: gzip']],
      ['one range', '/ranges', ['--range', '0-4']],
      ['many ranges', '/ranges', ['--range', '0-4,10-14,-3']],
      ['the last bytes', '/ranges', ['--range', '-5']],
      ['no range at all', '/ranges', ['--range', '500-']],
      ['a download that is continued', '/ranges', ['--continue-at', '40']],
      ['a form', '/upload', ['--data', 'a=1&b=%20']],
      [
        'a large body, asking first',
        '/upload',
        ['--header', 'Expect: 100-continue', '--data-binary', `@${large}`],
      ],
      ['a large body, not asking', '/upload', ['--header', 'Expect:', '--data-binary', `@${large}`]],
      ['a file by PUT', '/upload', ['--upload-file', large]],
      ['standard input, in chunks', '/upload', ['--upload-file', '-'], 'x'.repeat(100_000)],
      [
        'chunks, asking first',
        '/upload',
        ['--header', 'Expect: 100-continue', '--upload-file', '-'],
        'x'.repeat(100),
      ],
      ['chunks by POST', '/upload', ['--header', 'Transfer-Encoding: chunked', '--data-binary', `@${large}`]],
      ['an empty body', '/upload', ['--data', '']],
      ['an answer that breaks off', '/cut', []],
    ]),
  )('%s: the same status, headers, bytes and exit code as without it', async (_what, path, args, input) => {
    const [direct, through] = [
      readable(await curl(['--include', ...args, legacy.url + path], input)),
      readable(await curl(['--include', ...args, facade.url + path], input)),
    ];
    expect(direct.heads.length).toBeGreaterThan(0);
    expect(through.heads).toEqual(direct.heads);
    expect(through.code).toBe(direct.code);
    expect(through.body === direct.body).toBe(true);
  });

  test.each<[string, string[]]>([
    ['a plain GET', []],
    ['a method of its own', ['--request', 'PROPFIND']],
    ['HTTP/1.0 with a body', ['--http1.0', '--data-binary', `@${small}`]],
    ['DELETE', ['--request', 'DELETE']],
    ['OPTIONS', ['--request', 'OPTIONS']],
    [
      'credentials, cookies, referrer and agent',
      ['--user', 'a:b', '--cookie', 'a=1; b="2"', '--referer', 'http://r/', '--user-agent', 'me'],
    ],
    ['a header without a value', ['--header', 'X-Empty;']],
    ['a JSON body', ['--json', '{"a":[1, 2]}']],
    [
      'a form with a file, asking first',
      ['--header', 'Expect: 100-continue', '--form', `file=@${small};type=text/plain`, '--form', 'a=1'],
    ],
    ['a condition', ['--time-cond', '2024-01-01', '--header', 'If-None-Match: W/"x", "y"']],
  ])('%s: the upstream is asked the same', async (_what, args) => {
    const query = '/echo?a=%7e&b=1+2&&c=%zz';
    const boundary = (text: string) => text.replace(/-{20,}[0-9a-zA-Z]+/g, 'BOUNDARY');
    const [direct, through] = [
      await curl([...args, legacy.url + query]),
      await curl([...args, facade.url + query]),
    ];
    expect(seenBy(boundary(through.output.toString()))).toEqual(seenBy(boundary(direct.output.toString())));
  });

  test('ten answers on one connection', async () => {
    const urls = Array.from({ length: 10 }, (_, i) => `${facade.url}/${i % 2 ? 'gzip' : 'cookies'}`);
    const discard = urls.flatMap(() => ['--output', '/dev/null']);
    const { output } = await curl(['--write-out', '%{num_connects}', ...discard, ...urls]);
    expect(output.toString()).toBe('1000000000');
  });

  test('the first event of a stream that stays open', async () => {
    const [direct, through] = [
      await curl(['--no-buffer', '--max-time', '1', `${legacy.url}/events`]),
      await curl(['--no-buffer', '--max-time', '1', `${facade.url}/events`]),
    ];
    expect([through.code, through.output.toString()]).toEqual([direct.code, direct.output.toString()]);
    expect(through.output.toString()).toBe('data: first\n\n');
  });
});
