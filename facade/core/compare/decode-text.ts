import type { MediaType } from './media-type.ts';

export type DecodedText = {
  /** Without its byte order mark; what is no character in the set is U+FFFD. */
  readonly text: string;
  readonly hasMark: boolean;
  /** The character set as the decoder names it: `iso-8859-1` is `windows-1252`, as in browsers. */
  readonly charset: string;
};

/** Reads bytes in the declared character set; UTF-8 where none or an unknown one is declared. A mark of UTF-16 wins. */
export function decodeText(bytes: Uint8Array, mediaType: MediaType): DecodedText {
  const decoder = decoderOf(markedCharset(bytes) ?? mediaType.parameters.get('charset') ?? 'utf-8');
  const text = decoder.decode(bytes);
  const hasMark = text.charCodeAt(0) === 0xfeff;
  return { text: hasMark ? text.slice(1) : text, hasMark, charset: decoder.encoding };
}

function markedCharset(bytes: Uint8Array): string | null {
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : null;
}

function decoderOf(charset: string) {
  try {
    return new TextDecoder(charset, { ignoreBOM: true });
  } catch {
    return new TextDecoder('utf-8', { ignoreBOM: true });
  }
}
