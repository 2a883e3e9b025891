import type { Request } from 'express';
import type { OnceOnly } from '../idempotency/once.ts';
import { canonicalHash } from '../sync/canonical-hash.ts';
import { problem } from './problem.ts';

/** What `Idempotency-Key` asks for; null without the header. Throws 400 for a key that is none. */
export function onceOnly(request: Request, body: object): OnceOnly | null {
  const key = request.get('idempotency-key');
  if (key === undefined) return null;
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return { key, requestHash: canonicalHash(body) };
  const message = 'expected 1 to 255 visible ASCII characters';
  throw problem('REQUEST_INVALID', `header: idempotency-key: ${message}`, [
    { path: 'idempotency-key', message },
  ]);
}
