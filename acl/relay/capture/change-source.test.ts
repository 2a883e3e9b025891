import { DatabaseSync } from 'node:sqlite';
import { expect, test } from '@jest/globals';
import mysql from 'mysql2/promise';
import { MYSQL_URL, mysqlDatabase, sqliteDatabase } from '../../testing/databases.ts';
import { cascadesTo, type ForeignKey } from './cascades.ts';
import { changeSourceSuite } from './change-source.suite.ts';
import { openChangeSource } from './open-change-source.ts';
import { triggerName } from './trigger-name.ts';

changeSourceSuite('SQLite', async () => {
  const { url, drop } = await sqliteDatabase();
  const path = url.slice('sqlite:'.length);
  new DatabaseSync(path).exec('PRAGMA journal_mode = WAL');
  return {
    open: (tables) => openChangeSource(url, tables),
    async writer() {
      const database = new DatabaseSync(path, { timeout: 10 });
      return {
        // The timeout of SQLite would hold up this one thread, and with it whoever has the lock.
        async execute(sql) {
          const plain = sql.replace('IMMEDIATE_', 'IMMEDIATE');
          for (;;) {
            try {
              return database.exec(plain);
            } catch (error) {
              if (!/locked/.test((error as Error).message)) throw error;
              await new Promise((resolve) => setTimeout(resolve, 2));
            }
          }
        },
        close: async () => database.close(),
      };
    },
    drop,
  };
});

if (MYSQL_URL)
  changeSourceSuite('MySQL', async () => {
    const { url, drop } = await mysqlDatabase();
    return {
      open: (tables) => openChangeSource(url, tables),
      async writer() {
        const connection = await mysql.createConnection(url);
        return {
          execute: async (sql) => void (await connection.query(sql.replace(' IMMEDIATE_', ''))),
          close: () => connection.end(),
        };
      },
      drop,
    };
  });
else test.skip('MySQL as a change source: FIG_TEST_MYSQL_URL names no server', () => {});

const key = (child: string, parent: string, onDelete = 'CASCADE', onUpdate = 'RESTRICT'): ForeignKey => ({
  ...{ child, parent, onDelete, onUpdate },
  ...{ columns: [`${parent}_id`], references: ['id'] },
});

test('what cascades to a table is told over every way, and a circle is refused', () => {
  const told = (...keys: ForeignKey[]) =>
    cascadesTo('t', keys).map(
      ({ event, on, way }) => `${event} ${on} over ${way.map(({ parent }) => parent).join('.')}`,
    );
  expect(told(key('t', 'a', 'RESTRICT'), key('a', 'b'))).toEqual([]);
  expect(told(key('t', 'a', 'SET NULL'), key('a', 'b'), key('b', 'c', 'SET NULL'))).toEqual([
    'DELETE a over a',
    'DELETE b over a.b',
  ]);
  expect(told(key('t', 'a', 'NO ACTION', 'CASCADE'))).toEqual(['UPDATE a over a']);
  expect(told(key('t', 'a'), key('t', 'b'), key('a', 'c'), key('b', 'c')).sort()).toEqual([
    'DELETE a over a',
    'DELETE b over b',
    'DELETE c over a.c',
    'DELETE c over b.c',
  ]);
  expect(() => told(key('t', 't'))).toThrow(/into its own table: t → t/);
  expect(() => told(key('t', 'a'), key('a', 'b'), key('b', 'a'))).toThrow(/a circle .*: t → a, a → b, b → a/);
});

test('names of triggers fit, and differ', () => {
  const long = 'x'.repeat(64);
  const names = [
    triggerName('insert', 'a'),
    triggerName('update', 'a'),
    triggerName('above12_update', long, `${long}y`),
    triggerName('above12_update', long, `${long}z`),
  ];
  expect(new Set(names).size).toBe(4);
  for (const name of names) expect(name.length).toBeLessThanOrEqual(64);
});
