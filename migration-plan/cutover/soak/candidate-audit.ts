import pg from 'pg';
import type { Flip, Noted, Row, StoreAudit } from './store-audit.ts';

const TRIGGERS = `
  CREATE TABLE soak_audit (seq bigserial PRIMARY KEY, tx bigint NOT NULL, k bigint NOT NULL, token text NOT NULL);
  CREATE TABLE soak_own (tx bigint NOT NULL); CREATE INDEX soak_own_tx ON soak_own (tx);
  CREATE TABLE soak_flip (seq bigserial PRIMARY KEY, owner text NOT NULL, epoch bigint NOT NULL, own bigint NOT NULL);
  CREATE FUNCTION soak_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO soak_audit (tx, k, token) VALUES (txid_current(), NEW.number, coalesce(NEW.notes, '')); RETURN NULL; END $$;
  CREATE FUNCTION soak_note_own() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.k NOT LIKE '~marker/%' THEN INSERT INTO soak_own (tx) VALUES (txid_current()); END IF; RETURN NULL; END $$;
  CREATE FUNCTION soak_note_flip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO soak_flip (owner, epoch, own) SELECT NEW.owner, NEW.epoch, count(*) FROM soak_own; RETURN NULL; END $$;
  CREATE TRIGGER soak_note AFTER INSERT OR UPDATE ON freelancer FOR EACH ROW EXECUTE FUNCTION soak_note();
  CREATE TRIGGER soak_note_own AFTER INSERT ON _sync_change FOR EACH ROW EXECUTE FUNCTION soak_note_own();
  CREATE TRIGGER soak_note_flip AFTER UPDATE ON _sync_owner FOR EACH ROW EXECUTE FUNCTION soak_note_flip();`;

const STATUS: Readonly<Record<string, string>> = { active: 'A', inactive: 'I', blocked: 'B' };

export function candidateAudit(connectionString: string): StoreAudit & { crash(): Promise<void> } {
  // The server may crash under it: a connection that is lost is left to the pool.
  const pool = new pg.Pool({ connectionString, max: 2 });
  pool.on('error', () => {});
  const sql = async (text: string): Promise<Record<string, unknown>[]> => (await pool.query(text)).rows;
  return {
    async install() {
      await sql(TRIGGERS);
    },
    async owner() {
      const [row] = await sql("SELECT owner, epoch FROM _sync_owner WHERE stream = 'freelancers'");
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
      (
        await sql(
          'SELECT k, token, EXISTS (SELECT 1 FROM soak_own o WHERE o.tx = a.tx) AS own FROM soak_audit a ORDER BY seq',
        )
      ).map(({ k, token, own }): Noted => ({ key: Number(k), token: String(token), isOwn: own === true })),
    ownWrites: async () => Number((await sql('SELECT count(*) AS n FROM soak_own'))[0]?.n),
    rows: async () =>
      new Map(
        (
          await sql(
            'SELECT number, notes, first_name, last_name, rate_amount, status, archived FROM freelancer',
          )
        ).map((row) => [
          Number(row.number),
          {
            notes: String(row.notes ?? ''),
            name: row.first_name === '' ? String(row.last_name) : `${row.last_name}, ${row.first_name}`,
            rateCents: Math.round(Number(row.rate_amount) * 100),
            status: STATUS[String(row.status)] ?? '?',
            isRemoved: row.archived === true,
          } satisfies Row,
        ]),
      ),
    waiting: async () =>
      Number(
        (
          await sql(
            "SELECT count(*) AS n FROM _sync_change WHERE stream = 'freelancers' AND k NOT LIKE '~marker/%'",
          )
        )[0]?.n,
      ),
    /** One process of the server dies: the server takes all its connections down and recovers. */
    async crash() {
      const [row] = await sql(
        "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1",
      );
      if (row) process.kill(Number(row.pid), 'SIGKILL');
    },
    close: () => pool.end(),
  };
}
