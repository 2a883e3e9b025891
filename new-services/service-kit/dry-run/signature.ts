import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** A signature is accepted this long before and after the time it names: clocks differ, queues take a while. */
const WINDOW_MS = 60_000;

export type SignedRequest = {
  readonly method: string;
  /** Path and query as the service will see them, without the prefix of dry runs. */
  readonly target: string;
  readonly body: Buffer;
};

/**
 * True for a request that the holder of the secret signed about now. The header is `t=MILLISECONDS,v1=HEX`, HEX the
 * HMAC-SHA-256 of time, method, target and the body's SHA-256 (hex), joined by newlines.
 */
export function isSigned(
  header: string | undefined,
  { method, target, body }: SignedRequest,
  secret: string,
  nowMs: number,
): boolean {
  const [, time = '', given = ''] = /^t=(\d{1,15}),v1=([0-9a-f]{64})$/.exec(header ?? '') ?? [];
  if (given === '' || Math.abs(nowMs - Number(time)) > WINDOW_MS) return false;
  const bodyHash = createHash('sha256').update(body).digest('hex');
  const expected = createHmac('sha256', secret).update([time, method, target, bodyHash].join('\n')).digest();
  return timingSafeEqual(Buffer.from(given, 'hex'), expected);
}
