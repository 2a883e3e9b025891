import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { QueryTypes, type Sequelize } from 'sequelize';
import { migrate } from './db/migrate.ts';
import { defineModels } from './db/models.ts';
import { describeOnEveryDatabase, seedSmall, type TestDatabase } from './testing/databases.ts';

describeOnEveryDatabase('schema', (kind) => {
  let database: TestDatabase;
  let db: Sequelize;
  beforeEach(async () => {
    database = await kind.create();
    db = database.open();
  });
  afterEach(() => database.drop());

  const count = async (from: string) => {
    const [row] = await db.query<{ n: number }>(`SELECT COUNT(*) AS n FROM ${from}`, {
      type: QueryTypes.SELECT,
    });
    return Number(row!.n);
  };

  test('many that start at once migrate once', async () => {
    await Promise.all(Array.from({ length: 5 }, () => migrate(database.open())));
    expect(
      await db.query('SELECT name FROM SequelizeMeta ORDER BY name', { type: QueryTypes.SELECT }),
    ).toEqual([{ name: '001-baseline' }, { name: '002-money' }]);
    await migrate(db);
    expect(await count('freelancers')).toBe(0);
  });

  test('every model reads its table', async () => {
    await seedSmall(db);
    for (const model of Object.values(defineModels(db))) await model.findOne();
    const { Project, Timesheet } = defineModels(db);
    const sheet = await Timesheet.findOne({ include: [{ model: Project }] });
    expect(sheet!.get({ plain: true })).toMatchObject({
      tsh_hours: expect.stringMatching(/^\d+\.\d\d$/),
      created: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
      tsh_day: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      is_billable: expect.any(Number),
    });
  });

  test('deleting follows the foreign keys: cascade, set null, refuse what refers to nothing', async () => {
    await seedSmall(db);
    const [busy] = await db.query<{ prj_id: number; frl_id: number; cus_id: number }>(
      'SELECT t.prj_id, t.frl_id, p.cus_id FROM timesheets t JOIN projects p ON p.prj_id = t.prj_id WHERE t.pay_id IS NOT NULL LIMIT 1',
      { type: QueryTypes.SELECT },
    );
    const { prj_id, frl_id } = busy!;
    const payments = await count('payments');
    await db.query(`DELETE FROM freelancers WHERE frl_id = ${frl_id}`);
    expect(await count(`timesheets WHERE frl_id = ${frl_id}`)).toBe(0);
    expect(await count(`project_freelancers WHERE frl_id = ${frl_id}`)).toBe(0);
    expect(await count('payments')).toBe(payments);
    expect(await count('payments WHERE frl_id IS NULL')).toBeGreaterThan(0);

    await db.query(`DELETE FROM projects WHERE prj_id = ${prj_id}`);
    expect(await count(`timesheets WHERE prj_id = ${prj_id}`)).toBe(0);
    expect(await count('invoices WHERE prj_id IS NULL')).toBeGreaterThan(0);

    const [child] = await db.query<{ cus_id: number; cus_parent_id: number }>(
      'SELECT cus_id, cus_parent_id FROM customers WHERE cus_parent_id IS NOT NULL LIMIT 1',
      { type: QueryTypes.SELECT },
    );
    const parent = child!.cus_parent_id;
    expect(await count(`projects WHERE cus_id = ${parent}`)).toBeGreaterThan(0);
    await db.query(`DELETE FROM customers WHERE cus_id = ${parent}`);
    expect(await count(`projects WHERE cus_id = ${parent}`)).toBe(0);
    expect(await count(`customers WHERE cus_id = ${child!.cus_id} AND cus_parent_id IS NULL`)).toBe(1);

    await db.query('DELETE FROM payments');
    expect(await count('timesheets WHERE pay_id IS NOT NULL')).toBe(0);
    await expect(
      db.query(
        "INSERT INTO project_freelancers (prj_id, frl_id, created) VALUES (999999, 999999, '2020-01-01 00:00:00')",
      ),
    ).rejects.toMatchObject({ name: 'SequelizeForeignKeyConstraintError' });
  });

  test('refuses what does not fit a column, and calls only duplicates unique violations', async () => {
    await migrate(db);
    const { Freelancer } = defineModels(db);
    const row = { frl_name: 'a', created: '2020-01-01 00:00:00', changed: '2020-01-01 00:00:00' };
    await Freelancer.create({ ...row, frl_email: 'a@x.example' });
    await expect(Freelancer.create({ ...row, frl_email: 'A@x.example' })).rejects.toMatchObject({
      name: 'SequelizeUniqueConstraintError',
    });
    await expect(Freelancer.create({ ...row, frl_name: 'x'.repeat(121) })).rejects.toMatchObject({
      name: 'SequelizeDatabaseError',
    });
    await expect(Freelancer.create({ ...row, created: null })).rejects.toMatchObject({
      name: 'SequelizeDatabaseError',
    });
    await expect(
      db.query(
        "INSERT INTO users (usr_login, usr_name, usr_pass, usr_role, created) VALUES ('x', 'x', 'x', 'boss', '2020-01-01 00:00:00')",
      ),
    ).rejects.toMatchObject({ name: 'SequelizeDatabaseError' });
  });

  test('bound dates, booleans and big numbers are stored as the column wants them', async () => {
    await migrate(db);
    const bind = { when: new Date('2024-02-29T12:34:56Z'), yes: true, login: 'b' };
    await db.query(
      "INSERT INTO users (usr_login, usr_name, usr_pass, usr_active, last_login, created) VALUES ($login, 'x', 'x', $yes, $when, $when)",
      { bind },
    );
    const [row] = await db.query('SELECT usr_active, last_login FROM users', { type: QueryTypes.SELECT });
    expect(row).toEqual({ usr_active: 1, last_login: '2024-02-29 12:34:56' });
    const [big] = await db.query<{ n: number }>('SELECT COUNT(*) AS n FROM users WHERE usr_id < $big', {
      bind: { big: 9007199254740993n },
      type: QueryTypes.SELECT,
    });
    expect(Number(big!.n)).toBe(1);
  });

  test('a writer waits for the transaction of another in the same process, and rollback undoes', async () => {
    await seedSmall(db);
    const transaction = await db.transaction();
    await db.query("UPDATE freelancers SET city = 'X' WHERE frl_id = 1", { transaction });
    const waiting = db.query("UPDATE freelancers SET city = 'Y' WHERE frl_id = 1");
    await db.query("UPDATE freelancers SET city = 'Z' WHERE frl_id = 2", { transaction });
    await transaction.commit();
    await waiting;
    expect(await count("freelancers WHERE frl_id = 1 AND city = 'Y'")).toBe(1);
    const undone = await db.transaction();
    await db.query("UPDATE freelancers SET city = 'gone' WHERE frl_id = 1", { transaction: undone });
    await undone.rollback();
    expect(await count("freelancers WHERE city = 'gone'")).toBe(0);
  });
});
