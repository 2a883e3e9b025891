import type { MediaType } from './media-type.ts';

export type DecodedText = {
  /** Without its byte order mark. */
  readonly text: string;
  readonly hasMark: boolean;
  /** The character set as the decoder names it: `iso-8859-1` is `windows-1252`, as in browsers. */
  readonly charset: string;
};

/**
 * Reads bytes in the declared character set; UTF-8 where none or an unknown one is declared. A mark of UTF-16 wins. Bytes
 * that are no text in it are read as windows-1252, in which every byte is a character: two texts are never the same where
 * their bytes are not. That is also what an application from before UTF-8 most likely means.
 */
export function decodeText(bytes: Uint8Array, mediaType: MediaType): DecodedText {
  const declared = decoderOf(markedCharset(bytes) ?? mediaType.parameters.get('charset') ?? 'utf-8');
  const [text, charset] = decoded(declared, bytes);
  const hasMark = text.charCodeAt(0) === 0xfeff;
  return { text: hasMark ? text.slice(1) : text, hasMark, charset };
}

function decoded(decoder: ReturnType<typeof decoderOf>, bytes: Uint8Array): [text: string, charset: string] {
  try {
    return [decoder.decode(bytes), decoder.encoding];
  } catch {
    return [SINGLE_BYTES.decode(bytes), SINGLE_BYTES.encoding];
  }
}

const SINGLE_BYTES = new TextDecoder('windows-1252');

function markedCharset(bytes: Uint8Array): string | null {
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : null;
}

function decoderOf(charset: string) {
  try {
    return new TextDecoder(charset, { ignoreBOM: true, fatal: true });
  } catch {
    return new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });
  }
}
