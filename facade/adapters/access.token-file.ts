import { timingSafeEqual } from 'node:crypto';
import type { Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { Logger } from 'pino';
import { type AccessToken, accessTokenDigest, parseAccessTokens } from '#plan/model/access-token.ts';
import type { Access, Caller } from '../core/access.ts';

export type TokenFileOptions = {
  /** The token of the actor `admin`, which stands in no file. */
  readonly adminToken: string;
  /** The file of all other tokens; it need not be there. */
  readonly path: string | null;
  readonly log: Logger;
  readonly now: () => Date;
};

const ADMIN = { actor: 'admin', role: 'admin' } as const;
/** A file that group or others may write to is one in which anybody can make himself an admin. */
const WRITABLE_BY_OTHERS = 0o022;

/**
 * Tokens from a file, looked at anew whenever it changed: a token that is added or revoked counts from the next call
 * on. What cannot be read lets nobody in but `adminToken`, and the log says so.
 */
export function tokenFileAccess({ adminToken, path, log, now }: TokenFileOptions): Access {
  const admin = Buffer.from(accessTokenDigest(adminToken), 'hex');
  let read: { mark: string; tokens: readonly AccessToken[] } = { mark: '', tokens: [] };

  async function currentTokens(file: string): Promise<readonly AccessToken[]> {
    const seen = await stat(file).then(
      (found) => ({ found, mark: markOf(found) }),
      (error: NodeJS.ErrnoException) => ({ found: null, mark: error.code ?? 'unknown' }),
    );
    if (seen.mark === read.mark) return read.tokens;
    read = { mark: seen.mark, tokens: await readTokens(file, seen.found, seen.mark, log) };
    return read.tokens;
  }

  return {
    async callerOf(token) {
      const tokens = path === null ? [] : await currentTokens(path);
      const given = Buffer.from(accessTokenDigest(token), 'hex');
      let caller: Caller | null = timingSafeEqual(given, admin) ? ADMIN : null;
      // All are compared, so that the time tells nothing of which one fits.
      for (const { actor, role, digest, expiresAt } of tokens) {
        const fits = timingSafeEqual(given, Buffer.from(digest, 'hex'));
        const expired = expiresAt !== null && Date.parse(expiresAt) <= now().getTime();
        if (fits && !expired) caller ??= { actor, role };
      }
      return caller;
    },
  };
}

const markOf = ({ ino, size, mtimeMs, ctimeMs, mode }: Stats) =>
  [ino, size, mtimeMs, ctimeMs, mode].join(':');

async function readTokens(
  file: string,
  found: Stats | null,
  mark: string,
  log: Logger,
): Promise<AccessToken[]> {
  if (!found) {
    if (mark !== 'ENOENT')
      log.error({ file }, `tokens cannot be read (${mark}): only the admin token counts`);
    return [];
  }
  if ((found.mode & WRITABLE_BY_OTHERS) !== 0) {
    log.error({ file }, 'tokens are not believed: others may write to the file. Run: chmod 600 on it');
    return [];
  }
  try {
    const { tokens, problems } = parseAccessTokens(await readFile(file, 'utf8'));
    for (const { line, message } of problems) log.error({ file, line }, `token line ignored: ${message}`);
    log.info({ file, tokens: tokens.length }, 'tokens read');
    return tokens;
  } catch (error) {
    log.error({ file, err: error }, 'tokens cannot be read: only the admin token counts');
    return [];
  }
}
