import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Where a server rehearses writes: PATH is rehearsed at `/.fig/dry-run/PATH`. One without dry runs answers 404. */
export const DRY_RUN_PREFIX = '/.fig/dry-run';

/** Every answer that stands for a rehearsed write carries it with the value `done`; one without it says nothing. */
export const DRY_RUN_HEADER = 'x-fig-dry-run';

export const SIGNATURE_HEADER = 'x-fig-signature';

/** A signature is accepted this long before and after the time it names. */
const WINDOW_MS = 60_000;

type SignedRequest = {
  readonly method: string;
  /** Path and query, without the prefix. */
  readonly target: string;
  readonly body: Buffer;
};

/**
 * The signature of a dry run: `t=MILLISECONDS,v1=HEX`, HEX the HMAC-SHA-256 of time, method, target and the body's
 * SHA-256 (hex), joined by newlines.
 */
export function signDryRun(request: SignedRequest, secret: string, nowMs: number): string {
  return `t=${nowMs},v1=${digest(String(nowMs), request, secret).toString('hex')}`;
}

/** True for a request that the holder of the secret signed within a minute of `nowMs`. */
export function isSignedDryRun(
  header: string | undefined,
  request: SignedRequest,
  secret: string,
  nowMs: number,
): boolean {
  const [, time = '', given = ''] = /^t=(\d{1,15}),v1=([0-9a-f]{64})$/.exec(header ?? '') ?? [];
  if (given === '' || Math.abs(nowMs - Number(time)) > WINDOW_MS) return false;
  return timingSafeEqual(Buffer.from(given, 'hex'), digest(time, request, secret));
}

function digest(time: string, { method, target, body }: SignedRequest, secret: string): Buffer {
  const bodyHash = createHash('sha256').update(body).digest('hex');
  return createHmac('sha256', secret).update([time, method, target, bodyHash].join('\n')).digest();
}
