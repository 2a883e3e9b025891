import { isUtf8 } from 'node:buffer';
import { decodeBodyNow } from '../../adapters/decode-body.ts';

/** As much is read of a request for its secrets, unpacked. */
const MOST_BYTES = 1 << 20;

/**
 * What the body of a request says, without its content coding, in the character set that its first bytes, its type or
 * its looks tell; where none of them does, in each that may be. Empty for what cannot be read.
 */
export function requestTexts(
  body: Buffer,
  contentType: string,
  contentEncoding: string | string[] | undefined,
): readonly string[] {
  const coding = [contentEncoding ?? []].flat().join(',');
  const plain = coding === '' ? body.subarray(0, MOST_BYTES) : unpacked(body, coding);
  if (plain === null) return [];
  return charsetsOf(plain, contentType).map((charset) => new TextDecoder(charset).decode(plain));
}

function unpacked(body: Buffer, coding: string): Uint8Array | null {
  const decoded = decodeBodyNow(body, coding, MOST_BYTES);
  return decoded.ok ? decoded.body : null;
}

function charsetsOf(bytes: Uint8Array, contentType: string): readonly string[] {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return ['utf-16le'];
  if (first === 0xfe && second === 0xff) return ['utf-16be'];
  // JSON and forms begin with a character of ASCII.
  if (first === 0 && second !== 0 && second !== undefined) return ['utf-16be'];
  if (second === 0 && first !== 0) return ['utf-16le'];
  const isUnicode = isUtf8(bytes);
  const named = /;\s*charset\s*=\s*"?([\w.:-]{1,40})/i.exec(contentType)?.[1];
  if (named !== undefined && isCharset(named) && (isUnicode || !/^utf-?8$/i.test(named))) return [named];
  // A form with a file has fields in one character set, and the file in none.
  return isUnicode ? ['utf-8'] : ['utf-8', 'windows-1252'];
}

function isCharset(label: string): boolean {
  try {
    new TextDecoder(label);
    return true;
  } catch {
    return false;
  }
}
