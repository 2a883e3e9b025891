import { DatabaseSync } from 'node:sqlite';
import mysql from 'mysql2/promise';

/** Rows that imports and jobs left behind; all read the same through the gateway, whatever was canonicalised. */
export const AWKWARD_ROWS = 12;
const SQL = `INSERT INTO freelancers
  (frl_name, frl_match, frl_email, frl_phone, frl_stat, blk_reason, rate_ct, skills_csv, city, country, avail_from, notes, created, changed)
VALUES
  ('Cher', 'CHER', NULL, NULL, 'A', NULL, 0, '', NULL, NULL, NULL, NULL, '2019-01-01 00:00:00', '2019-01-01 23:59:59'),
  ('Berg, Karl, Jr., MSc', 'BERG, KARL, JR., MSC', NULL, '', 'A', '', 1, 'java', '', NULL, '0000-00-00', '', '2019-01-01 00:00:00', '2019-01-01 00:00:00'),
  ('Miller,Jim', 'MILLER,JIM', NULL, NULL, 'A', 'stale reason', 100, 'C++', 'Ulm', 'de', NULL, NULL, '2019-01-01 00:00:00', '2019-01-01 00:00:00'),
  ('Ito, ', 'ITO,', NULL, NULL, 'B', NULL, 2147483647, 'a', NULL, NULL, '9999-12-31', NULL, '2019-01-01 00:00:00', '2019-01-01 00:00:00'),
  (', Ann', ', ANN', NULL, NULL, 'I', NULL, 10, 'a', NULL, NULL, '1000-01-01', NULL, '2019-01-01 00:00:00', '2019-01-01 00:00:00'),
  ('Two  Spaces,  Too', 'TWO SPACES, TOO', NULL, NULL, 'A', NULL, 99, 'a', NULL, NULL, NULL, 'a\tb', '2019-01-01 00:00:00', '2019-01-01 00:00:00'),
  ('Odd, Match', 'SOMETHING ELSE', 'ODD@Example.ORG', NULL, 'A', NULL, 101, 'Java,java', NULL, NULL, NULL, NULL, '2019-01-01 00:00:00', '2019-01-01 00:00:00'),
  ('李小龍', '', NULL, NULL, 'A', NULL, 5, 'x_y,50%', NULL, NULL, NULL, '😀', '2019-01-01 00:00:00', '2019-01-01 00:00:00'),
  ('Same, Rate', 'CHER', NULL, NULL, 'A', NULL, 5, '', NULL, NULL, NULL, NULL, '2019-01-01 00:00:00', '2019-01-01 00:00:00'),
  ('Weiß, Jörg', 'WEISS, JOERG', 'jörg.weiß@x.example', NULL, 'A', NULL, 5, 'Straßenbau,java', NULL, NULL, NULL, NULL, '2019-01-01 00:00:00', '2019-01-01 00:00:00'),
  ('Weiss, Jorg', 'WEISS, JORG', 'weiss@y.example', NULL, 'A', NULL, 5, 'Strassenbau,Node', NULL, NULL, NULL, NULL, '2019-01-01 00:00:00', '2019-01-01 00:00:00'),
  ('ʼN, ſ', ',', 'ŉ.ſmıth@İx.example', NULL, 'A', NULL, 5, 'ŉode,ſql,ı,İ,ﬁsh,ǰava,ÿ,ẞ,ß', NULL, NULL, NULL, NULL, '2019-01-01 00:00:00', '2019-01-01 00:00:00')`;

export async function insertAwkwardRows(databaseUrl: string): Promise<void> {
  if (databaseUrl.startsWith('sqlite:')) {
    const database = new DatabaseSync(databaseUrl.slice('sqlite:'.length));
    database.exec(SQL);
    database.close();
    return;
  }
  const connection = await mysql.createConnection({ uri: databaseUrl, charset: 'utf8mb4' });
  await connection.query("SET SESSION sql_mode = ''");
  await connection.query(SQL);
  await connection.end();
}
