import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { planJsonSchema } from './json-schema.ts';
import { referencePage } from './reference.ts';

const folder = new URL('../../', import.meta.url);
writeFileSync(new URL('schema.json', folder), `${JSON.stringify(planJsonSchema(), null, 2)}\n`);
writeFileSync(new URL('REFERENCE.md', folder), referencePage());
const repository = fileURLToPath(new URL('../', folder));
execFileSync('node_modules/.bin/biome', ['format', '--write', 'migration-plan/schema.json'], {
  cwd: repository,
});
console.log('wrote migration-plan/schema.json and migration-plan/REFERENCE.md');
