import { DatabaseSync } from 'node:sqlite';
import type { CapturedTable } from '../capture/change-source.ts';
import { createOwners, inOneGo, isBusy, quoted, text, unlessRelay } from '../capture/sqlite-triggers.ts';
import { triggerName } from '../capture/trigger-name.ts';
import {
  cascadesFromOutside,
  GATE_WAIT_MS,
  type LegacyGate,
  type Owner,
  type Ownership,
  refusal,
} from './legacy-gate.ts';

const EVENTS = ['INSERT', 'UPDATE', 'DELETE'] as const;

/**
 * The gate in SQLite. Cascades fire the triggers of the rows that they change, so a table needs its own and nothing
 * else. There is one writer at a time: a change of owners waits for it by itself. What is rejected is not counted.
 */
export function openSqliteGate(path: string, set: string, tables: readonly CapturedTable[]): LegacyGate {
  const database = new DatabaseSync(path, { timeout: 0 });
  const triggers = tables.flatMap(({ name }) => EVENTS.map((event) => trigger(set, name, event)));
  const names = triggers.map(({ name }) => name);
  const all = (sql: string, ...values: readonly (string | number)[]) =>
    database.prepare(sql).all(...values) as Record<string, string | number | null>[];
  const hasOwners = () =>
    all(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_fig_owner'`).length > 0;
  const ownership = (): Ownership | null => {
    if (!hasOwners()) return null;
    const [row] = all('SELECT owner, epoch FROM _fig_owner WHERE name = ?', set);
    return row ? { owner: row.owner as Owner, epoch: Number(row.epoch) } : null;
  };
  const missing = () => {
    const there = new Set(
      all(`SELECT name FROM sqlite_schema WHERE type = 'trigger'`).map(({ name }) => name),
    );
    return names.filter((name) => !there.has(name));
  };

  /** All of this set's gate, also such as were put up with another body. */
  const dropTriggers = (keep: readonly string[]) => {
    const there = all(
      `SELECT name FROM sqlite_schema WHERE type = 'trigger' AND instr(sql, ?) > 0`,
      text(refusal(set)),
    );
    for (const { name } of there)
      if (!keep.includes(String(name))) database.exec(`DROP TRIGGER ${quoted(String(name))}`);
  };

  return {
    read: async () => ownership(),
    // What a process had begun that was killed is rolled back by whoever looks next.
    settled: async () => ownership(),
    async state() {
      const gone = missing();
      if (gone.length === names.length) return { kind: 'absent' };
      const lost = ownership() ? gone : ['_fig_owner', ...gone];
      return lost.length === 0 ? { kind: 'installed' } : { kind: 'broken', missing: lost };
    },
    async install() {
      await inOneGo(database, () => {
        createOwners(database);
        database
          .prepare(`INSERT OR IGNORE INTO _fig_owner (name, owner, epoch) VALUES (?, 'legacy', 1)`)
          .run(set);
        dropTriggers(names);
        for (const { sql } of triggers) database.exec(sql);
      });
    },
    async remove() {
      await inOneGo(database, () => {
        dropTriggers([]);
        if (hasOwners()) database.prepare('DELETE FROM _fig_owner WHERE name = ?').run(set);
      });
    },
    async write({ owner, epoch }) {
      try {
        await inOneGo(
          database,
          () =>
            database
              .prepare('UPDATE _fig_owner SET owner = ?, epoch = ? WHERE name = ? AND epoch < ?')
              .run(owner, epoch, set, epoch),
          GATE_WAIT_MS,
        );
      } catch (error) {
        if (!isBusy(error)) throw error;
        return { ok: false, blockers: [] };
      }
      const now = ownership();
      if (now === null) throw new Error(`${set}: no gate is installed`);
      return { ok: true, ownership: now };
    },
    rejected: async () => null,
    async cascades() {
      const keys = all(
        `SELECT m.name AS child, f.id, f."table" AS parent, f.on_delete AS onDelete, f.on_update AS onUpdate
         FROM sqlite_schema AS m, pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table' AND f.seq = 0`,
      ).map(({ child, parent, onDelete, onUpdate }) => ({
        ...{ child: String(child), parent: String(parent), columns: [], references: [] },
        ...{ onDelete: String(onDelete), onUpdate: String(onUpdate) },
      }));
      return cascadesFromOutside(tables, keys);
    },
    openTransactions: async () => [],
    async close() {
      database.close();
    },
  };
}

function trigger(
  set: string,
  table: string,
  event: (typeof EVENTS)[number],
): { readonly name: string; readonly sql: string } {
  const owner = `(SELECT owner FROM _fig_owner WHERE name = ${text(set)})`;
  const body = `${unlessRelay(set)} AND ${owner} IS NOT 'legacy' BEGIN SELECT RAISE(ABORT, ${text(refusal(set))}); END`;
  const name = triggerName(`gate_${event.toLowerCase()}`, [table], body);
  const sql = `CREATE TRIGGER IF NOT EXISTS ${quoted(name)} BEFORE ${event} ON ${quoted(table)} ${body}`;
  return { name, sql };
}
