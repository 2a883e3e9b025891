import type { CapturedTable } from '../capture/change-source.ts';
import { openMysqlGate } from './legacy-gate.mysql.ts';
import { openSqliteGate } from './legacy-gate.sqlite.ts';
import type { LegacyGate } from './legacy-gate.ts';

/** The gate of the database that LEGACY_DATABASE_URL names. */
export function openLegacyGate(url: string, set: string, tables: readonly CapturedTable[]): LegacyGate {
  return url.startsWith('sqlite:')
    ? openSqliteGate(url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, ''), set, tables)
    : openMysqlGate(url, set, tables);
}
