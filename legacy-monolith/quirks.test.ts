import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { operationsOf, quirksEverywhere, readDocument } from './testing/contract/document.ts';

type Quirk = {
  readonly name: string;
  /** The heading above it. */
  readonly part: string;
  readonly text: string;
  readonly fields: ReadonlyMap<string, string>;
};

const root = import.meta.dirname;
const page = readFileSync(join(root, 'QUIRKS.md'), 'utf8');
const quirks = page
  .split(/^## /m)
  .slice(1)
  .flatMap((part) => part.split(/^### /m).map((section, n, all) => ({ section, n, part: all[0]!.trim() })))
  .filter(({ n }) => n > 0)
  .map(({ section, part }): Quirk => {
    const [, name = '', rest = ''] = /^`([^`]*)`\n([\s\S]*)/.exec(section) ?? [];
    const fields = new Map([...rest.matchAll(/^- \*\*(\w+):\*\* (.+)$/gm)].map((m) => [m[1]!, m[2]!]));
    return { name, part, text: rest.split('\n- **')[0]!.trim(), fields };
  });

/** Every title of a test, as it is written. */
const titles = new Set(
  (readdirSync(root, { recursive: true }) as string[])
    .filter((name) => /\.test\.ts$|testing\/contract\/covers\.ts$/.test(name))
    .flatMap((name) => {
      const code = readFileSync(join(root, name), 'utf8');
      const quoted = [...code.matchAll(/\(\s*'((?:[^'\\\n]|\\.)+)',\s*(?:async )?\(/g)];
      const template = [...code.matchAll(/test\(`([^`]+)`,/g)];
      return [...quoted, ...template].map((m) => m[1]!);
    }),
);

test('the page has quirks, each with a name of its own', () => {
  expect(quirks.length).toBeGreaterThan(80);
  const names = quirks.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
});

describe.each(quirks.map((quirk) => [quirk.name, quirk] as const))('%s', (_name, { text, fields }) => {
  test('says what, where, why, what to do about it and what proves it', () => {
    expect(text).not.toBe('');
    expect([...fields.keys()]).toEqual(['Where', 'Why', 'Translator', 'Test']);
  });

  test('stands where the page says', () => {
    const places = [...fields.get('Where')!.matchAll(/`([^`]+)` \(([^)]+)\)/g)];
    expect(places.length).toBeGreaterThan(0);
    for (const [, file, names] of places) {
      expect([file, existsSync(join(root, file!))]).toEqual([file, true]);
      const code = readFileSync(join(root, file!), 'utf8');
      for (const [, name] of names!.matchAll(/`([^`]+)`/g))
        expect([
          file,
          name,
          new RegExp(`(function\\*?|const|class) ${name}\\b|^  (async )?${name}\\(`, 'm').test(code),
        ]).toEqual([file, name, true]);
    }
  });

  test('is proved by tests that exist', () => {
    const proofs = [...fields.get('Test')!.matchAll(/"([^"]+)"/g)].map((m) => m[1]!);
    expect(proofs.length).toBeGreaterThan(0);
    expect(proofs.filter((title) => !titles.has(title))).toEqual([]);
  });
});

test('the contract names every quirk that a client can meet, and none that is not on the page', () => {
  const contract = readDocument();
  const named = new Set([
    ...quirksEverywhere(contract),
    ...operationsOf(contract).flatMap((operation) => operation.quirks),
  ]);
  const onPage = new Set(quirks.map(({ name }) => name));
  expect([...named].filter((name) => !onPage.has(name))).toEqual([]);
  // these two parts are about what stands in the tables
  const seen = quirks.filter(({ part }) => part !== 'The nightly job' && part !== 'Schema and data');
  expect(seen.length).toBeGreaterThan(70);
  expect(seen.map(({ name }) => name).filter((name) => !named.has(name))).toEqual([]);
});
