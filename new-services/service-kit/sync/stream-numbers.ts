import type { EntityManager } from 'typeorm';
import { problem } from '../http/problem.ts';
import { lastNumber, raiseNumbersAbove } from '../numbers/number-source.postgres.ts';
import type { SyncStream } from './sync-stream.ts';

type Numbered = Pick<SyncStream<never>, 'name' | 'numbers'>;

/** The last number handed out for keys that begin with `prefix`, as text: it may be beyond 2^53. */
export type LastNumber = { readonly prefix: string; readonly last: string };

export async function lastNumbers(manager: EntityManager, { numbers = [] }: Numbered): Promise<LastNumber[]> {
  const last: LastNumber[] = [];
  for (const { prefix, sequence } of numbers)
    last.push({ prefix, last: String(await lastNumber(manager, sequence)) });
  return last;
}

/** Numbers up to these are handed out no more. Throws REQUEST_INVALID for a prefix that the stream does not have. */
export async function skipNumbers(
  manager: EntityManager,
  { name, numbers = [] }: Numbered,
  used: readonly LastNumber[],
): Promise<void> {
  for (const { prefix, last } of used) {
    const sequence = numbers.find((one) => one.prefix === prefix)?.sequence;
    if (sequence === undefined)
      throw problem(
        'REQUEST_INVALID',
        `body: numbers: ${name} numbers nothing with the prefix ${JSON.stringify(prefix)}`,
      );
    await raiseNumbersAbove(manager, sequence, BigInt(last));
  }
}

/** Numbers up to those of these keys are handed out no more. */
export async function raiseAboveKeys(
  manager: EntityManager,
  { numbers = [] }: Numbered,
  keys: readonly string[],
): Promise<void> {
  for (const { prefix, sequence } of numbers) {
    let highest = 0n;
    for (const key of keys) {
      const digits = key.startsWith(prefix) ? key.slice(prefix.length) : '';
      // Beyond these a number could be handed out twice, since it is a double then: such keys are nobody's numbers.
      if (NUMBER.test(digits) && BigInt(digits) <= MOST && BigInt(digits) > highest) highest = BigInt(digits);
    }
    if (highest > 0n) await raiseNumbersAbove(manager, sequence, highest);
  }
}

const NUMBER = /^\d{1,18}$/;
const MOST = BigInt(Number.MAX_SAFE_INTEGER);
