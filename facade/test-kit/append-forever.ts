// A process that appends to a file ledger until it is killed, and prints each version once it is acknowledged.
import { writeSync } from 'node:fs';
import { openFileLedger } from '../adapters/ledger.file.ts';
import { draftOf } from './draft-of.ts';

const [path = '', first = '1'] = process.argv.slice(2);
const ledger = await openFileLedger({ path });
for (let version = Number(first); ; version++) {
  const outcome = await ledger.append([draftOf('articles', version, { reason: 'x'.repeat(5000) })]);
  if (!outcome.ok) throw new Error(`expected version ${outcome.version + 1}, got ${version}`);
  // Past the process at once: what was printed was acknowledged, whatever happens next.
  writeSync(1, `${version}\n`);
}
