import { EXIT } from './exit-code.ts';
import { Failure } from './failure.ts';

/** A wrong flag: what it takes, what it got, and how it is written. */
export function usage(flag: string, expected: string, got: string, example: string): Failure {
  return new Failure(
    EXIT.usage,
    'CLI_USAGE',
    `${flag}: expected ${expected}, got \`${got}\`. Write e.g. \`${example}\`.`,
  );
}

/** A whole number above 0. Throws a Failure that names the flag. */
export function countFlag(flag: string, written: string, example: string): number {
  if (!/^[1-9]\d{0,8}$/.test(written)) throw usage(flag, 'a whole number above 0', written, example);
  return Number(written);
}
