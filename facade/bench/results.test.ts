import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const read = (file: string) => readFileSync(join(import.meta.dirname, file), 'utf8');
/** How the README calls what RESULTS.md calls otherwise. */
const NAMES: Readonly<Record<string, string>> = {
  'facade, settled route, everything on': 'facade, settled route',
  'facade, every request copied and compared (shadow 100 %)': 'facade, shadow 100 %',
  'Express + http-proxy-middleware, nothing else': 'Express + http-proxy-middleware',
};

test('the README quotes what the bench has written', () => {
  const results = read('RESULTS.md');
  // When, by what, on what.
  expect(results).toMatch(/^`npm run bench -- .+ --write` on \d{4}-\d\d-\d\d, \d+ × .+; load by \w+\.$/m);
  const measured = new Map(
    [...results.matchAll(/^\| ([^|]+) \| (\d+) \[[^|]*\| (?:([\d.]+) \[[^|]*|1 ×) \|/gm)].map(
      ([, name = '', cpu, ratio]) => [name, [cpu, `${ratio ?? '1'} ×`]],
    ),
  );
  const readme = read('../../README.md');
  const section = readme.slice(readme.indexOf('## Speed'), readme.indexOf('## Next'));
  const quoted = [...section.matchAll(/^\| ([^|]+) \| (\d+) \| ([\d.]+ ×) \|$/gm)];
  expect(quoted.length).toBeGreaterThan(4);
  for (const [, name = '', cpu, ratio] of quoted)
    expect([name, cpu, ratio]).toEqual([name, ...(measured.get(NAMES[name] ?? name) ?? [])]);
  const [, few, many] = /takes (\d+) ns with 10 routes and (\d+) ns with 10,000/.exec(results) ?? [];
  expect(section).toContain(`takes ${few} ns in a plan of 10 routes and ${many} ns in one of 10,000`);
});
