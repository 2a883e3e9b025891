import { createReadStream } from 'node:fs';

/** One line of a file as bytes, without its end; `cut` when it was longer than is kept. Counted from 1. */
export type Line = { readonly no: number; readonly bytes: Buffer; readonly cut: boolean };

/** A record has at most a few hundred characters. What comes behind these is thrown away while reading. */
const LONGEST = 2000;
const LF = 0x0a;
const CR = 0x0d;

/** The lines of a file, whatever ends them (CRLF, LF, CR); the last one may lack its end. Holds one line at a time. */
export async function* readLines(path: string): AsyncGenerator<Line> {
  let no = 0;
  let kept: Buffer[] = [];
  let length = 0;
  let cut = false;
  let afterCr = false;
  const keep = (part: Buffer) => {
    const room = Math.max(0, LONGEST - length);
    if (part.length > room) cut = true;
    // copied: the stream's own chunk would stay in memory for a few letters
    if (room > 0 && part.length > 0) kept.push(Buffer.from(part.subarray(0, room)));
    length += part.length;
  };
  const finish = (): Line => {
    const line = { no: ++no, bytes: Buffer.concat(kept), cut };
    kept = [];
    length = 0;
    cut = false;
    return line;
  };
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (byte !== LF && byte !== CR) {
        afterCr = false;
        continue;
      }
      // the second half of a CRLF, which may have begun in the chunk before
      if (byte === LF && afterCr) {
        afterCr = false;
        start = at + 1;
        continue;
      }
      keep(chunk.subarray(start, at));
      yield finish();
      start = at + 1;
      afterCr = byte === CR;
    }
    keep(chunk.subarray(start));
  }
  if (length > 0) yield finish();
}
