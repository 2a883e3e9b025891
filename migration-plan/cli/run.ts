import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { EXIT } from './exit-code.ts';
import { main } from './fig.ts';
import { withRunning } from './up/running.ts';

const argv = process.argv.slice(2);
if (!argv.some((word) => word === '--plan' || word.startsWith('--plan='))) process.chdir(projectFolder());
// `up` makes the addresses; every other verb uses those of the `up` that runs here.
const env = argv.includes('up') ? process.env : withRunning(process.env, resolve('.fig'));
// A verb that has something to end listens itself; the others end like this.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    if (process.listenerCount(signal) === 1) process.exit(EXIT.interrupted);
  });
const code = await main(argv, env);
// A service that does not end must not keep `up` in the terminal; the other verbs let their output drain.
if (argv.includes('up')) process.exit(code);
process.exitCode = code;

/** The nearest folder upward that holds migration-plan/plan.yaml, so that `fig` works in every folder of a project. */
function projectFolder(): string {
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'migration-plan', 'plan.yaml'))) return folder;
    if (folder === dirname(folder)) return process.cwd();
  }
}
