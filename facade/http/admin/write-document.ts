import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { publishedDocument } from './published-document.ts';

/** Writes facade/openapi.yaml: `npm run schema`. */
writeFileSync(
  new URL('../../openapi.yaml', import.meta.url),
  stringify(publishedDocument(), { aliasDuplicateObjects: false, lineWidth: 0 }),
);
console.log('wrote facade/openapi.yaml');
