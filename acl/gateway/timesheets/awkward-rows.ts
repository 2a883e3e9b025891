import { DatabaseSync } from 'node:sqlite';
import mysql from 'mysql2/promise';

/** Letters that upper case may make longer, shorter or ASCII, as in the suite of freelancers. */
const TEXTS = [
  ...[
    "''",
    'NULL',
    "'  spaces around  '",
    "'Straße STRASSE'",
    "'WEIẞ ß'",
    "'ſ ŉ ǰ ÿ ı İ ﬁ'",
    "'50 % _ done'",
  ],
  ...["'Übergabe „Süd“'", "'李小龍 Иванов 😀'", "'a\tb'", `'${'x'.repeat(255)}'`],
];
const ROW =
  'INSERT INTO timesheets (frl_id, prj_id, tsh_day, tsh_hours, tsh_stat, rate_ct, is_billable, tsh_text, appr_usr_id, appr_at, pay_id, created, changed) VALUES';
const SQL = [
  ...TEXTS.map(
    (text, n) =>
      `(1, 1, '2015-01-${10 + n}', 1.25, '${['draft', 'subm', 'rej', 'paid'][n % 4]}', ${n}, 1, ${text}, NULL, NULL, NULL, '2015-01-01 23:59:59', '2015-01-01 00:00:00')`,
  ),
  // What imports and hands have left: hours that no day has, hours that are no quarters, flags of more than two.
  `(1, 1, '2015-02-01', 80.00, 'draft', 0, 2, NULL, NULL, NULL, NULL, '2015-01-01 00:00:00', '2015-01-01 00:00:00')`,
  `(1, 2, '2015-02-02', 0.10, 'appr', 2147483647, -1, NULL, 1, '2015-02-03 04:05:06', NULL, '2015-01-01 00:00:00', '2015-01-01 00:00:00')`,
  `(2, 1, '0001-01-01', 9999.99, 'subm', 1, 0, NULL, NULL, NULL, NULL, '2015-01-01 00:00:00', '2015-01-01 00:00:00')`,
  `(2, 2, '9999-12-31', 0.00, 'rej', 1, 0, NULL, NULL, NULL, NULL, '2015-01-01 00:00:00', '2015-01-01 00:00:00')`,
];
export const AWKWARD_ROWS = SQL.length;

/** Rows that imports and jobs left behind; all read the same through the gateway, whatever was canonicalised. */
export async function insertAwkwardRows(databaseUrl: string): Promise<void> {
  const sql = `${ROW} ${SQL.join(', ')}`;
  if (databaseUrl.startsWith('sqlite:')) {
    const database = new DatabaseSync(databaseUrl.slice('sqlite:'.length));
    database.exec(sql);
    database.close();
    return;
  }
  const connection = await mysql.createConnection({ uri: databaseUrl, charset: 'utf8mb4' });
  await connection.query("SET SESSION sql_mode = ''");
  await connection.query(sql);
  await connection.end();
}
