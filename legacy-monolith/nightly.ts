import { parseArgs } from 'node:util';
import { ConfigError } from './config.ts';
import { connectDatabase, explain, parseDatabaseUrl } from './db/connection.ts';
import { migrate } from './db/migrate.ts';
import { nowDb } from './lib/dates.ts';
import { nightly } from './lib/nightly.ts';

const USAGE = 'npx node legacy-monolith/nightly.ts [--database URL] [--date YYYY-MM-DD]';

async function main(): Promise<void> {
  const args = readArguments(process.argv.slice(2));
  if (args.help) {
    console.log(USAGE);
    return;
  }
  const today = args.date ?? nowDb().slice(0, 10);
  if (!/^\d{4}-\d\d-\d\d$/.test(today) || !isDay(today))
    throw new ConfigError(
      `--date: expected a day as YYYY-MM-DD, got ${today}. Do write e.g. --date 2026-06-30`,
    );
  const url = args.database
    ? parseDatabaseUrl(args.database, '--database')
    : parseDatabaseUrl(process.env.DATABASE_URL);
  const db = await connectDatabase(url);
  try {
    await migrate(db);
    for (const { step, rows } of await nightly(db, today)) console.log(`nightly ${today}: ${step}: ${rows}`);
  } finally {
    await db.close();
  }
}

function isDay(day: string): boolean {
  const time = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 10) === day;
}

function readArguments(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        database: { type: 'string' },
        date: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new ConfigError(`${(error as Error).message.split(/\.\s/)[0]}. Do write: ${USAGE}`);
  }
}

main().catch((error: unknown) => {
  console.error(explain(error));
  process.exit(1);
});
