import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { secretFile } from './adapters/secret-file.ts';
import type { Settings } from './settings.ts';

const TOKEN_FILE = '.fig/admin-token';

/** What signs cohort cookies and pins: the one that is set, else one that is kept with the state, else one of this run. */
export function signingSecret({ secret }: Settings, stateDir: string | null): Buffer {
  if (secret !== null) return Buffer.from(secret);
  return stateDir ? Buffer.from(secretFile(join(stateDir, 'cohort-secret')).secret) : randomBytes(32);
}

/**
 * What signs notices to a webhook: the one that is set (`whsec_BASE64`, or any text), else one that is kept with the
 * state, else one of this run, which nobody can check.
 */
export function webhookSecret({ webhookSecret: set }: Settings, stateDir: string | null): Buffer {
  const secret =
    set ??
    (stateDir ? secretFile(join(stateDir, 'webhook-secret')).secret : randomBytes(32).toString('base64'));
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
}

/** The admin token that is set, else the one that is kept in a file. */
export function adminToken(settings: Settings, log: Logger): string {
  if (settings.adminToken !== null) return settings.adminToken;
  const { secret, created } = secretFile(TOKEN_FILE);
  if (created) log.info({ file: TOKEN_FILE }, 'admin token made; FIG_ADMIN_TOKEN sets one of your own');
  return secret;
}
