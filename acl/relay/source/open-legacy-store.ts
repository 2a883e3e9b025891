import { existsSync } from 'node:fs';
import { StartError } from '../../gateway-kit/env.ts';
import { openMysqlStore } from './legacy-store.mysql.ts';
import { openSqliteStore } from './legacy-store.sqlite.ts';
import type { LegacyStore } from './legacy-store.ts';

/**
 * Opens the store that LEGACY_DATABASE_URL names (`mysql://`, `mariadb://`, `sqlite:PATH`) and proves that it answers.
 * Throws StartError with one line; the password never appears in it.
 */
export async function openLegacyStore(url: string): Promise<LegacyStore> {
  const store = openByScheme(url);
  try {
    await store.ping();
    return store;
  } catch (error) {
    await store.close().catch(() => {});
    throw unreachable(store.name, error);
  }
}

function openByScheme(url: string): LegacyStore {
  if (url.startsWith('sqlite:')) {
    const path = url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '');
    if (!existsSync(path)) throw unreachable(`sqlite:${path}`, new Error('no such file'));
    try {
      return openSqliteStore(path);
    } catch (error) {
      throw unreachable(`sqlite:${path}`, error);
    }
  }
  if (/^(mysql|mariadb):\/\/[^/]+\/[^/]+$/.test(url) && URL.canParse(url)) return openMysqlStore(url);
  const scheme = /^[a-z0-9+.-]*:/i.exec(url)?.[0] ?? 'no scheme';
  throw new StartError(
    `LEGACY_DATABASE_URL: expected mysql://user:password@host:port/database, mariadb://… or sqlite:PATH, got \`${scheme}…\`. Write one of these forms`,
  );
}

function unreachable(name: string, error: unknown): StartError {
  const code = (error as NodeJS.ErrnoException).code;
  const reason = (error as Error).message || code || 'no answer';
  return new StartError(
    `LEGACY_DATABASE_URL: expected a database that answers, got ${name}: ${reason}. Start it or correct the URL`,
  );
}
