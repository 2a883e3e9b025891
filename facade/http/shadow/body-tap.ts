import type { IncomingMessage } from 'node:http';
import { type Readable, Transform } from 'node:stream';
import type { CaptureBudget } from './answer-tap.ts';

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
  budget: CaptureBudget,
): TappedBody {
  let parts: Buffer[] = [];
  let bytes = 0;
  let exceeded: 'too-large' | 'no-memory' | null = null;
  let released = false;
  const release = () => {
    budget.give(bytes);
    bytes = 0;
    parts = [];
    released = true;
  };
  const keep = (chunk: Buffer) => {
    if (exceeded || released) return;
    if (bytes + chunk.length > maxBytes) exceeded = 'too-large';
    else if (!budget.take(chunk.length)) exceeded = 'no-memory';
    if (exceeded) return release();
    bytes += chunk.length;
    parts.push(chunk);
  };
  let settle: (whole: Buffer | 'aborted' | 'too-large' | 'no-memory') => void = () => {};
  const whole = new Promise<Buffer | 'aborted' | 'too-large' | 'no-memory'>((resolve) => {
    settle = resolve;
  });
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      keep(chunk);
      done(null, chunk);
    },
    flush(done) {
      const kept = exceeded ?? Buffer.concat(parts);
      // Until it is released its bytes are counted; the parts need not stay as well.
      parts = [];
      settle(kept);
      done();
    },
  });
  // A client that leaves ends nothing downstream by itself: pipe passes on no errors.
  request.once('close', () => settle('aborted'));
  source.pipe(stream);
  return { stream, whole, release };
}
