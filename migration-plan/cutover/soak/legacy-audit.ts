import type { Flip, Noted, Row, StoreAudit } from './store-audit.ts';

/** SQL in the legacy database, over a connection that comes back by itself. */
export type Sql = (text: string) => Promise<Record<string, unknown>[]>;

/** What the kinds of databases say differently. */
type Dialect = {
  readonly number: string;
  readonly isRelay: string;
  readonly flip: string;
};
const MYSQL: Dialect = {
  number: 'BIGINT AUTO_INCREMENT PRIMARY KEY',
  isRelay: '@fig_relay IS NOT NULL',
  // A plain read takes no lock, also here.
  flip: `CREATE TRIGGER soak_flips AFTER UPDATE ON _fig_owner FOR EACH ROW BEGIN
    DECLARE n BIGINT; SELECT count(*) INTO n FROM soak_audit WHERE relay = 0;
    INSERT INTO soak_flip (owner, epoch, own) VALUES (NEW.owner, NEW.epoch, n); END`,
};
const SQLITE: Dialect = {
  number: 'INTEGER PRIMARY KEY AUTOINCREMENT',
  isRelay: 'EXISTS (SELECT 1 FROM _fig_owner WHERE relay = 1)',
  flip: `CREATE TRIGGER soak_flips AFTER UPDATE OF epoch ON _fig_owner BEGIN
    INSERT INTO soak_flip (owner, epoch, own) SELECT NEW.owner, NEW.epoch, count(*) FROM soak_audit WHERE relay = 0; END`,
};

/** Rows of freelancers that belong to a batch go with it: what the monolith's own tables lack, a cascade into the set. */
export async function addBatches(kind: 'mysql' | 'sqlite', sql: Sql): Promise<void> {
  await sql(
    `CREATE TABLE soak_batch (batch_id INTEGER PRIMARY KEY)${kind === 'mysql' ? ' ENGINE = InnoDB' : ''}`,
  );
  if (kind === 'sqlite')
    await sql(
      'ALTER TABLE freelancers ADD COLUMN soak_batch INTEGER NULL REFERENCES soak_batch (batch_id) ON DELETE CASCADE',
    );
  else {
    await sql('ALTER TABLE freelancers ADD COLUMN soak_batch INTEGER NULL');
    await sql(
      'ALTER TABLE freelancers ADD CONSTRAINT soak_in_batch FOREIGN KEY (soak_batch) REFERENCES soak_batch (batch_id) ON DELETE CASCADE',
    );
  }
}

export function legacyAudit(kind: 'mysql' | 'sqlite', sql: Sql, close: () => Promise<void>): StoreAudit {
  const { number, isRelay, flip } = kind === 'mysql' ? MYSQL : SQLITE;
  const note = (event: string, row: 'NEW' | 'OLD') =>
    `CREATE TRIGGER soak_audit_${event} AFTER ${event} ON freelancers FOR EACH ROW BEGIN
      INSERT INTO soak_audit (k, token, relay) VALUES (${row}.frl_id, COALESCE(${row}.notes, ''), ${isRelay}); END`;
  return {
    async install() {
      await sql(
        `CREATE TABLE soak_audit (seq ${number}, k BIGINT NOT NULL, token TEXT NOT NULL, relay INTEGER NOT NULL)`,
      );
      await sql(
        `CREATE TABLE soak_flip (seq ${number}, owner VARCHAR(20) NOT NULL, epoch BIGINT NOT NULL, own BIGINT NOT NULL)`,
      );
      for (const statement of [note('INSERT', 'NEW'), note('UPDATE', 'NEW'), note('DELETE', 'OLD'), flip])
        await sql(statement);
      // Where a cascade passes no trigger, what starts it is noted.
      await sql(`CREATE TRIGGER soak_audit_batch AFTER DELETE ON soak_batch FOR EACH ROW BEGIN
        INSERT INTO soak_audit (k, token, relay) VALUES (0, '', ${isRelay}); END`);
    },
    async owner() {
      const [row] = await sql("SELECT owner, epoch FROM _fig_owner WHERE name = 'freelancers'");
      return { owner: String(row?.owner), epoch: Number(row?.epoch) };
    },
    flips: async () =>
      (await sql('SELECT owner, epoch, own FROM soak_flip ORDER BY seq')).map(
        ({ owner, epoch, own }): Flip => ({
          owner: String(owner),
          epoch: Number(epoch),
          ownWrites: Number(own),
        }),
      ),
    noted: async () =>
      (await sql('SELECT k, token, relay FROM soak_audit ORDER BY seq')).map(
        ({ k, token, relay }): Noted => ({
          key: Number(k),
          token: String(token),
          isOwn: Number(relay) === 0,
        }),
      ),
    ownWrites: async () => Number((await sql('SELECT count(*) AS n FROM soak_audit WHERE relay = 0'))[0]?.n),
    rows: async () =>
      new Map(
        (await sql('SELECT frl_id, notes, frl_name, rate_ct, frl_stat, del_flag FROM freelancers')).map(
          (row) => [
            Number(row.frl_id),
            {
              notes: String(row.notes ?? ''),
              name: String(row.frl_name),
              rateCents: Number(row.rate_ct),
              status: String(row.frl_stat),
              isRemoved: row.del_flag === 'Y',
            } satisfies Row,
          ],
        ),
      ),
    waiting: async () => Number((await sql('SELECT count(*) AS n FROM _fig_change'))[0]?.n),
    close,
  };
}
