// `npm run soak -- legacy`: fifty people work on the monolith through the facade, on SQLite and on MySQL or MariaDB.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findMysqlProgram, startMysql } from '../../cli/databases/mysql.ts';
import { Started, seed, startFacade, startMonolith } from '../behind-facade.ts';
import { load } from '../load/load.ts';
import { reportLines } from '../load/report.ts';

const USAGE = 'npm run soak -- legacy [--minutes 5] [--users 50] [--database sqlite|mysql]';
const SIZES = { freelancers: 2000, customers: 300, projects: 500, timesheets: 20_000 };

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    users: { type: 'string', default: '50' },
    database: { type: 'string' },
  },
});
const [minutes, users] = [Number(flags.minutes), Number(flags.users)];
if (!(minutes > 0) || !Number.isInteger(users) || users < 1) {
  process.stderr.write(
    `expected minutes above 0 and a whole number of users, got ${flags.minutes} and ${flags.users}. ${USAGE}\n`,
  );
  process.exit(2);
}

async function main(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'fig-soak-'));
  const started = new Started();
  try {
    const databases: { name: string; url: string }[] = [
      { name: 'sqlite', url: `sqlite:${join(folder, 'legacy.db')}` },
    ];
    const program = findMysqlProgram();
    if (program && flags.database !== 'sqlite') {
      const server = started.add(
        await startMysql(program, { stateDir: join(folder, 'mysql'), durable: true }),
      );
      databases.push({ name: 'mysql', url: await server.database('fig_soak') });
    } else if (flags.database === 'mysql') {
      process.stderr.write(
        '--database mysql: there is no server program of MariaDB or MySQL on this machine\n',
      );
      return 1;
    }
    let held = true;
    for (const { name, url } of databases.filter((one) => (flags.database ?? one.name) === one.name)) {
      held = (await soak(name === 'mysql' ? program!.flavour : 'SQLite', url)) && held;
    }
    return held ? 0 : 1;
  } finally {
    await started.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function soak(name: string, databaseUrl: string): Promise<boolean> {
  const started = new Started();
  try {
    await seed(databaseUrl, SIZES);
    const legacy = started.add(await startMonolith(databaseUrl));
    // what it calls an error, as it comes
    legacy.child.stdout?.on('data', (chunk: Buffer) => {
      for (const line of String(chunk).split('\n'))
        if (line.includes('"level":50')) process.stderr.write(`${line}\n`);
    });
    const facade = started.add(await startFacade(legacy.url, 'http://127.0.0.1:8080'));
    process.stderr.write(`${users} users for ${minutes} min on ${name} …\n`);
    const end = Date.now() + minutes * 60_000;
    const enough = () => Date.now() >= end;
    const report = await load({
      publicUrl: facade.url,
      databaseUrl,
      users,
      enough,
      pauseMs: 500,
      seed: 1,
      sizes: SIZES,
    });
    process.stdout.write(`${reportLines(name, report).join('\n')}\n`);
    return report.books.problems.length === 0 && report.faults.length === 0;
  } finally {
    await started.stop();
  }
}

process.exit(await main());
