import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { UpProcess } from '#plan/model/plan.ts';
import { UpError } from '../databases/process.ts';
import type { LegacyDatabase } from './legacy-database.ts';
import { say } from './say.ts';
import { ROOT } from './services.ts';

/** Fills the legacy database when it is fresh, with the script that the plan names. */
export async function seedWhenFresh(
  { seed: [script, ...args], database }: UpProcess,
  legacy: LegacyDatabase | null,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  if (script === undefined || database !== 'legacy' || !legacy?.fresh) return;
  say(`seeding the monolith's new database (${[script, ...args].join(' ')}) …`);
  legacy.mark('begun');
  const code = await new Promise<number | null>((done, reject) => {
    const argv = ['--disable-warning=ExperimentalWarning', join(ROOT, script), '--database', legacy.url];
    // In its own process group: a Ctrl-C reaches it through the signal, and ends it before its database goes.
    spawn(process.execPath, [...argv, ...args], { env, signal, detached: true, stdio: ['ignore', 2, 2] })
      .on('error', reject)
      .on('exit', done);
  });
  signal.throwIfAborted();
  if (code !== 0) throw new UpError('UP_SEED', `${script} failed (exit code ${code}), see above`);
  legacy.mark('done');
}
