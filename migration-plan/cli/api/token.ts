import { readFileSync } from 'node:fs';

export type TokenKind = 'admin' | 'relay';

const SOURCES = {
  admin: { variables: ['FIG_TOKEN', 'FIG_ADMIN_TOKEN'], file: '.fig/admin-token' },
  relay: { variables: ['RELAY_TOKEN'], file: '.fig/relay-token' },
} as const;

/** Token from the first of its environment variables that is set, else from its file under the current directory; null when there is neither. */
export function readToken(kind: TokenKind, env: NodeJS.ProcessEnv): string | null {
  const { variables, file } = SOURCES[kind];
  for (const variable of variables) {
    const fromEnv = env[variable]?.trim();
    if (fromEnv) return fromEnv;
  }
  try {
    return readFileSync(file, 'utf8').trim() || null;
  } catch {
    return null;
  }
}

/** Where a token is looked for, for messages. */
export function tokenSource(kind: TokenKind): string {
  const { variables, file } = SOURCES[kind];
  return `${variables.join(', ')} or ${file}`;
}
