import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { QueryTypes, type Sequelize } from 'sequelize';
import { migrate } from './db/migrate.ts';
import { defineModels } from './db/models.ts';
import { TABLES } from './seeding/row.ts';
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
    ).toEqual([
      { name: '001-baseline' },
      { name: '002-money' },
      { name: '003-fibu' },
      { name: '004-sqlite-keys' },
      { name: '005-speed' },
    ]);
    await migrate(db);
    expect(await count('freelancers')).toBe(0);
  });

  test('every foreign key begins an index, so that deleting a parent does not read its children through', async () => {
    await migrate(db);
    const queryInterface = db.getQueryInterface();
    const missing: string[] = [];
    let keys = 0;
    for (const table of [...TABLES, 'sessions']) {
      const indexes = (await queryInterface.showIndex(table)) as { fields: { attribute: string }[] }[];
      const first = new Set(indexes.map(({ fields }) => fields[0]?.attribute));
      // the columns of a key that is the primary one are no index of their own on SQLite
      if (table === 'project_freelancers') first.add('prj_id');
      const references = (await queryInterface.getForeignKeyReferencesForTable(table)) as {
        columnName: string;
      }[];
      for (const { columnName } of references) {
        keys += 1;
        if (!first.has(columnName)) missing.push(`${table}.${columnName}`);
      }
    }
    expect(missing).toEqual([]);
    expect(keys).toBeGreaterThan(20);
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

  describe('columns of an old schema', () => {
    const value = async (sql: string) => {
      const [row] = await db.query<{ v: unknown }>(sql, { type: QueryTypes.SELECT });
      return row!.v;
    };
    const user = (login: string) =>
      db.query(
        `INSERT INTO users (usr_login, usr_name, usr_pass, created) VALUES ('${login}', 'x', 'x', '2020-01-01 00:00:00')`,
      );
    const customer = (columns: string, values: string) =>
      db.query(
        `INSERT INTO customers (cus_no, cus_name, created, changed, ${columns}) VALUES ('${Math.random().toString(36).slice(2, 12)}', 'x', '2020-01-01 00:00:00', '2020-01-01 00:00:00', ${values})`,
      );
    beforeEach(() => migrate(db));

    test('three tables have no key: a line may be there twice', async () => {
      await db.query(
        "INSERT INTO import_log (imp_file, imp_hash, started) VALUES ('x', 'x', '2020-01-01 00:00:00')",
      );
      for (const [table, line] of [
        ['chg_log', "(chg_tab, chg_id, chg_at, chg_txt) VALUES ('x', 1, '2020-01-01 00:00:00', 'x')"],
        ['stat_month', "(sta_month, cus_name, created) VALUES ('2020-01', 'x', '2020-01-01 00:00:00')"],
        ['import_rejects', "(imp_id, line_no, reason, rec_text) VALUES (1, 1, 'x', 'x')"],
      ]) {
        for (let i = 0; i < 2; i++) await db.query(`INSERT INTO ${table} ${line}`);
        expect(await count(table!)).toBe(2);
      }
    });

    test('short names and e-mails are unique in any case, logins and numbers byte by byte', async () => {
      await user('ann');
      await user('Ann');
      await customer('cus_short', "'Ann'");
      await expect(customer('cus_short', "'aNN'")).rejects.toMatchObject({
        name: 'SequelizeUniqueConstraintError',
      });
      await customer('cus_short', 'NULL');
      await customer('cus_short', 'NULL');
    });

    test('numbers of files are unique in each table, byte by byte, and none is no number', async () => {
      const at = "'2020-01-01 00:00:00'";
      const insert: Record<string, (no: string) => string> = {
        payments: (no) =>
          `(ext_no, pay_run, amount, created, changed) VALUES (${no}, '2020-01', 1, ${at}, ${at})`,
        notes: (no) => `(ext_no, not_kind, not_text, created) VALUES (${no}, 'cus', 'x', ${at})`,
        invoices: (no) =>
          `(inv_no, inv_date, due_date, net, vat, gross, created, changed) VALUES (${no}, '2020-01-01', '2020-01-01', 1, 0, 1, ${at}, ${at})`,
        credit_notes: (no) =>
          `(crn_no, inv_id, crn_date, amount, created) VALUES (${no}, (SELECT MIN(inv_id) FROM invoices), '2020-01-01', 1, ${at})`,
      };
      for (const [table, values] of Object.entries(insert)) {
        for (const no of ["'a-1'", "'A-1'"]) await db.query(`INSERT INTO ${table} ${values(no)}`);
        await expect(db.query(`INSERT INTO ${table} ${values("'a-1'")}`)).rejects.toMatchObject({
          name: 'SequelizeUniqueConstraintError',
        });
        if (table === 'payments' || table === 'notes')
          for (let i = 0; i < 2; i++) await db.query(`INSERT INTO ${table} ${values('NULL')}`);
      }
    });

    test('trailing spaces are the same text to MySQL and another one to SQLite, CHAR loses them on MySQL', async () => {
      const mysql = kind.name !== 'SQLite';
      await user('bob');
      const padded = user('bob ');
      if (mysql) await expect(padded).rejects.toMatchObject({ name: 'SequelizeUniqueConstraintError' });
      else await padded;
      await customer('city, country', "'Ulm  ', 'D '");
      expect(await count("customers WHERE city = 'Ulm'")).toBe(mysql ? 1 : 0);
      expect(await value('SELECT city AS v FROM customers')).toBe('Ulm  ');
      expect(await value('SELECT country AS v FROM customers')).toBe(mysql ? 'D' : 'D ');
    });

    test('the two latin1 columns hold Windows-1252 and refuse the rest', async () => {
      await customer('fibu_name', "'„Weiß“ – 5 €'");
      expect(await value('SELECT fibu_name AS v FROM customers')).toBe('„Weiß“ – 5 €');
      for (const refused of ["'Łódź'", "'Иван'"])
        await expect(customer('fibu_name', refused)).rejects.toMatchObject({
          name: 'SequelizeDatabaseError',
        });
      await expect(
        db.query(
          "INSERT INTO stat_month (sta_month, cus_name, created) VALUES ('2020-01', 'Łódź', '2020-01-01 00:00:00')",
        ),
      ).rejects.toMatchObject({ name: 'SequelizeDatabaseError' });
    });

    test('a zero date is taken, comes back as it is and is smaller than every other', async () => {
      await db.query(
        "INSERT INTO freelancers (frl_name, avail_from, created, changed) VALUES ('x', '0000-00-00', '0000-00-00 00:00:00', '2020-01-01 00:00:00')",
      );
      expect(await value('SELECT avail_from AS v FROM freelancers')).toBe('0000-00-00');
      expect(await value('SELECT created AS v FROM freelancers')).toBe('0000-00-00 00:00:00');
      expect(await count("freelancers WHERE avail_from < '1000-01-01' AND avail_from IS NOT NULL")).toBe(1);
    });

    test('TINYINT(1) holds any small number, ENUM only its words, DECIMAL only its digits', async () => {
      await customer('is_vip', '2');
      await customer('is_vip', '-128');
      await expect(customer('is_vip', '128')).rejects.toMatchObject({ name: 'SequelizeDatabaseError' });
      await expect(customer('disc_pct', '1000')).rejects.toMatchObject({ name: 'SequelizeDatabaseError' });
      await customer('disc_pct', '999.99');
      const project = (no: string, stat: string) =>
        db.query(
          `INSERT INTO projects (prj_no, prj_title, cus_id, prj_stat, date_from, created, changed) VALUES ('${no}', 'x', 1, '${stat}', '2020-01-01', '2020-01-01 00:00:00', '2020-01-01 00:00:00')`,
        );
      await expect(project('a', 'runs')).rejects.toMatchObject({ name: 'SequelizeDatabaseError' });
      // MySQL takes the word in any case and keeps its own spelling
      if (kind.name === 'SQLite')
        await expect(project('b', 'RUN')).rejects.toMatchObject({ name: 'SequelizeDatabaseError' });
      else {
        await project('b', 'RUN');
        expect(await value('SELECT prj_stat AS v FROM projects')).toBe('run');
      }
    });

    test('NULL stands beside the empty text in one column, also in skills', async () => {
      await db.query(
        "INSERT INTO freelancers (frl_name, skills_csv, city, created, changed) VALUES ('a', NULL, NULL, '2020-01-01 00:00:00', '2020-01-01 00:00:00'), ('b', '', '', '2020-01-01 00:00:00', '2020-01-01 00:00:00')",
      );
      expect(await count('freelancers WHERE skills_csv IS NULL AND city IS NULL')).toBe(1);
      expect(await count("freelancers WHERE skills_csv = '' AND city = ''")).toBe(1);
    });
  });
});
