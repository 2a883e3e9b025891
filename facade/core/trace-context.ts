import { randomFillSync } from 'node:crypto';

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;
const ZEROS = /^0+$/;

/**
 * Whether a `traceparent` may be continued: a known form, no id of zeros, and nothing behind the flags in version 00.
 * Source: W3C Trace Context level 1, §3.2.
 */
export function isTraceparent(value: string): boolean {
  const [, version, traceId = '', parentId = '', rest] = TRACEPARENT.exec(value) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return false;
  return !ZEROS.test(traceId) && !ZEROS.test(parentId);
}

const ID_BYTES = 24;
// Random bytes for many ids at a time: one call to the system for each request would cost more than the rest.
const pool = Buffer.alloc(ID_BYTES * 128);
let next = pool.length;

/** A new trace, sampled: what comes first decides, and a service behind a trace that is not sampled records nothing. */
export function newTraceparent(): string {
  if (next === pool.length) {
    randomFillSync(pool);
    next = 0;
  }
  const ids = pool.toString('hex', next, next + ID_BYTES);
  next += ID_BYTES;
  const made = `00-${ids.slice(0, 32)}-${ids.slice(32)}-01`;
  return isTraceparent(made) ? made : newTraceparent();
}
