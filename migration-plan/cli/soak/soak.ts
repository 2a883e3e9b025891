// `npm run soak`: the long runs. See parts.ts; each part is a program of its own.
import { parts } from './parts.ts';
import { runParts } from './run-parts.ts';

const USAGE = 'npm run soak [-- PART… --minutes M]';

async function main(args: readonly string[]): Promise<number> {
  const firstFlag = args.findIndex((word) => word.startsWith('-'));
  const names = firstFlag === -1 ? args : args.slice(0, firstFlag);
  const flags = firstFlag === -1 ? [] : args.slice(firstFlag);
  if (flags.includes('--help')) {
    process.stdout.write(`${USAGE}\nFlags go to every part that runs.\n\n`);
    for (const { name, promise } of parts) process.stdout.write(`${name.padEnd(12)}${promise}\n`);
    return 0;
  }
  const unknown = names.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length > 0) {
    const known = parts.map(({ name }) => name).join(', ');
    process.stderr.write(`soak: expected parts among ${known}, got ${unknown.join(', ')}. ${USAGE}\n`);
    return 2;
  }
  const chosen = parts.filter(({ name }) => names.length === 0 || names.includes(name));
  const results = await runParts(chosen, flags);
  process.stdout.write('\n');
  for (const { name, code, seconds } of results)
    process.stdout.write(
      `soak: ${name} ${code === 0 ? 'held' : `FAILED (exit ${code})`} after ${(seconds / 60).toFixed(1)} min\n`,
    );
  for (const { name } of chosen.slice(results.length)) process.stdout.write(`soak: ${name} was not run\n`);
  return results.length === chosen.length && results.every(({ code }) => code === 0) ? 0 : 1;
}

process.exit(await main(process.argv.slice(2)));
