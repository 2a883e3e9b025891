import { expect, test } from '@jest/globals';
import { MYSQL_URL } from '../../testing/databases.ts';
import { legacyDatabases } from '../../testing/legacy-database.ts';
import { cascadesTo, type ForeignKey } from './cascades.ts';
import { changeSourceSuite } from './change-source.suite.ts';
import { openChangeSource } from './open-change-source.ts';
import { triggerName } from './trigger-name.ts';

for (const [kind, create] of legacyDatabases)
  changeSourceSuite(kind, async () => {
    const database = await create();
    return { ...database, open: (tables) => openChangeSource(database.url, 'set', tables) };
  });
if (!MYSQL_URL) test.skip('MySQL as a change source: FIG_TEST_MYSQL_URL names no server', () => {});

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
