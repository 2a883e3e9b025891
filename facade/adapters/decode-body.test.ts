import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { type DecodedBody, decodeBody, decodeBodyNow } from './decode-body.ts';

const TEXT = Buffer.from('{"a":"ä"}'.repeat(100));
const MIB = 1 << 20;

type Decode = (...args: Parameters<typeof decodeBodyNow>) => DecodedBody | Promise<DecodedBody>;

describe.each<[string, Decode]>([
  ['decoding bodies', decodeBody],
  ['decoding them at once', decodeBodyNow],
])('%s', (_how, decode) => {
  test.each<[string, Uint8Array]>([
    ['gzip', gzipSync(TEXT)],
    ['X-GZIP', gzipSync(TEXT)],
    ['deflate', deflateSync(TEXT)],
    ['deflate', deflateRawSync(TEXT)],
    ['br', brotliCompressSync(TEXT)],
    ['zstd', zstdCompressSync(TEXT)],
    ['gzip, br', brotliCompressSync(gzipSync(TEXT))],
    ['identity', TEXT],
    ['', TEXT],
  ])('undoes `%s`', async (encoding, body) => {
    const decoded = await decode(body, encoding, MIB);
    expect(decoded).toEqual({ ok: true, body: expect.anything() });
    expect(decoded.ok && Buffer.from(decoded.body).equals(TEXT)).toBe(true);
  });

  test.each<[string, (bytes: Buffer) => Uint8Array]>([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
    ['gzip, gzip', (bytes) => gzipSync(gzipSync(bytes))],
  ])('a bomb of 64 MiB in `%s` stops at the limit', async (encoding, compress) => {
    const bomb = compress(Buffer.alloc(64 * MIB));
    const before = process.memoryUsage().arrayBuffers;
    expect(await decode(bomb, encoding, MIB)).toEqual({ ok: false, reason: 'too-large' });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * MIB);
  });

  test('exactly the limit passes, one byte more does not', async () => {
    expect(await decode(gzipSync(TEXT), 'gzip', TEXT.length)).toMatchObject({ ok: true });
    expect(await decode(gzipSync(TEXT), 'gzip', TEXT.length - 1)).toEqual({
      ok: false,
      reason: 'too-large',
    });
    expect(await decode(TEXT, 'identity', TEXT.length - 1)).toEqual({ ok: false, reason: 'too-large' });
  });

  test.each<[string, string, Uint8Array, string]>([
    ['garbage', 'gzip', TEXT, 'broken'],
    ['a body cut off', 'gzip', gzipSync(TEXT).subarray(0, 20), 'broken'],
    ['what nobody knows', 'compress', TEXT, 'unknown-encoding'],
    ['the name of a method of objects', 'constructor', TEXT, 'unknown-encoding'],
    ['too many layers', 'gzip, gzip, gzip, gzip', TEXT, 'unknown-encoding'],
  ])('%s is told', async (_, encoding, body, reason) => {
    expect(await decode(body, encoding, MIB)).toEqual({ ok: false, reason });
  });

  test('an empty body needs no decoding, as HEAD and 304 answer with one', async () => {
    expect(await decode(Buffer.alloc(0), 'gzip', MIB)).toMatchObject({ ok: true });
  });
});
