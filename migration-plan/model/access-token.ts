import { createHash } from 'node:crypto';

/** What a token may do: `viewer` reads, `operator` moves routes, `admin` does everything. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** One line of a token file: who, what for, and the digest of the token. The token itself is kept nowhere. */
export type AccessToken = {
  readonly actor: string;
  readonly role: Role;
  /** SHA-256 (hex) of the token: it is random and long, so no salt and no slow hash are needed. */
  readonly digest: string;
  /** ISO UTC; null: it does not expire. */
  readonly expiresAt: string | null;
};

export type TokenLineProblem = { readonly line: number; readonly message: string };

export const ACTOR_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/;
/** Actors that the facade itself writes into the ledger: nobody else may sign as one of them. */
export const RESERVED_ACTORS: ReadonlySet<string> = new Set(['admin', 'facade', 'guardrail', 'signal']);

const EXAMPLE = 'alice operator sha256:HEX until=2027-03-01T00:00:00.000Z';

/**
 * Reads a token file: `ACTOR ROLE sha256:HEX [until=ISO]` a line, blank lines and `#` comments aside. A bad line is a
 * problem and lets nobody in; the others count.
 */
export function parseAccessTokens(text: string): { tokens: AccessToken[]; problems: TokenLineProblem[] } {
  const tokens: AccessToken[] = [];
  const problems: TokenLineProblem[] = [];
  for (const [index, written] of text.split(/\r?\n/).entries()) {
    const line = written.trim();
    if (line === '' || line.startsWith('#')) continue;
    const token = readLine(line);
    if (typeof token === 'string')
      problems.push({ line: index + 1, message: `${token}. Write e.g. ${EXAMPLE}` });
    else tokens.push(token);
  }
  return { tokens, problems };
}

function readLine(line: string): AccessToken | string {
  const [actor = '', role = '', hashed = '', until, ...rest] = line.split(/\s+/);
  if (!ACTOR_PATTERN.test(actor)) return `expected an actor's name, got \`${actor}\``;
  if (RESERVED_ACTORS.has(actor)) return `expected an actor of its own, got \`${actor}\``;
  if (!isRole(role)) return `expected a role (${ROLES.join(', ')}), got \`${role}\``;
  const digest = /^sha256:([0-9a-f]{64})$/.exec(hashed)?.[1];
  // SECURITY: whoever put the token itself there must not find it in the log.
  if (digest === undefined) return 'expected sha256: and 64 hexadecimal digits in the third place';
  if (until === undefined) return { actor, role, digest, expiresAt: null };
  const time = Date.parse(until.replace(/^until=/, ''));
  if (!until.startsWith('until=') || Number.isNaN(time) || rest.length > 0)
    return `expected until=TIME or nothing after the digest, got \`${[until, ...rest].join(' ')}\``;
  return { actor, role, digest, expiresAt: new Date(time).toISOString() };
}

/** The line that stands for a token. */
export function formatAccessToken({ actor, role, digest, expiresAt }: AccessToken): string {
  return `${actor} ${role} sha256:${digest}${expiresAt === null ? '' : ` until=${expiresAt}`}`;
}

function isRole(word: string): word is Role {
  return (ROLES as readonly string[]).includes(word);
}

/** SHA-256 (hex) of a token. */
export function accessTokenDigest(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
