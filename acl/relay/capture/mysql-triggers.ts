import mysql, { type Pool, type RowDataPacket } from 'mysql2/promise';
import { changingSchema } from '../source/mysql-ddl.ts';
import type { Cascade, ForeignKey } from './cascades.ts';
import { triggerName } from './trigger-name.ts';

export type Trigger = { readonly name: string; readonly on: string; readonly sql: string };

export type Select = (sql: string, values?: readonly unknown[]) => Promise<RowDataPacket[]>;

export const id = (name: string) => mysql.escapeId(name, true);

/** The session variable that names the set whose rows the relay itself writes at the moment. */
export const RELAY_VARIABLE = '@fig_relay';

/** The body of a trigger that lets what the relay writes of this set pass. */
export const unlessRelay = (set: string, body: string, declare = '') =>
  `BEGIN ${declare} IF NOT (${RELAY_VARIABLE} <=> ${mysql.escape(set)}) THEN ${body} END IF; END`;

/** `about`: the tables that its name tells; it stands on `on`. */
export function trigger(
  purpose: string,
  when: `${'BEFORE' | 'AFTER'} ${string}`,
  on: string,
  about: readonly string[],
  body: string,
): Trigger {
  const name = triggerName(purpose, about, body);
  return { name, on, sql: `CREATE TRIGGER ${id(name)} ${when} ON ${id(on)} FOR EACH ROW ${body}` };
}

/**
 * Puts up what is missing, then takes down what is wanted no more: there is no moment without. On MariaDB nobody has a
 * table in use while its triggers are put up: it takes a statement that was prepared while CREATE TRIGGER waited for its
 * table for one that knows the trigger, and from then on that fails with "Table … doesn't exist" (`is_the_same_definition`
 * compares the time of the preparation with that at which CREATE TRIGGER began). MySQL prepares such statements again, and
 * its LOCK TABLES would take the tables that other triggers write as well.
 */
export async function replaceTriggers(
  pool: Pool,
  wanted: readonly Trigger[],
  present: ReadonlySet<string>,
): Promise<void> {
  const names = new Set(wanted.map(({ name }) => name));
  const missing = wanted.filter(({ name }) => !present.has(name));
  const stale = [...present].filter((name) => !names.has(name));
  if (missing.length + stale.length === 0) return;
  await changingSchema(pool, async (change, isMariaDb) => {
    for (const [table, triggers] of Map.groupBy(missing, ({ on }) => on)) {
      const statements = triggers.map(({ sql }) => sql);
      if (isMariaDb) await change([`LOCK TABLES ${id(table)} WRITE`, ...statements, 'UNLOCK TABLES']);
      else for (const sql of statements) await change(sql);
    }
    for (const name of stale) await change('DROP TRIGGER IF EXISTS ??', [name]);
  });
}

/** Every foreign key of a database, as it is declared. */
export async function foreignKeysOf(select: Select, database: string): Promise<ForeignKey[]> {
  const rows = await select(
    `SELECT u.constraint_name AS name, u.table_name AS child, u.column_name AS col, u.referenced_table_name AS parent,
            u.referenced_column_name AS ref, r.delete_rule AS onDelete, r.update_rule AS onUpdate
     FROM information_schema.key_column_usage u
     JOIN information_schema.referential_constraints r
       ON r.constraint_schema = u.constraint_schema AND r.constraint_name = u.constraint_name AND r.table_name = u.table_name
     WHERE u.table_schema = ? AND u.referenced_table_schema = u.table_schema
     ORDER BY u.table_name, u.constraint_name, u.ordinal_position`,
    [database],
  );
  const groups = Map.groupBy(rows, ({ child, name }) => `${child}\0${name}`);
  return [...groups.values()].map((group) => ({
    child: String(group[0]?.child),
    parent: String(group[0]?.parent),
    columns: group.map(({ col }) => String(col)),
    references: group.map(({ ref }) => String(ref)),
    onDelete: String(group[0]?.onDelete),
    onUpdate: String(group[0]?.onUpdate),
  }));
}

/** `FROM … WHERE …` of the rows, as t0, that follow what happens to OLD in a trigger above them. */
export function rowsThatFollow({ event, table, way }: Cascade): string {
  const alias = (at: number) => `t${at}`;
  const joins = way.slice(0, -1).map(({ parent, columns, references }, at) => {
    const equal = columns.map(
      (column, c) => `${alias(at)}.${id(column)} = ${alias(at + 1)}.${id(references[c] as string)}`,
    );
    return `JOIN ${id(parent)} ${alias(at + 1)} ON ${equal.join(' AND ')}`;
  });
  const last = way.at(-1) as ForeignKey;
  const refers = last.columns.map(
    (column, c) => `${alias(way.length - 1)}.${id(column)} = OLD.${id(last.references[c] as string)}`,
  );
  const changes = last.references.map((column) => `NOT (OLD.${id(column)} <=> NEW.${id(column)})`);
  const when = event === 'UPDATE' ? ` AND (${changes.join(' OR ')})` : '';
  return `FROM ${id(table)} ${alias(0)} ${joins.join(' ')} WHERE ${refers.join(' AND ')}${when}`;
}
