import { promisify } from 'node:util';
import {
  brotliDecompress,
  brotliDecompressSync,
  gunzip,
  gunzipSync,
  inflate,
  inflateRaw,
  inflateRawSync,
  inflateSync,
  zstdDecompress,
  zstdDecompressSync,
} from 'node:zlib';

export type DecodedBody =
  | { readonly ok: true; readonly body: Uint8Array }
  /** `too-large`: beyond `maxBytes` at any step, whatever the compressed size was. */
  | { readonly ok: false; readonly reason: 'too-large' | 'broken' | 'unknown-encoding' };

/** Encodings that a client may be sent one inside the other; more is an attack. */
const MAX_LAYERS = 3;

/**
 * Undoes `Content-Encoding` (gzip, deflate, br, zstd, also several) for a comparison.
 * SECURITY: ten kilobytes can unpack to ten gigabytes; each step stops at `maxBytes`, so that much memory and no more
 * is taken. Works on libuv's threads.
 */
export async function decodeBody(
  body: Uint8Array,
  contentEncoding: string,
  maxBytes: number,
): Promise<DecodedBody> {
  const layers = layersOf(contentEncoding);
  if (layers === null) return { ok: false, reason: 'unknown-encoding' };
  let decoded = body;
  for (const name of layers) {
    if (decoded.length === 0) break;
    try {
      decoded = await (DECODERS[name] as Decoder)(decoded, maxBytes);
    } catch (failure) {
      return { ok: false, reason: reasonOf(failure) };
    }
  }
  return decoded.length > maxBytes ? { ok: false, reason: 'too-large' } : { ok: true, body: decoded };
}

/** The same at once, on the thread of the caller, for a `maxBytes` of a megabyte or so: that takes some 10 ms. */
export function decodeBodyNow(body: Uint8Array, contentEncoding: string, maxBytes: number): DecodedBody {
  const layers = layersOf(contentEncoding);
  if (layers === null) return { ok: false, reason: 'unknown-encoding' };
  let decoded = body;
  try {
    for (const name of layers)
      if (decoded.length > 0)
        decoded = DECODERS_NOW[name]!(decoded, { maxOutputLength: Math.max(maxBytes, 1) });
  } catch (failure) {
    return { ok: false, reason: reasonOf(failure) };
  }
  return decoded.length > maxBytes ? { ok: false, reason: 'too-large' } : { ok: true, body: decoded };
}

/** The outermost first; null where one is unknown, or there are too many. */
function layersOf(contentEncoding: string): readonly string[] | null {
  const layers = contentEncoding
    .split(',', MAX_LAYERS + 2)
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity')
    .reverse();
  const isKnown = layers.length <= MAX_LAYERS && layers.every((name) => Object.hasOwn(DECODERS, name));
  return isKnown ? layers : null;
}

function reasonOf(failure: unknown): 'too-large' | 'broken' {
  return (failure as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'too-large' : 'broken';
}

type Decoder = (body: Uint8Array, maxBytes: number) => Promise<Uint8Array>;
type Zlib = typeof gunzip | typeof brotliDecompress | typeof zstdDecompress;

const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: decoder(gunzip),
  'x-gzip': decoder(gunzip),
  br: decoder(brotliDecompress),
  zstd: decoder(zstdDecompress),
  // RFC 9110 says zlib format; some servers have always sent the bare stream.
  deflate: (body, maxBytes) => decoder(isZlib(body) ? inflate : inflateRaw)(body, maxBytes),
};

const DECODERS_NOW: Readonly<
  Record<string, (body: Uint8Array, options: { maxOutputLength: number }) => Uint8Array>
> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
  deflate: (body, options) => (isZlib(body) ? inflateSync : inflateRawSync)(body, options),
};

function decoder(decompress: Zlib): Decoder {
  const decode = promisify(decompress as typeof gunzip);
  return (body, maxBytes) => decode(body, { maxOutputLength: Math.max(maxBytes, 1) });
}

function isZlib(body: Uint8Array): boolean {
  const [first = 0, second = 0] = body;
  return (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0;
}
