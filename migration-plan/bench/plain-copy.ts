import mysql from 'mysql2';
import pg from 'pg';

/** What `pg` gives to a query that speaks the protocol itself. */
type Wire = {
  query(sql: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(reason: string): void;
  readonly stream: NodeJS.WritableStream & { readonly writableNeedDrain: boolean };
};

const CHUNK_LINES = 1000;

/**
 * The least that a copy can be: every row of a legacy table by one SELECT, into one COPY of a Postgres table of texts with
 * a key. Nothing is translated or guarded, nothing can be gone on with. Resolves with the rows that were copied.
 */
export async function plainCopy(legacyUrl: string, postgresUrl: string, table: string): Promise<number> {
  const source = mysql.createConnection({ uri: legacyUrl, dateStrings: true });
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  try {
    const [columns] = await source.promise().query<mysql.RowDataPacket[]>('SHOW COLUMNS FROM ??', [table]);
    const definitions = columns.map(
      ({ Field }, n) => `"${Field}" ${n === 0 ? 'bigint PRIMARY KEY' : 'text'}`,
    );
    await client.query(
      `DROP TABLE IF EXISTS plain_copy; CREATE TABLE plain_copy (${definitions.join(', ')})`,
    );
    const rows = source.query({ sql: 'SELECT * FROM ??', values: [table], rowsAsArray: true }).stream();
    return await copyIn(client, 'COPY plain_copy FROM STDIN', rows);
  } finally {
    source.destroy();
    await client.end();
  }
}

function copyIn(client: pg.Client, sql: string, rows: AsyncIterable<unknown[]>): Promise<number> {
  return new Promise((resolve, reject) => {
    let copied = 0;
    const send = async (wire: Wire) => {
      let lines = '';
      for await (const row of rows) {
        lines += `${row.map(field).join('\t')}\n`;
        copied += 1;
        if (copied % CHUNK_LINES !== 0) continue;
        wire.sendCopyFromChunk(Buffer.from(lines));
        lines = '';
        if (wire.stream.writableNeedDrain)
          await new Promise<void>((drained) => wire.stream.once('drain', () => drained()));
      }
      wire.sendCopyFromChunk(Buffer.from(lines));
      wire.endCopyFrom();
    };
    const query = {
      submit: (wire: Wire) => wire.query(sql),
      handleCopyInResponse: (wire: Wire) => {
        send(wire).catch((error: Error) => wire.sendCopyFail(error.message));
      },
      handleCommandComplete: () => {},
      handleReadyForQuery: () => resolve(copied),
      handleError: reject,
    };
    client.query(query as unknown as pg.Submittable);
  });
}

/** A field in COPY's text format (Postgres manual, COPY, "Text Format"). */
function field(value: unknown): string {
  if (value === null) return '\\N';
  return String(value).replace(/[\\\t\n\r]/g, (letter) => `\\${LETTERS[letter] ?? letter}`);
}

const LETTERS: Readonly<Record<string, string>> = { '\t': 't', '\n': 'n', '\r': 'r' };
