import { parseArgs } from 'node:util';
import { QueryTypes } from 'sequelize';
import { ConfigError } from './config.ts';
import { connectDatabase, explain, parseDatabaseUrl } from './db/connection.ts';
import { type FibuEnd, writeFibuFile } from './testing/fibu-file.ts';

const USAGE =
  'npx node legacy-monolith/make-fibu.ts --database URL --out FILE [--lines 1000] [--seed 1] [--end KIND] [--mixed] [--json]';
const ENDS: readonly FibuEnd[] = [
  'right',
  'no trailer',
  'wrong count',
  'wrong sum',
  'cut off',
  'more behind',
];

/** Writes a data file that refers to what a database holds, one line in twelve of it bad; prints what an import must count. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      database: { type: 'string' },
      out: { type: 'string' },
      lines: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      end: { type: 'string', default: 'right' },
      mixed: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  if (!values.out || !/^\d{1,8}$/.test(values.lines) || !/^\d{1,6}$/.test(values.seed))
    throw new ConfigError(`expected a file and whole numbers. Do write: ${USAGE}`);
  const end = ENDS.find((one) => one === values.end);
  if (end === undefined)
    throw new ConfigError(`--end: expected one of ${ENDS.join(', ')}, got ${values.end}. Do write: ${USAGE}`);
  const db = await connectDatabase(parseDatabaseUrl(values.database, '--database'));
  try {
    const column = async <T>(sql: string) =>
      (await db.query<{ v: T }>(sql, { type: QueryTypes.SELECT })).map(({ v }) => v);
    const parties = {
      customers: await column<string>('SELECT cus_no AS v FROM customers ORDER BY cus_id LIMIT 2000'),
      projects: await column<string>('SELECT prj_no AS v FROM projects ORDER BY prj_id LIMIT 2000'),
      freelancers: await column<number>('SELECT frl_id AS v FROM freelancers ORDER BY frl_id LIMIT 2000'),
      invoices: await column<string>('SELECT inv_no AS v FROM invoices ORDER BY inv_id LIMIT 2000'),
    };
    const { invoices: _, ...needed } = parties;
    if (Object.values(needed).some((list) => list.length === 0))
      throw new ConfigError('the database has no customers, projects or freelancers. Do seed it first');
    const { ok, dup, bad, rejects } = await writeFibuFile(values.out, Number(values.lines), parties, {
      seed: Number(values.seed),
      end,
      mixed: values.mixed,
    });
    if (values.json) {
      console.log(JSON.stringify({ ok, dup, bad: Object.fromEntries(bad), rejects }));
      return;
    }
    const rejected = [...bad.values()].reduce((sum, n) => sum + n, 0);
    console.log(`${values.out}: ${values.lines} records, of them ${ok} good, ${dup} twice, ${rejected} bad`);
    for (const [reason, n] of [...bad].sort()) console.log(`  ${reason}: ${n}`);
  } finally {
    await db.close();
  }
}

main().catch((error: unknown) => {
  console.error(explain(error));
  process.exit(1);
});
