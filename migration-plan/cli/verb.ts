import type { ExitCode } from './exit-code.ts';
import type { Session } from './session.ts';

/** Wraps the work of a verb: gives it its session, keeps its exit code. */
export type Run = (
  // biome-ignore lint/suspicious/noExplicitAny: commander passes options and arguments untyped
  work: (session: Session, options: any, ...args: any[]) => Promise<ExitCode>,
) => (...args: unknown[]) => Promise<void>;
