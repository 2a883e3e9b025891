import type { Upstream } from '#plan/model/plan.ts';
import type { Budget } from './kept-body.ts';

/** A request to send to the side that does not answer the client. */
export type Copy = {
  /** A path in its URL is put before `target`. */
  readonly upstream: Upstream;
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer | null;
  /** From the first byte sent to the last byte received. */
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  /** What answers may hold together. Of an `answer` the body is taken from it until whoever asked gives it back. */
  readonly budget: Budget;
};

export type Copied =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly rawHeaders: string[];
      readonly body: Buffer;
      /** Until the head of the answer came. */
      readonly headMs: number;
    }
  /** No complete answer; without headers where no head came. */
  | { readonly kind: 'failed'; readonly cause: string; readonly rawHeaders: string[] }
  | {
      readonly kind: 'too-large' | 'streaming' | 'no-memory';
      readonly status: number;
      readonly rawHeaders: string[];
      readonly headMs: number;
    };

/** Port: sends copies and collects their answers. Never rejects. Suite: `copier.undici.test.ts`. */
export type Copier = {
  send(copy: Copy): Promise<Copied>;
  /** Lets go of the connections to upstreams that are not in the list. */
  retain(upstreams: readonly Upstream[]): void;
  close(): void;
};
