import { AclError, ServiceProblem } from '../../gateway-kit/error.ts';

export type RetryOptions = {
  /** Attempts in all. */
  readonly tries: number;
  /** Resolves after the pause before attempt `attempt` + 1, or earlier when the run is to stop. */
  readonly pause: (attempt: number) => Promise<void>;
  /** Told of each failure that will be tried again. */
  readonly onFailure: (message: string) => Promise<void> | void;
  readonly isStopping: () => boolean;
};

/** Runs `action` again after a failure that time can heal; throws the last error otherwise. */
export async function withRetry<T>(action: () => Promise<T>, options: RetryOptions): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      if (attempt >= options.tries || options.isStopping() || !canHeal(error)) throw error;
      await options.onFailure(`${messageOf(error)}; attempt ${attempt} of ${options.tries}`);
      await options.pause(attempt);
    }
  }
}

/** A refusal by the service, a malformed answer or a fault in a translator stays what it is; the rest is weather. */
function canHeal(error: unknown): boolean {
  if (error instanceof ServiceProblem)
    return error.status >= 500 || error.status === 408 || error.status === 429;
  if (error instanceof AclError) return error.code !== 'ACL_SERVICE_ANSWER';
  return !(error instanceof TypeError || error instanceof RangeError);
}

export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || (error as NodeJS.ErrnoException).code || error.name;
}

/** Resolves after so long, or at once when the signal says so. */
export function pausable(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    signal.addEventListener('abort', finish);
    if (signal.aborted) finish();
  });
}
