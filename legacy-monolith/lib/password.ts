import { pbkdf2, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

// 2016-05-30 mk: sha1(salt + password) replaced after the audit. Format: pbkdf2$iterations$salt$hash
const ITERATIONS = 10_000;
const BYTES = 20;

export function hashPassword(password: string, salt: string = randomBytes(8).toString('hex')): string {
  const hash = pbkdf2Sync(password, salt, ITERATIONS, BYTES, 'sha1').toString('hex');
  return `pbkdf2$${ITERATIONS}$${salt}$${hash}`;
}

export async function checkPassword(password: string, stored: string): Promise<boolean> {
  const [scheme, iterations, salt, hash] = stored.split('$');
  if (scheme !== 'pbkdf2' || !iterations || !salt || !hash) return false;
  const wanted = Buffer.from(hash, 'hex');
  const got = await promisify(pbkdf2)(password, salt, Number(iterations), BYTES, 'sha1');
  return wanted.length === got.length && timingSafeEqual(wanted, got);
}
