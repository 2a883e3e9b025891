import { setImmediate as othersTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { QueryTypes, type Sequelize } from 'sequelize';
import { SQLITE_KIND, type TestDatabase } from '../testing/databases.ts';

let database: TestDatabase;
let db: Sequelize;
beforeEach(async () => {
  database = await SQLITE_KIND.create();
  db = database.open();
  await db.query('CREATE TABLE t (n INTEGER NOT NULL)');
});
afterEach(() => database.drop());

const numbers = async () =>
  (await db.query<{ n: number }>('SELECT n FROM t ORDER BY rowid', { type: QueryTypes.SELECT })).map(
    ({ n }) => n,
  );

test('many writers at once come through in the order in which they came, each whole', async () => {
  const holder = await db.transaction();
  await db.query('INSERT INTO t VALUES (-1)', { transaction: holder });
  const writers: Promise<unknown>[] = [];
  for (let n = 0; n < 60; n++) {
    writers.push(
      n % 3 === 0
        ? db.query(`INSERT INTO t VALUES (${n})`)
        : db.transaction(async (transaction) => {
            await db.query(`INSERT INTO t VALUES (${n})`, { transaction });
            await othersTurn();
            await db.query(`UPDATE t SET n = n WHERE n = ${n}`, { transaction });
          }),
    );
    // a transaction opens a connection first; the next one must not overtake it
    for (let turn = 0; turn < 5; turn++) await othersTurn();
  }
  // readers are not in that queue
  expect(await numbers()).toEqual([]);
  await holder.commit();
  await Promise.all(writers);
  expect(await numbers()).toEqual([-1, ...Array.from({ length: 60 }, (_, n) => n)]);
});

test('a long transaction lets others have their turn', async () => {
  let turns = 0;
  let over = false;
  const others = (async () => {
    while (!over) {
      await othersTurn();
      turns += 1;
    }
  })();
  await db.transaction(async (transaction) => {
    const end = performance.now() + 300;
    for (let n = 0; performance.now() < end; n++)
      await db.query(`INSERT INTO t VALUES (${n})`, { transaction });
  });
  over = true;
  await others;
  expect(turns).toBeGreaterThan(2);
});

test('the first in the line gives up after another process, and the next one is served', async () => {
  const other = database.open();
  await other.query('SELECT 1');
  const transaction = await other.transaction();
  const failed = expect(db.query('INSERT INTO t VALUES (1)')).rejects.toMatchObject({
    name: 'SequelizeTimeoutError',
  });
  await failed;
  const second = db.query('INSERT INTO t VALUES (2)');
  await transaction.rollback();
  await second;
  expect(await numbers()).toEqual([2]);
});
