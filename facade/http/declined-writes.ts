import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { Position } from '../core/position.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { Call } from './call.ts';
import { tapBody } from './shadow/body-tap.ts';
import type { Budget } from './shadow/kept-body.ts';

/** Larger bodies are not kept: their writes are refused, and the client repeats them. */
const MAX_BODY_BYTES = 1024 * 1024;
/** How long an instance may take to hear of an owner that the service knows already. */
export const NEWS_MS = 2_000;

/** A write on its way to a service that may decline it, and what it takes to send it once more. */
export type KeptWrite = {
  /** To be forwarded in place of the body; null without one. */
  readonly stream: Readable | null;
  /** The request as it was read, and its body; null when the body is not there as a whole within `ms`. */
  restore(ms: number): Promise<{ readonly body: Buffer | null } | null>;
  /** Lets go of what was kept. */
  release(): void;
};

/** Whether a service says that a write had no effect since the data has another owner, or was decided in another epoch. */
export function declines(status: number, rawHeaders: readonly string[]): boolean {
  return (
    status === 409 && rawHeaders.some((name, n) => n % 2 === 0 && name.toLowerCase() === 'x-fig-refused')
  );
}

/**
 * Keeps what it takes to decide a write once more, on the news, by the instance that read it. Call it before the request
 * is forwarded, which changes its headers. `source` null: no body.
 */
export function keepWrite(request: IncomingMessage, source: Readable | null, budget: Budget): KeptWrite {
  const { headers, url } = request;
  const tapped = source && tapBody(request, source, MAX_BODY_BYTES, budget);
  return {
    stream: tapped?.stream ?? null,
    async restore(ms) {
      Object.assign(request, { headers, url });
      if (!tapped) return { body: null };
      // The service may have answered to less than all of it.
      const body = await Promise.race([tapped.whole, wait(ms, null, { ref: false })]);
      return body instanceof Buffer ? { body } : null;
    },
    release: () => tapped?.release(),
  };
}

/** Whether writes of the call's route go elsewhere, wait, or are of another epoch than when it was decided. */
export function isOtherOwner({ decision: { state } }: Call, { states }: Snapshot): boolean {
  return ownerIn(states.get(state?.route.name ?? '')?.position) !== ownerIn(state?.position);
}

const ownerIn = (position: Position | null | undefined) =>
  position ? `${position.writer} ${position.epoch ?? 0} ${position.held ?? false}` : '';
