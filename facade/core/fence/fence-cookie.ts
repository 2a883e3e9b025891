import { createHash } from 'node:crypto';
import { openValue, sealValue } from '../signed-value.ts';
import type { Fence } from './fence.ts';

/** Name of the first-party cookie that holds what a client has written and may not yet read elsewhere. */
export const FENCE_COOKIE = 'x-fig-fence';

/** Fences by set mark; `atMs` is milliseconds since 1970 here, since other processes read it. */
export type HeldFences = ReadonlyMap<string, Fence>;

// Keeps what is signed as fences apart from whatever else this secret signs.
const KIND = 'fence1';
const MAX_ENTRIES = 16;
const ENTRY = /^([0-9a-f]{8})-([0-9a-z]{1,11})-(\d{0,18})$/;

/** Eight hex characters that stand for a data set in the cookie, so that names stay out of clients' hands. */
export function setMark(set: string): string {
  return createHash('sha256').update(set).digest('hex').slice(0, 8);
}

/** Cookie value: `fence1.<mark>-<time in base 36>-<position>~….<signature>`. */
export function sealFences(fences: HeldFences, secret: Buffer): string {
  const entries = [...fences]
    .slice(-MAX_ENTRIES)
    .map(([mark, { atMs, position }]) => `${mark}-${Math.trunc(atMs).toString(36)}-${position ?? ''}`);
  return sealValue(`${KIND}.${entries.join('~')}`, secret);
}

/** The fences of a cookie value; null when it is malformed or not signed with this secret. */
export function openFences(value: string, secret: Buffer): Map<string, Fence> | null {
  const [kind, body] = openValue(value, secret)?.split('.') ?? [];
  if (kind !== KIND || !body) return null;
  const fences = new Map<string, Fence>();
  for (const entry of body.split('~')) {
    const [, mark, at, position] = ENTRY.exec(entry) ?? [];
    if (mark === undefined) return null;
    fences.set(mark, { atMs: Number.parseInt(at as string, 36), position: position || null });
  }
  return fences;
}
