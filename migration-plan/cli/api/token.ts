import { readFileSync } from 'node:fs';

export type TokenKind = 'admin' | 'relay';

const SOURCES = {
  admin: { variable: 'FIG_ADMIN_TOKEN', file: '.fig/admin-token' },
  relay: { variable: 'RELAY_TOKEN', file: '.fig/relay-token' },
} as const;

/** Token from its environment variable, else from its file under the current directory; null when there is neither. */
export function readToken(kind: TokenKind, env: NodeJS.ProcessEnv): string | null {
  const { variable, file } = SOURCES[kind];
  const fromEnv = env[variable]?.trim();
  if (fromEnv) return fromEnv;
  try {
    return readFileSync(file, 'utf8').trim() || null;
  } catch {
    return null;
  }
}

/** Where a token is looked for, for messages. */
export function tokenSource(kind: TokenKind): string {
  const { variable, file } = SOURCES[kind];
  return `${variable} or ${file}`;
}
