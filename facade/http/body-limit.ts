import type { IncomingMessage } from 'node:http';
import { Transform } from 'node:stream';

/** What a limit says about a request: too large by its own words, or a body that must be counted while it streams. */
export type BodyLimit = { readonly refused: boolean; readonly counted: Transform | null };

/**
 * Applies `limits.maxBody`. A declared length is refused at once; a chunked body runs through a counter that calls
 * `onExceeded` and ends where the limit lies.
 */
export function limitBody(
  request: IncomingMessage,
  maxBytes: number | null,
  onExceeded: () => void,
): BodyLimit {
  if (maxBytes === null) return { refused: false, counted: null };
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBytes) return { refused: true, counted: null };
  if (request.headers['transfer-encoding'] === undefined) return { refused: false, counted: null };
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= maxBytes) return done(null, chunk);
      onExceeded();
    },
  });
  request.pipe(counted);
  return { refused: false, counted };
}
