import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findMysqlProgram, startMysql } from '../databases/mysql.ts';
import { UpError } from '../databases/process.ts';

type LegacyDatabase = { readonly name: string; readonly url: string; stop(): Promise<void> };
export type LegacyKind = { readonly name: string; start(folder: string): Promise<LegacyDatabase> };

const sqlite: LegacyKind = {
  name: 'SQLite',
  start: async (folder) => {
    mkdirSync(folder, { recursive: true });
    return { name: 'SQLite', url: `sqlite:${join(folder, 'legacy.sqlite')}`, stop: async () => {} };
  },
};

/** SQLite, and a private MariaDB or MySQL as `npm start` makes it when a server program is installed. */
export function legacyKinds(say: (line: string) => void): LegacyKind[] {
  const program = findMysqlProgram();
  if (program !== null) {
    const name = program.flavour;
    const start = async (folder: string) => {
      const server = await startMysql(program, { stateDir: folder, durable: true });
      return { name, url: await server.database('legacy'), stop: server.stop };
    };
    return [{ name, start }, sqlite];
  }
  if (process.env.FIG_REQUIRE_MYSQL === '1') {
    throw new UpError(
      'SOAK_MYSQL',
      'FIG_REQUIRE_MYSQL=1, but no MariaDB or MySQL server program is on this machine. Do: install mariadb-server.',
    );
  }
  say('no MariaDB or MySQL server program on this machine: SQLite only');
  return [sqlite];
}
