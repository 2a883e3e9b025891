import type { IncomingMessage } from 'node:http';
import { type Readable, Transform } from 'node:stream';
import { type Budget, KeptBody } from './kept-body.ts';

export type TappedBody = {
  /** To be forwarded in place of the request. */
  readonly stream: Readable;
  /**
   * The whole body; `aborted` when it never came to its end, `too-large` beyond the limit, `no-memory` when all that is
   * kept takes as much as it may.
   */
  readonly whole: Promise<Buffer | 'aborted' | 'too-large' | 'no-memory'>;
  /** Lets go of what was kept. Safe to call twice. */
  release(): void;
};

/** Keeps a copy of a body on its way to the upstream; back-pressure stays as it is. */
export function tapBody(
  request: IncomingMessage,
  source: Readable,
  maxBytes: number,
  budget: Budget,
): TappedBody {
  const kept = new KeptBody(maxBytes, budget);
  let settle: (whole: Buffer | 'aborted' | 'too-large' | 'no-memory') => void = () => {};
  const whole = new Promise<Buffer | 'aborted' | 'too-large' | 'no-memory'>((resolve) => {
    settle = resolve;
  });
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      kept.add(chunk);
      done(null, chunk);
    },
    flush(done) {
      settle(kept.exceeded ?? kept.whole());
      done();
    },
  });
  // A client that leaves ends nothing downstream by itself: pipe passes on no errors.
  request.once('close', () => settle('aborted'));
  source.pipe(stream);
  return { stream, whole, release: () => kept.release() };
}
