/** A process that cannot go on, with one line for the operator: what, where, got, do. Printed without a stack. */
export class StartupError extends Error {
  readonly code = 'SERVICE_STARTUP';
  override readonly name = 'StartupError';
}

/** Reads one variable: `expected` finishes "NAME: expected …", `remedy` is the sentence after it. */
export type Variable<T> = {
  readonly expected: string;
  readonly remedy: string;
  /** Never shown in messages. */
  readonly secret?: boolean;
  /** Undefined stands for "not acceptable"; an unset or empty variable arrives as undefined. */
  readonly read: (text: string | undefined) => T | undefined;
};

export type Values<S extends Record<string, Variable<unknown>>> = {
  readonly [K in keyof S]: S[K] extends Variable<infer T> ? T : never;
};

/** Reads all variables; throws StartupError that names every bad one, a line each. */
export function readEnvironment<S extends Record<string, Variable<unknown>>>(
  variables: S,
  env: NodeJS.ProcessEnv,
): Values<S> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries(variables)) {
    const text = env[name] === '' ? undefined : env[name];
    const value = variable.read(text);
    if (value === undefined) {
      const got = text === undefined ? 'nothing' : variable.secret ? 'something else' : JSON.stringify(text);
      problems.push(`${name}: expected ${variable.expected}, got ${got}. ${variable.remedy}`);
    }
    values[name] = value;
  }
  if (problems.length > 0) throw new StartupError(problems.join('\n'));
  return values as Values<S>;
}

export function port(fallback: number): Variable<number> {
  return {
    expected: 'a port from 0 to 65535',
    remedy: `Write e.g. ${fallback}; 0 picks a free one.`,
    read: (text = String(fallback)) =>
      /^\d{1,5}$/.test(text) && Number(text) <= 65535 ? Number(text) : undefined,
  };
}

export function text(fallback: string): Variable<string> {
  return { expected: 'text', remedy: `Write e.g. ${fallback}.`, read: (given = fallback) => given };
}

export function oneOf<T extends string>(choices: readonly T[], fallback: T): Variable<T> {
  return {
    expected: `one of ${choices.join(', ')}`,
    remedy: `Write e.g. ${fallback}.`,
    read: (given = fallback) => choices.find((choice) => choice === given),
  };
}

export function wholeSeconds(fallback: number): Variable<number> {
  return {
    expected: 'whole seconds from 0 to 3600',
    remedy: `Write e.g. ${fallback}; 0 means none.`,
    read: (given = String(fallback)) =>
      /^\d{1,4}$/.test(given) && Number(given) <= 3600 ? Number(given) : undefined,
  };
}

/** A bearer token: what a header value can carry, without spaces. */
export function token(): Variable<string> {
  return {
    expected: 'a token of visible ASCII characters without spaces',
    remedy: 'Set it to the value that callers send as "authorization: Bearer …".',
    secret: true,
    read: (given) => (given !== undefined && /^[\x21-\x7e]+$/.test(given) ? given : undefined),
  };
}

/** A shared secret that switches something on; unset it stays off. */
export function optionalSecret(): Variable<string | null> {
  return {
    expected: '16 or more visible ASCII characters, or nothing',
    remedy: 'Set it to the value that the other side signs with, or leave it unset.',
    secret: true,
    read: (given) => (given === undefined ? null : /^[\x21-\x7e]{16,}$/.test(given) ? given : undefined),
  };
}

export function postgresUrl(): Variable<string> {
  return {
    expected: 'a URL postgres://user:password@host:port/database',
    remedy: 'Set it to the database of this service.',
    secret: true,
    read: (given) => {
      if (given === undefined || !URL.canParse(given)) return undefined;
      const { protocol, pathname } = new URL(given);
      return /^postgres(ql)?:$/.test(protocol) && pathname.length > 1 ? given : undefined;
    },
  };
}
