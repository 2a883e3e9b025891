import type { CapturedTable, ChangeSource } from './change-source.ts';
import { openMysqlTriggerQueue } from './trigger-queue.mysql.ts';
import { openSqliteTriggerQueue } from './trigger-queue.sqlite.ts';

/** The change source of the database that LEGACY_DATABASE_URL names. */
export function openChangeSource(url: string, set: string, tables: readonly CapturedTable[]): ChangeSource {
  return url.startsWith('sqlite:')
    ? openSqliteTriggerQueue(url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, ''), set, tables)
    : openMysqlTriggerQueue(url, set, tables);
}
