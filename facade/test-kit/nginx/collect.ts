// Regenerates vectors.json from the nginx on this machine: node facade/test-kit/nginx/collect.ts
import { writeFileSync } from 'node:fs';
import { vectorKeys } from './keys.ts';
import { askNginx, nginxVersion } from './split-clients.ts';

const from = nginxVersion();
if (!from) throw new Error('nginx: expected the binary on PATH, got none. Install the package nginx-light.');
const firstShare = await askNginx(vectorKeys());
writeFileSync(
  new URL('./vectors.json', import.meta.url),
  `${JSON.stringify({ from, firstShare }, null, 2)}\n`,
);
process.stdout.write(`${firstShare.length} vectors from ${from}\n`);
