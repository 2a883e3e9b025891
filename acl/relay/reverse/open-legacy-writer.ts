import { openMysqlWriter } from './legacy-writer.mysql.ts';
import { openSqliteWriter } from './legacy-writer.sqlite.ts';
import type { LegacyWriter } from './legacy-writer.ts';

/** Writes into the database that LEGACY_DATABASE_URL names. */
export function openLegacyWriter(url: string, set: string): LegacyWriter {
  return url.startsWith('sqlite:')
    ? openSqliteWriter(url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, ''), set)
    : openMysqlWriter(url, set);
}
