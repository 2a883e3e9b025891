const M = 0x5bd1e995;

/**
 * MurmurHash2 (seed 0) of a string whose characters are bytes (latin1), as nginx computes it for `split_clients`.
 * Characters above 0xff are cut to their low byte: hand over raw bytes, never decoded text.
 * Returns an unsigned 32-bit number. Source: nginx, src/core/ngx_murmurhash.c.
 */
export function murmurHash2(bytes: string): number {
  let length = bytes.length;
  let hash = length;
  let at = 0;
  while (length >= 4) {
    let word =
      (bytes.charCodeAt(at) & 0xff) |
      ((bytes.charCodeAt(at + 1) & 0xff) << 8) |
      ((bytes.charCodeAt(at + 2) & 0xff) << 16) |
      ((bytes.charCodeAt(at + 3) & 0xff) << 24);
    word = Math.imul(word, M);
    word ^= word >>> 24;
    word = Math.imul(word, M);
    hash = Math.imul(hash, M) ^ word;
    at += 4;
    length -= 4;
  }
  if (length >= 3) hash ^= (bytes.charCodeAt(at + 2) & 0xff) << 16;
  if (length >= 2) hash ^= (bytes.charCodeAt(at + 1) & 0xff) << 8;
  if (length >= 1) hash = Math.imul(hash ^ (bytes.charCodeAt(at) & 0xff), M);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, M);
  return (hash ^ (hash >>> 15)) >>> 0;
}
