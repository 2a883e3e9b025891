import { randomBytes } from 'node:crypto';

/** Something outside the program is wrong: shown as one line, without a stack trace, exit code 1. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export type Config = {
  readonly port: number;
  readonly host: string;
  readonly databaseUrl: string | undefined;
  readonly sessionSecret: string;
  /** True when SESSION_SECRET is unset: a restart then ends every session. */
  readonly secretIsRandom: boolean;
};

const DEFAULT_PORT = 4101;
const SHORTEST_SECRET = 8;

export function readConfig(env: NodeJS.ProcessEnv): Config {
  const port = env.PORT === undefined || env.PORT === '' ? DEFAULT_PORT : Number(env.PORT);
  if (!/^\d*$/.test(env.PORT ?? '') || port > 65535) {
    throw new ConfigError(
      `PORT: expected a number from 0 to 65535, got ${env.PORT}. Do set e.g. PORT=${DEFAULT_PORT}`,
    );
  }
  const secret = env.SESSION_SECRET ?? '';
  if (secret !== '' && secret.length < SHORTEST_SECRET) {
    throw new ConfigError(
      `SESSION_SECRET: expected at least ${SHORTEST_SECRET} characters, got ${secret.length}. Do set a longer one`,
    );
  }
  return {
    port,
    host: env.HOST || '127.0.0.1',
    databaseUrl: env.DATABASE_URL,
    sessionSecret: secret || randomBytes(32).toString('hex'),
    secretIsRandom: secret === '',
  };
}
