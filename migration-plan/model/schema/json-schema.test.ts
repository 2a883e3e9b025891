import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { loadPlan } from '../load-plan.ts';
import { BAD_PLANS } from '../test-kit/bad-plans.ts';
import { PlanFolders } from '../test-kit/plan-folder.ts';
import { type JsonSchema, jsonSchemaOf, PLAN_FILE_KINDS, planJsonSchema } from './json-schema.ts';
import { referencePage } from './reference.ts';

const folder = new URL('../../', import.meta.url);
const text = (path: string) => readFileSync(new URL(path, folder), 'utf8');
const validate = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true }).compile(
  planJsonSchema(),
);

const folders = new PlanFolders();
afterEach(() => folders.removeAll());

describe('schema.json', () => {
  test('is what the schemas say (node migration-plan/model/schema/write.ts writes it)', () => {
    expect(JSON.parse(text('schema.json'))).toEqual(planJsonSchema());
  });

  test.each([
    'plan.yaml',
    'routes/freelancers.yaml',
    'data/freelancers.yaml',
    'model/test-kit/every-key/plan/plan.yaml',
    'model/test-kit/every-key/plan/routes/articles.yaml',
    'model/test-kit/every-key/plan/routes/authors.yaml',
    'model/test-kit/every-key/plan/data/articles.yaml',
  ])('accepts %s', (file) => {
    validate(parse(text(file)));
    expect(validate.errors ?? []).toEqual([]);
  });

  test.each(['plan.yaml', 'routes/freelancers.yaml', 'data/freelancers.yaml'])('is named by %s', (file) => {
    const found = /^# yaml-language-server: \$schema=(\S+)/.exec(text(file))?.[1];
    expect(new URL(found ?? '', new URL(file, folder)).href).toBe(new URL('schema.json', folder).href);
  });

  // The editor must not refuse what the loader accepts; it may let through what only the loader can know.
  test('refuses nothing that the loader accepts', () => {
    for (const { files, env } of BAD_PLANS) {
      const { problems } = loadPlan(folders.write(files), env ?? {}, { missingModules: 'error' });
      for (const [file, content] of Object.entries(files)) {
        if (typeof content !== 'string' || problems.some((problem) => problem.file === file)) continue;
        validate(parse(content));
        expect(validate.errors ?? []).toEqual([]);
      }
    }
  });

  test.each([
    ['an unknown key', { version: 1, candidtes: {} }],
    ['another version', { version: 2 }],
    ['a duration without unit', { version: 1, timeouts: { connect: 2 } }],
    ['a missing key', { route: 'articles', match: ['GET /a'] }],
    ['a stage that is none', { route: 'a', match: ['/a'], candidate: 'c', stages: ['done'] }],
    ['a data set without tables', { set: 'a', service: { url: 'http://a', stream: 'a' } }],
  ])('refuses %s', (_, value) => {
    expect(validate(value)).toBe(false);
  });
});

/** Key paths as the reference writes them, walked here on their own so that the page is checked, not its generator. */
function keysOf(schema: JsonSchema, prefix: string): string[] {
  const branches = [schema, ...(schema.anyOf ?? [])];
  return branches.flatMap((branch) => [
    ...Object.entries(branch.properties ?? {}).flatMap(([name, child]) => {
      const key = `${prefix}${prefix === '' ? '' : '.'}${name}`;
      return [key, ...keysOf(child, key)];
    }),
    ...(branch.items ? keysOf(branch.items, `${prefix}[]`) : []),
    ...(typeof branch.additionalProperties === 'object'
      ? keysOf(branch.additionalProperties, `${prefix}.*`)
      : []),
  ]);
}

describe('REFERENCE.md', () => {
  test('is what the schemas say (node migration-plan/model/schema/write.ts writes it)', () => {
    expect(text('REFERENCE.md')).toBe(referencePage());
  });

  test.each(PLAN_FILE_KINDS.map((kind) => [kind.files, kind] as const))(
    'lists every key of %s with type, default and meaning, and no other',
    (files, kind) => {
      const section =
        text('REFERENCE.md')
          .split(/^## /m)
          .find((part) => part.startsWith(files)) ?? '';
      const rows = [...section.matchAll(/^\| `([^`]+)` \| (.+) \| (.+) \| (.+) \|$/gm)];
      expect(rows.map((row) => row[1]).sort()).toEqual([...new Set(keysOf(jsonSchemaOf(kind), ''))].sort());
      expect(rows.filter((row) => row.some((cell) => cell.trim() === ''))).toEqual([]);
    },
  );

  test('the fixture with every key has every key', () => {
    const fixture = fileURLToPath(new URL('model/test-kit/every-key/plan/', folder));
    const files = { plan: 'plan.yaml', route: 'routes/articles.yaml', data: 'data/articles.yaml' };
    for (const kind of PLAN_FILE_KINDS) {
      const written = readFileSync(`${fixture}${files[kind.kind]}`, 'utf8');
      for (const key of keysOf(jsonSchemaOf(kind), '')) {
        const name = key.split(/[.\]]/).at(-1) ?? '';
        expect(written).toMatch(new RegExp(`\\b${name}:`));
      }
    }
  });
});
