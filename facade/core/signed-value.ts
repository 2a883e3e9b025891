import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';

const SIGNATURE_BYTES = 16;
const SIGNATURE_LENGTH = 22;

/** A value that a client keeps and cannot make itself: `<payload>.<signature>`. The payload says what it is for. */
export function sealValue(payload: string, secret: Buffer): string {
  return `${payload}.${sign(payload, secret)}`;
}

/** The payload of a value; null when it was not signed with this secret. */
export function openValue(value: string, secret: Buffer): string | null {
  const end = value.lastIndexOf('.');
  if (end === -1) return null;
  const payload = value.slice(0, end);
  // By its letters: many texts decode to the same bytes, and one value has one form.
  const given = Buffer.from(value.slice(end + 1), 'latin1');
  const fits =
    given.length === SIGNATURE_LENGTH && timingSafeEqual(given, Buffer.from(sign(payload, secret)));
  return fits ? payload : null;
}

// Making a key of the secret costs more than signing with it.
const keys = new WeakMap<Buffer, KeyObject>();

/** 16 bytes of HMAC-SHA256 in base64url. */
function sign(payload: string, secret: Buffer): string {
  let key = keys.get(secret);
  if (!key) {
    key = createSecretKey(secret);
    keys.set(secret, key);
  }
  return createHmac('sha256', key)
    .update(payload)
    .digest()
    .subarray(0, SIGNATURE_BYTES)
    .toString('base64url');
}
