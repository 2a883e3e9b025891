import { execFile } from 'node:child_process';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
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
  ) => {
    const call = {
      target: { path: '/things', query: '?a=1' },
      method,
      snapshot: { plan: { publicUrl: origin } },
      decision: { match: null },
    } as unknown as Call;
    return curlOf(call, headers, typeof body === 'string' ? Buffer.from(body) : body, redactor);
  };
  const run = async (line: string): Promise<Asked> => {
    await promisify(execFile)('sh', ['-c', line.replace(/^curl/, 'curl -q -sS --max-time 5')]);
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
    const { method, headers, body: sent } = await run(lineOf({ 'transfer-encoding': 'chunked' }, body));
    expect({ method, type: headers['content-type'] }).toEqual({ method: 'POST', type: undefined });
    expect(sent.toString()).toBe(body);
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
});
