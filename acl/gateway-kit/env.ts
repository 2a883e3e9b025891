/** One variable of a process: how to read it, what to say when it is wrong. */
export type EnvRule<T> = {
  readonly read: (text: string) => T | null;
  readonly expected: string;
  readonly fix: string;
  /** Used when the variable is unset or empty; without one it is required. */
  readonly fallback?: string;
};

/** Thrown for a start that cannot work; printed as one line without a stack, exit 1. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

export const url: Omit<EnvRule<string>, 'fix'> = {
  expected: 'an http(s) URL',
  read: (text) => (/^https?:\/\/[^/\s]+/.test(text) && URL.canParse(text) ? text : null),
};

export const port: EnvRule<number> = {
  expected: 'a port from 0 to 65535',
  fix: 'Set PORT to a free port, or to 0 to have one picked.',
  read: (text) => (/^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : null),
};

export const text: Omit<EnvRule<string>, 'fix'> = { expected: 'a text', read: (value) => value };

/** A shared secret: printable ASCII without spaces, so that it fits a header. Never shown in messages. */
export const secret: Omit<EnvRule<string>, 'fix'> = {
  expected: 'a token of printable characters without spaces',
  read: (value) => (/^[\x21-\x7e]+$/.test(value) ? value : null),
};

/** A secret of 16 characters or more that switches something on; unset ('' as the fallback) it stays off. */
export const optionalSecret: Omit<EnvRule<string>, 'fix'> = {
  expected: '16 or more printable characters without spaces, or nothing',
  read: (value) => (/^([\x21-\x7e]{16,})?$/.test(value) ? value : null),
  fallback: '',
};

/**
 * Reads every variable of `rules`; throws StartError with one line per wrong one, so that all are seen at once.
 * Values of variables called *TOKEN*, *SECRET* or *DATABASE_URL* are not printed.
 */
export function readEnv<T extends Record<string, unknown>>(
  env: NodeJS.ProcessEnv,
  rules: { readonly [K in keyof T]: EnvRule<T[K]> },
): T {
  const problems: string[] = [];
  const values: Partial<T> = {};
  for (const name of Object.keys(rules) as (keyof T & string)[]) {
    const rule = rules[name];
    const given = env[name] === '' ? undefined : env[name];
    const source = given ?? rule.fallback;
    const value = source === undefined ? null : rule.read(source);
    if (value === null)
      problems.push(`${name}: expected ${rule.expected}, got ${shown(name, source)}. ${rule.fix}`);
    else values[name] = value;
  }
  if (problems.length > 0) throw new StartError(problems.join('\n'));
  return values as T;
}

function shown(name: string, value: string | undefined): string {
  if (value === undefined) return 'nothing';
  return /TOKEN|SECRET|DATABASE_URL/.test(name) ? 'a value that is not shown' : `\`${value}\``;
}
