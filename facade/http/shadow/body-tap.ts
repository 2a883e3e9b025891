import type { IncomingMessage } from 'node:http';
import { type Readable, Transform } from 'node:stream';

export type TappedBody = {
  /** To be forwarded in place of the request. */
  readonly stream: Readable;
  /** The whole body; null when it is larger than may be kept, `aborted` when it never came to its end. */
  readonly whole: Promise<Buffer | null | 'aborted'>;
};

/** Keeps a copy of a body on its way to the upstream; back-pressure stays as it is. */
export function tapBody(request: IncomingMessage, source: Readable, maxBytes: number): TappedBody {
  let parts: Buffer[] | null = [];
  let bytes = 0;
  let settle: (whole: Buffer | null | 'aborted') => void = () => {};
  const whole = new Promise<Buffer | null | 'aborted'>((resolve) => {
    settle = resolve;
  });
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maxBytes) parts = null;
      parts?.push(chunk);
      done(null, chunk);
    },
    flush(done) {
      settle(parts && Buffer.concat(parts));
      done();
    },
  });
  // A client that leaves ends nothing downstream by itself: pipe passes on no errors.
  request.once('close', () => settle('aborted'));
  source.pipe(stream);
  return { stream, whole };
}
