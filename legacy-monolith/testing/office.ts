import { afterAll, beforeAll } from '@jest/globals';
import { QueryTypes, type Sequelize } from 'sequelize';
import { coversContract } from './contract/covers.ts';
import { operationsWith } from './contract/recorder.ts';
import { type DatabaseKind, describeOnEveryDatabase, seedSmall, type TestDatabase } from './databases.ts';
import { type Agent, startServer, type TestServer } from './server.ts';

/** A running monolith over a small seeded database, with one client for each role. */
export class Office {
  readonly kind: DatabaseKind;
  database!: TestDatabase;
  db!: Sequelize;
  server!: TestServer;
  admin!: Agent;
  disp!: Agent;
  guest!: Agent;

  constructor(kind: DatabaseKind) {
    this.kind = kind;
  }

  async open(): Promise<void> {
    this.database = await this.kind.create();
    this.db = this.database.open();
    await seedSmall(this.db);
    this.server = await startServer(this.db);
    [this.admin, this.disp, this.guest] = (await Promise.all(
      ['admin', 'disp', 'guest'].map((user) => this.server.login(user)),
    )) as [Agent, Agent, Agent];
  }

  async close(): Promise<void> {
    await this.server?.close();
    await this.database?.drop();
  }

  rows<T = Record<string, string | number | null>>(sql: string): Promise<T[]> {
    return this.db.query(sql, { type: QueryTypes.SELECT }) as Promise<T[]>;
  }

  /** The one value that a statement gives. */
  async value<T extends string | number | null>(sql: string): Promise<T> {
    const [row] = await this.rows<Record<string, T>>(sql);
    return Object.values(row!)[0]!;
  }

  async count(from: string): Promise<number> {
    return Number(await this.value(`SELECT COUNT(*) FROM ${from}`));
  }

  /** Does `work` once, right before the next transaction begins or right after it has ended: what others do meanwhile. */
  meanwhile(when: 'before' | 'after', work: () => PromiseLike<unknown>): void {
    const own = this.db.transaction;
    this.db.transaction = (async (...args: Parameters<typeof own>) => {
      this.db.transaction = own;
      if (when === 'before') await work();
      const result = await own.apply(this.db, args);
      if (when === 'after') await work();
      return result;
    }) as typeof own;
  }

  /** Sets `changed` of rows to a moment long gone, shown as 03.02.2001 04:05. */
  async makeOld(from: string): Promise<void> {
    const [table, where] = from.split(' WHERE ');
    await this.db.query(`UPDATE ${table} SET changed = '2001-02-03 04:05:06' WHERE ${where}`);
  }
}

export const OLD = '03.02.2001 04:05';

/**
 * Runs a suite over an office of its own on SQLite, and on MySQL where there is one. A suite that is called as a tag of
 * the contract must answer in every way that the contract has for it.
 */
export function describeOffice(what: string, suite: (office: Office) => void): void {
  describeOnEveryDatabase(what, (kind) => {
    const office = new Office(kind);
    beforeAll(() => office.open());
    afterAll(() => office.close());
    suite(office);
    if (operationsWith([what]).length > 0) coversContract([what], () => office);
  });
}
