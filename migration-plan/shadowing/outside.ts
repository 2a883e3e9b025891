import pg from 'pg';

/** Everything that a service's database holds, as text: the rows of each table, and where sequences stand. */
export type Everything = Readonly<Record<string, unknown>>;

/**
 * Looks at a service's database from outside, and gives it what a service with consequences has: an outbox that each new
 * row fills, and mails that go out when its transaction commits.
 */
export class Outside {
  readonly mails: string[] = [];
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
    client.on('notification', ({ payload = '' }) => this.mails.push(payload));
  }

  static async of(databaseUrl: string): Promise<Outside> {
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query(`
      CREATE TABLE outbox (id bigint GENERATED ALWAYS AS IDENTITY, event jsonb NOT NULL);
      CREATE FUNCTION tell_of_freelancer() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          INSERT INTO outbox (event) VALUES (to_jsonb(new));
          PERFORM pg_notify('mail', to_jsonb(new)->>'id');
          RETURN new;
        END $$;
      CREATE TRIGGER tell_of_freelancer AFTER INSERT ON freelancer FOR EACH ROW EXECUTE FUNCTION tell_of_freelancer();
      LISTEN mail`);
    return new Outside(client);
  }

  async everything(): Promise<Everything> {
    const { rows: tables } = await this.#client.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
    );
    const found: Record<string, unknown> = {};
    for (const { name } of tables) {
      const { rows } = await this.#client.query(
        `SELECT row_to_json(t)::text AS row FROM "${name}" t ORDER BY 1`,
      );
      found[name] = rows.map(({ row }) => row);
    }
    const { rows: sequence } = await this.#client.query(
      'SELECT last_value, is_called FROM freelancer_number',
    );
    return { ...found, sequence };
  }

  async stop(): Promise<void> {
    await this.#client.end();
  }
}
