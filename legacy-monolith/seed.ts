import { parseArgs } from 'node:util';
import { ConfigError } from './config.ts';
import { connectDatabase, explain, parseDatabaseUrl } from './db/connection.ts';
import { DAMAGE, type DamageKind } from './seeding/damage.ts';
import { showProgress } from './seeding/progress.ts';
import { NotEmptyError, seedDatabase } from './seeding/write.ts';

const USAGE =
  'npx node legacy-monolith/seed.ts --database URL [--freelancers 10000] [--customers 2000] [--projects 5000] [--timesheets 200000] [--payments 60000] [--seed 1] [--without KIND,…] [--if-empty]';
const COUNT_AT_MOST = 100_000_000;

async function main(): Promise<void> {
  const args = readArguments(process.argv.slice(2));
  if (args.help) {
    console.log(USAGE);
    return;
  }
  const count = (name: string, value: string): number => {
    if (/^\d+$/.test(value) && Number(value) <= COUNT_AT_MOST) return Number(value);
    throw new ConfigError(
      `--${name}: expected a number from 0 to ${COUNT_AT_MOST}, got ${value}. Do write e.g. --${name} 1000`,
    );
  };
  const sizes = {
    freelancers: count('freelancers', args.freelancers),
    customers: count('customers', args.customers),
    projects: count('projects', args.projects),
    timesheets: count('timesheets', args.timesheets),
    payments: args.payments === undefined ? undefined : count('payments', args.payments),
  };
  const without = (args.without ?? '').split(',').filter(Boolean);
  const unknown = without.find((kind) => !(DAMAGE as readonly string[]).includes(kind));
  if (unknown !== undefined) {
    throw new ConfigError(`--without: expected some of ${DAMAGE.join(',')}, got ${unknown}. Do see SEEDS.md`);
  }
  const seed = count('seed', args.seed);
  if (sizes.projects > 0 && sizes.customers === 0) {
    throw new ConfigError(
      `--customers: expected at least 1, since --projects is ${sizes.projects}, got 0. Do give both or neither`,
    );
  }
  if (sizes.timesheets > 0 && (sizes.projects === 0 || sizes.freelancers === 0)) {
    throw new ConfigError(
      '--timesheets: expected 0 without projects and freelancers to work on. Do give all three or --timesheets 0',
    );
  }
  if (sizes.payments && sizes.freelancers === 0) {
    throw new ConfigError('--payments: expected 0 without freelancers to pay. Do give both or --payments 0');
  }
  const url = parseDatabaseUrl(args.database, '--database');
  const db = await connectDatabase(url);
  const started = performance.now();
  const total =
    sizes.freelancers + sizes.customers + sizes.projects + sizes.timesheets + (sizes.payments ?? 0);
  const progress = showProgress(total, process.stdout);
  try {
    const { rows } = await seedDatabase(
      db,
      { seed, sizes, without: without as DamageKind[] },
      progress,
    ).finally(() => progress.finish());
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const list = [...rows].map(([table, rows]) => `${table} ${rows}`).join(', ');
    console.log(`seeded ${url.label} in ${seconds} s: ${list}`);
  } catch (error) {
    // For start-up scripts that run it every time.
    if (!(args['if-empty'] && error instanceof NotEmptyError)) throw error;
    console.log(`${url.label} holds rows already: left as it is`);
  } finally {
    await db.close();
  }
}

function readArguments(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        database: { type: 'string' },
        freelancers: { type: 'string', default: '10000' },
        customers: { type: 'string', default: '2000' },
        projects: { type: 'string', default: '5000' },
        timesheets: { type: 'string', default: '200000' },
        payments: { type: 'string' },
        without: { type: 'string' },
        seed: { type: 'string', default: '1' },
        'if-empty': { type: 'boolean', default: false },
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
