import { resolve } from 'node:path';
import { main } from './fig.ts';
import { withRunning } from './up/running.ts';

const argv = process.argv.slice(2);
// `up` makes the addresses; every other verb uses those of the `up` that runs here.
const env = argv.includes('up') ? process.env : withRunning(process.env, resolve('.fig'));
process.exitCode = await main(argv, env);
