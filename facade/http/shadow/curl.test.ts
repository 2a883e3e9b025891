import { execFile } from 'node:child_process';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { compileRedaction, Redactor } from '../../core/redact/redactor.ts';
import type { Call } from '../call.ts';
import { curlOf } from './curl.ts';

type Asked = { method: string; url: string; headers: IncomingHttpHeaders; body: Buffer };

describe('a line to repeat a request', () => {
  let server: Server;
  let origin: string;
  const asked: Asked[] = [];
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const { method = '', url = '', headers } = request;
      asked.push({ method, url, headers, body: Buffer.concat(chunks) });
      response.end();
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => void server.close(resolve)));

  const newRedactor = () => new Redactor(compileRedaction({ headers: [], json: [] }));
  const lineOf = (
    headers: Record<string, string>,
    body: Buffer | string | null,
    redactor: Redactor = newRedactor(),
    method = body === null ? 'GET' : 'POST',
    credentials: object = {},
  ) => {
    const call = {
      target: { path: '/things', query: '?a=1' },
      method,
      snapshot: { plan: { publicUrl: origin } },
      decision: { match: null, state: { route: { credentials } } },
    } as unknown as Call;
    return curlOf(call, headers, typeof body === 'string' ? Buffer.from(body) : body, redactor);
  };
  const run = async (line: string, shell = 'sh'): Promise<Asked> => {
    await promisify(execFile)(shell, ['-c', line.replace(/^curl/, 'curl -q -sS --max-time 5')]);
    return asked.at(-1) as Asked;
  };
  const octets = { 'content-type': 'application/octet-stream' };

  test('headers without a value are sent', async () => {
    const line = lineOf({ 'x-e': '', 'content-type': '', 'x-f': 'f' }, null);
    expect(line).toBe(`curl -g -H 'x-e;' -H 'content-type;' -H 'x-f: f' '${origin}/things?a=1'`);
    expect((await run(line)).headers).toMatchObject({ 'x-e': '', 'content-type': '', 'x-f': 'f' });
  });

  test.each([
    ['lines and tabs', 'a\n\tb\n'],
    ['quotes, backslashes and what a shell would read', `it's "q" \\n $HOME \`id\` # !`],
    ['what looks like a file', '@/etc/passwd'],
    ['all of 4,096 bytes', `${'ü'.repeat(2047)}ab`],
  ])('a body of text is sent as it was: %s', async (_what, body) => {
    const line = lineOf({ 'transfer-encoding': 'chunked' }, body);
    const { method, headers, body: sent } = await run(line, /[\n\t]/.test(body) ? 'bash' : 'sh');
    expect(line).not.toMatch(/[\n\t]/);
    expect({ method, type: headers['content-type'] }).toEqual({ method: 'POST', type: undefined });
    expect(sent.toString()).toBe(body);
  });

  test('what turns the direction of a text or is not seen is written as its bytes, in any locale', async () => {
    const body = "a\u202e'\\n\u200fb\u2028\u00ad é $HOME";
    const line = lineOf({ 'x-odd': 'm\u009bn\u061c' }, body);
    expect(line).not.toMatch(/[\p{Cf}\u2028\x80-\x9f]/u);
    expect((await run(line, 'bash')).body.toString()).toBe(body);
  });

  test.each<[string, Buffer | string, string]>([
    ['no text', Buffer.from([0xff, 0xfe, 0x00, 0x61]), '4 bytes that are no text'],
    ['a NUL', 'a\0b', '3 bytes with control characters'],
    ['an escape', '\x1b[2J', '4 bytes with control characters'],
    ['a return, which a terminal takes for the end of a line', 'a\r\nb', '4 bytes with control characters'],
    ['a control character of two bytes', 'a\u009bb', '4 bytes with control characters'],
    ['too long', `${'ü'.repeat(2048)}a`, '4097 bytes, more than 4096'],
  ])('another body is left out, and the line says so: %s', async (_what, body, says) => {
    const line = lineOf({ ...octets, 'transfer-encoding': 'chunked' }, body);
    expect(line).toBe(
      `curl -g -X POST -H 'content-type: application/octet-stream' '${origin}/things?a=1' # its body is not shown: ${says}`,
    );
    const { method, headers, body: sent } = await run(line);
    expect({ method, type: headers['content-type'], sent: sent.length }).toEqual({
      method: 'POST',
      type: 'application/octet-stream',
      sent: 0,
    });
  });

  test('a body of HEAD is left out: curl refuses to send one', async () => {
    const line = lineOf({}, 'a', newRedactor(), 'HEAD');
    expect(await run(line)).toMatchObject({ method: 'HEAD', url: '/things?a=1' });
    expect(line).toBe(
      `curl -g -I '${origin}/things?a=1' # its body is not shown: 1 byte, which curl does not send with HEAD`,
    );
  });

  test.each([
    ['too long', 'x'.repeat(5000)],
    ['with control characters', '\0'],
  ])('secrets of a body that is left out are known all the same: %s', (_what, more) => {
    const redactor = newRedactor();
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    lineOf(type, `password=hunter2hunter2&a=${more}`, redactor);
    expect(redactor.withoutEchoes('{"hello":"hunter2hunter2"}')).not.toContain('hunter2');
  });

  test('a secret that the request repeats under another name is one there too', () => {
    const headers = {
      'content-type': 'application/json',
      'x-trace': 'of S3ss10nCookieValue',
      cookie: 'sid=S3ss10nCookieValue',
    };
    const line = lineOf(headers, '{"echo":"S3ss10nCookieValue","sku":"plain-value"}');
    expect(line).not.toContain('S3ss10n');
    const [, placeholder] = /sid=(REDACTED-cookie-\d+-\d+)/.exec(line) ?? [];
    expect(line).toContain(`"echo":"${placeholder}","sku":"plain-value"`);
    expect(line).toContain(`x-trace: of ${placeholder}`);
    expect(line).toContain(`'${origin}/things?a=1'`);
  });

  test('so is one that stands behind what is shown of its header', () => {
    const cookie = `${'visits=7; '.repeat(80)}sid=S3ss10nCookieValue`;
    const line = lineOf({ cookie, 'x-trace': 'of S3ss10nCookieValue' }, '{"echo":"S3ss10nCookieValue"}');
    expect(line).not.toContain('S3ss10n');
  });

  const json = { 'content-type': 'application/json' };
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const utf16 = Buffer.from('{"password":"hunter2-hunter2"}', 'utf16le');
  const packed = Buffer.from('{"a":1,"password":"hunter2-hunter2"}');
  const late = (more: object) => JSON.stringify({ pad: 'p'.repeat(6000), ...more });
  test.each<[string, Record<string, string>, Buffer | string]>([
    ['behind what is shown', json, late({ password: 'hunter2-hunter2' })],
    ['in what it holds', json, late({ login: { password: { now: ['hunter2-hunter2'] } } })],
    ['as one half of a pair', json, late({ fields: [{ value: 'hunter2-hunter2', name: 'password' }] })],
    ['in JSON within JSON', json, late({ message: '{"password":"hunter2-hunter2"}' })],
    ['in a query', json, late({ query: 'mutation { login(password: "hunter2-hunter2") { ok } }' })],
    [
      'behind a thousand addresses',
      json,
      late({
        to: Array(1000)
          .fill(0)
          .map((_, n) => `jane${n}@example.com`),
        password: 'hunter2-hunter2',
      }),
    ],
    [
      'in JSON by the line',
      { 'content-type': 'application/x-ndjson' },
      `${late({})}\n{"password":"hunter2-hunter2"}\n`,
    ],
    ['in a long form', form, `pad=${'p'.repeat(6000)}&user[password]=hunter2-hunter2`],
    [
      'in long XML',
      { 'content-type': 'text/xml' },
      `<a><b>${'p'.repeat(6000)}</b><password>hunter2-hunter2</password></a>`,
    ],
    [
      'in a form with a file',
      { 'content-type': 'multipart/form-data; boundary=x' },
      Buffer.concat([
        Buffer.from('--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n'),
        Buffer.alloc(6000, 0xe9),
        Buffer.from(
          '\r\n--x\r\ncontent-disposition: form-data; name="password"\r\n\r\nhunter2-hunter2\r\n--x--\r\n',
        ),
      ]),
    ],
    ['in gzip', { ...json, 'content-encoding': 'gzip' }, gzipSync(packed)],
    ['in brotli', { ...json, 'content-encoding': 'br' }, brotliCompressSync(packed)],
    ['in deflate', { ...json, 'content-encoding': 'deflate' }, deflateSync(packed)],
    ['in deflate without its head', { ...json, 'content-encoding': 'deflate' }, deflateRawSync(packed)],
    ['in zstd', { ...json, 'content-encoding': 'zstd' }, zstdCompressSync(packed)],
    ['in two codings', { ...json, 'content-encoding': 'gzip, br' }, brotliCompressSync(gzipSync(packed))],
    [
      'beside a letter of ISO-8859-1',
      { 'content-type': `${form['content-type']}; charset=iso-8859-1` },
      Buffer.from('name=J\xfcrgen&password=hunter2-hunter2', 'latin1'),
    ],
    [
      'beside one that nothing announces',
      form,
      Buffer.from('name=J\xfcrgen&password=hunter2-hunter2', 'latin1'),
    ],
    ['in UTF-16', { 'content-type': 'application/json; charset=utf-16le' }, utf16],
    ['in UTF-16 that only its mark tells', json, Buffer.concat([Buffer.from([0xff, 0xfe]), utf16])],
    ['in UTF-16 that nothing tells', json, utf16],
    [
      'in UTF-16 the other way round',
      json,
      Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(utf16).swap16()]),
    ],
  ])('a password of the request is known wherever it stands: %s', (_where, headers, body) => {
    const redactor = newRedactor();
    expect(lineOf(headers, body, redactor)).not.toContain('hunter2');
    expect(redactor.withoutEchoes('"rejected hunter2-hunter2"')).toMatch(
      /^"rejected REDACTED-password-\d+-16"$/,
    );
  });

  test('and with the letters of its character set', () => {
    const redactor = newRedactor();
    const headers = { 'content-type': `${form['content-type']}; charset=iso-8859-1` };
    lineOf(headers, Buffer.from('password=gr\xfcn-gr\xfcn-gr\xfcn', 'latin1'), redactor);
    expect(redactor.withoutEchoes('"rejected grün-grün-grün"')).not.toContain('grün');
    const escaped = newRedactor();
    lineOf(headers, 'password=blau-bl%FC-gr%FCn', escaped);
    expect(escaped.withoutEchoes('"rejected blau-blü-grün"')).not.toContain('blü');
  });

  test('what unpacks to more than a megabyte is not read', () => {
    const redactor = newRedactor();
    const bomb = gzipSync(Buffer.alloc(1 << 24, 0x20));
    expect(lineOf({ ...json, 'content-encoding': 'gzip' }, bomb, redactor)).toContain('that are no text');
    expect(lineOf({ ...json, 'content-encoding': 'gzip' }, 'broken', redactor)).toContain("'broken'");
    expect(lineOf({ ...json, 'content-encoding': 'gzip' }, Buffer.from([0xff]), redactor)).toContain(
      '1 byte',
    );
  });

  test('the password of `Basic` credentials is known, and so are those that nobody can read', () => {
    const redactor = newRedactor();
    const credential = Buffer.from('svc:hunter2:hünter2').toString('base64');
    const line = lineOf({ authorization: `Basic ${credential}` }, null, redactor);
    expect(line).toMatch(/authorization: Basic REDACTED-basic-1-32'/);
    expect(redactor.withoutEchoes(`svc with hunter2:hünter2, ${credential}`)).toMatch(
      /^svc with REDACTED-password-\d+-16, REDACTED-basic-1-32$/,
    );
    expect(lineOf({ authorization: 'Basic hünter2-hünter2' }, null)).not.toContain('hünter2');
  });

  test('what the plan says as credentials is known, though the client never sends it', () => {
    const redactor = newRedactor();
    const basic = Buffer.from('svc:of-the-candidate').toString('base64');
    const credentials = {
      shadow: {
        remove: [],
        set: { authorization: 'Bearer of-copies-alone', cookie: 'a=b; sid=of-copies-too' },
      },
      legacy: { remove: [], set: { 'x-side': 'of-legacy-alone' } },
      candidate: { remove: ['x-a'], set: { authorization: `Basic ${basic}` } },
    };
    const line = lineOf({ cookie: 'sid=S3ss10nCookieValue' }, null, redactor, 'GET', credentials);
    expect(line).toContain('sid=REDACTED-cookie-1-32');
    const said = `of-copies-alone Bearer of-copies-alone of-copies-too of-legacy-alone of-the-candidate ${basic}`;
    const shown = redactor.withoutEchoes(said);
    expect(shown).not.toMatch(/of-|Basic/);
    expect(shown).not.toContain(basic);
  });
});
