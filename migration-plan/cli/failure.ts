import type { ExitCode } from './exit-code.ts';

/** Why a verb could not do its work: one message that says what, where, what was got and what to do. */
export class Failure extends Error {
  readonly exitCode: ExitCode;
  readonly code: string;
  /** Further facts for `--json`, such as the problem document of the server. */
  readonly details: unknown;

  constructor(
    exitCode: ExitCode,
    code: string,
    message: string,
    options: { details?: unknown; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'Failure';
    this.exitCode = exitCode;
    this.code = code;
    this.details = options.details;
  }
}
