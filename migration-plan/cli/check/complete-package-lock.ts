// `npm run lock`: after a change of dependencies, makes package-lock.json whole for every platform.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingPlatformPackages, type PackageLock } from './package-lock.ts';

const file = join(import.meta.dirname, '../../../package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8')) as PackageLock;
const missing = missingPlatformPackages(lock);
const packages = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) =>
  a < b ? -1 : a > b ? 1 : 0,
);
writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, 2)}\n`);
console.log(`package-lock.json: ${Object.keys(missing).length} packages of other platforms added`);
