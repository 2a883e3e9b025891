import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestDatabase } from '#acl/testing/databases.ts';
import { type RunningProcess, runToEnd, startProcess } from '#acl/testing/process.ts';

export type Sizes = {
  readonly freelancers: number;
  readonly customers: number;
  readonly projects: number;
  readonly timesheets: number;
};

/** Seeds an empty database; the same sizes give the same rows everywhere. */
export async function seed(databaseUrl: string, sizes: Sizes): Promise<void> {
  const flags = Object.entries(sizes).flatMap(([table, rows]) => [`--${table}`, String(rows)]);
  const { code, stderr } = await runToEnd('legacy-monolith/seed.ts', ['--database', databaseUrl, ...flags]);
  if (code !== 0) throw new Error(`the seeder ended with ${code}: ${stderr}`);
}

export function startMonolith(databaseUrl: string): Promise<RunningProcess> {
  return startProcess('legacy-monolith/main.ts', {
    DATABASE_URL: databaseUrl,
    SESSION_SECRET: 'a secret for passthrough',
  });
}

export type Facade = { readonly url: string; stop(): Promise<void> };

/** A facade whose plan has no route: everything goes to `legacyUrl`. */
export async function startFacade(legacyUrl: string, publicUrl: string): Promise<Facade> {
  const folder = await mkdtemp(join(tmpdir(), 'fig-passthrough-'));
  const plan = join(folder, 'plan');
  await mkdir(plan);
  await writeFile(
    join(plan, 'plan.yaml'),
    `version: 1\npublicUrl: ${publicUrl}\nlegacy: { url: "${legacyUrl}" }\n`,
  );
  const args = ['--plan', plan, '--ledger', `file:${join(folder, 'ledger.jsonl')}`];
  const facade = await startProcess('facade/main.ts', { ADMIN_PORT: '0', FIG_ADMIN_TOKEN: 'unused' }, args);
  return {
    url: facade.url,
    async stop() {
      await facade.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** What was started, in order; `stop` ends it the other way round, also when half of it never came up. */
export class Started {
  readonly #stops: (() => Promise<unknown>)[] = [];

  add<T extends { stop(): Promise<unknown> }>(one: T): T {
    this.#stops.push(() => one.stop());
    return one;
  }

  addDatabase(database: TestDatabase): TestDatabase {
    this.#stops.push(() => database.drop());
    return database;
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }
}
