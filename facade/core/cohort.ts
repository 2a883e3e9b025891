import { murmurHash2 } from './murmur-hash-2.ts';

/** Buckets run from 0 to 2^32 - 1: the unsigned 32-bit hash itself. */
export type Bucket = number;

/** The constant first half of every key of one route, made once: `route:` as bytes. */
export function cohortSeed(route: string): string {
  return `${Buffer.from(route, 'utf8').toString('latin1')}:`;
}

/**
 * The bucket of a client on a route: MurmurHash2 of `route:key`, the same number that nginx `split_clients` computes
 * for `"route:$key"`. `key` holds the raw bytes of the header or cookie value as a latin1 string, as node:http gives it.
 */
export function bucketOf(seed: string, key: string): Bucket {
  return murmurHash2(seed + key);
}

/**
 * The first bucket that is no longer in a share. `hundredths` is the share in 0.01 % steps (2.5 % is 250); 0 takes
 * nobody, 10000 everybody. Source of the formula: nginx, ngx_http_split_clients_module.c.
 */
export function shareThreshold(hundredths: number): number {
  if (hundredths >= 10_000) return 2 ** 32;
  return Math.floor((hundredths * 0xffffffff) / 10_000);
}

/** Monotonic: a bucket inside a share is inside every larger one, so raising the share takes nobody back. */
export function isInShare(bucket: Bucket, hundredths: number): boolean {
  return bucket < shareThreshold(hundredths);
}
