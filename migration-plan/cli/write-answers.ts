// Part of `npm run schema`: writes answers.schema.json from answers.ts.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answersJsonSchema } from './answers.ts';

const file = join(import.meta.dirname, 'answers.schema.json');
writeFileSync(file, `${JSON.stringify(answersJsonSchema(), null, 2)}\n`);
execFileSync('node_modules/.bin/biome', ['format', '--write', file], {
  cwd: join(import.meta.dirname, '..', '..'),
});
console.log('wrote migration-plan/cli/answers.schema.json');
