import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { STALENESS_MS } from './identity-bridge/legacy-identity.ts';
import { loadTranslator } from './relay/translator-module.ts';
import { quirks } from './translators/freelancers.ts';
import { quirks as quirksOfTimesheets } from './translators/timesheets.ts';

describe('the README', () => {
  let readme = '';
  let folder = '';
  beforeAll(async () => {
    readme = await readFile(resolve(import.meta.dirname, 'README.md'), 'utf8');
    folder = await mkdtemp(join(tmpdir(), 'fig-test-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each([
    ['freelancers', quirks],
    ['timesheets', quirksOfTimesheets],
  ])('has the table of quirks that the translator of %s has', (name, quirks) => {
    const section = readme.split('\n## ').find((text) => text.startsWith(`Quirks of ${name}\n`)) ?? '';
    const rows = section.split('\n').filter((line) => line.startsWith('| `'));
    const cells = rows.map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
    expect(cells).toEqual(quirks.map(({ name, where, what }) => [`\`${name}\``, where, what]));
  });

  test('names quirks as the page of the monolith does', async () => {
    const page = await readFile(join(import.meta.dirname, '../legacy-monolith/QUIRKS.md'), 'utf8');
    const onPage = new Set([...page.matchAll(/^### `([^`]+)`$/gm)].map((match) => match[1]));
    const all = [...quirks, ...quirksOfTimesheets];
    expect(all.map(({ name }) => name).filter((name) => !onPage.has(name))).toEqual([]);
  });

  test('names the staleness of sessions that the code has', () => {
    expect(readme).toContain(`believed for ${STALENESS_MS / 1000} seconds`);
  });

  test('shows a translator that the relay loads', async () => {
    const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    await writeFile(join(folder, 'example.ts'), code);
    const translator = await loadTranslator({ ...tags, translator: 'example.ts' }, folder);
    const { toSync } = translator.tables.tags!;
    expect(toSync({ tag_id: 3, tag_name: 'x' })).toEqual({
      key: '3',
      value: { number: 3, name: 'x' },
      quirks: [],
    });
    expect(toSync({ tag_id: 3, tag_name: null })).toEqual({
      key: '3',
      rejected: 'tag_name: expected a text',
    });
  });

  test.each([
    [
      'nothing',
      'export const x = 1;',
      /data\/tags\.yaml translator: expected an export `dataSet` with `tables`, got none/,
    ],
    [
      'no table',
      'export const dataSet = { tables: {} };',
      /expected `tables\.tags\.toSync` to be a function/,
    ],
    [
      'another key',
      "export const dataSet = { tables: { tags: { key: 'id', toSync() {} } } };",
      /to be `tag_id`, got `id`/,
    ],
    [
      'no way back',
      "export const dataSet = { tables: { tags: { key: 'tag_id', toSync() {}, fromSync: 'x' } } };",
      /expected `tables\.tags\.fromSync` to be a function or left out, got a string/,
    ],
    [
      'odd quirks',
      "export const dataSet = { tables: { tags: { key: 'tag_id', toSync() {}, quirkColumns: { x: 'y' } } } };",
      /expected `tables\.tags\.quirkColumns` to list columns by quirk/,
    ],
  ])('a module that exports %s is refused in one line', async (name, code, line) => {
    const translator = `${name.replace(' ', '-')}.ts`;
    await writeFile(join(folder, translator), code);
    await expect(loadTranslator({ ...tags, translator }, folder)).rejects.toThrow(line);
  });

  test('a module that is not there is refused in one line', async () => {
    const load = loadTranslator({ ...tags, translator: 'nowhere.ts' }, folder);
    await expect(load).rejects.toThrow(
      /^data\/tags\.yaml translator: expected a module that loads, got .*nowhere\.ts/,
    );
  });
});

const tags = {
  name: 'tags',
  file: 'data/tags.yaml',
  service: { url: 'http://127.0.0.1:1', stream: 'tags' },
  tables: [{ name: 'tags', key: 'tag_id' }],
  routes: [],
  requests: [],
  jobs: [],
  maxLagMs: 5000,
};
