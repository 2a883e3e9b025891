import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { createApp, type LegacyApp } from './app.ts';
import { migrate } from './db/migrate.ts';
import { type Json, merged, operationsOf, pointer, readDocument } from './testing/contract/document.ts';
import { validatorAt } from './testing/contract/recorder.ts';
import { SQLITE_KIND, type TestDatabase } from './testing/databases.ts';

const document = readDocument();
const operations = operationsOf(document);

let database: TestDatabase;
let legacy: LegacyApp;
beforeAll(async () => {
  database = await SQLITE_KIND.create();
  const db = database.open();
  await migrate(db);
  legacy = createApp(db, 'a secret for tests', () => {});
});
afterAll(async () => {
  legacy.stop();
  await database.drop();
});

test('is valid OpenAPI 3.1', async () => {
  expect(document.openapi).toBe('3.1.0');
  expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true });
});

test('has exactly the routes that the application has', () => {
  type Layer = { route?: { path: string; methods: Record<string, boolean> } };
  const layers = (legacy.app as unknown as { router: { stack: Layer[] } }).router.stack;
  const routes = layers.flatMap(({ route }) =>
    route
      ? Object.keys(route.methods).map((method) => `${method} ${route.path.replace(/:(\w+)/g, '{$1}')}`)
      : [],
  );
  expect(routes.length).toBeGreaterThan(60);
  // these two are served by a middleware, which is no route
  expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(
    [...routes, 'get /static', 'get /static/{file}'].sort(),
  );
});

test('every operation has a name of its own and one tag that is explained', () => {
  const ids = operations.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const tags = (document.tags as { name: string }[]).map(({ name }) => name);
  expect([...new Set(operations.map(({ tag }) => tag))].sort()).toEqual([...tags].sort());
});

test('every tag is covered by a suite', () => {
  const suites = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'));
  const covered = suites.flatMap((text) => [
    ...[...text.matchAll(/describeOffice\('(\w+)'/g)].map((m) => m[1]!),
    ...[...text.matchAll(/coversContract\(\[([^\]]*)\]/g)].flatMap((m) =>
      [...m[1]!.matchAll(/'(\w+)'/g)].map((one) => one[1]!),
    ),
  ]);
  const tags = (document.tags as { name: string }[]).map(({ name }) => name);
  expect(covered.sort()).toEqual([...tags].sort());
});

test('every example fits its schema', () => {
  const wrong: string[] = [];
  let seen = 0;
  const look = (node: unknown, at: string) => {
    if (typeof node !== 'object' || node === null) return;
    const { schema, example, examples } = node as Json;
    const all = [
      ...(example === undefined ? [] : [example]),
      ...Object.values((examples ?? {}) as Record<string, { value: unknown }>).map(({ value }) => value),
    ];
    if (schema !== undefined && !Array.isArray(examples)) {
      for (const one of all) {
        seen += 1;
        const validate = validatorAt(`${at}/schema`);
        if (!validate(one)) wrong.push(`${at}: ${JSON.stringify(validate.errors)}`);
      }
    } else if (Array.isArray(examples)) {
      for (const one of examples) {
        seen += 1;
        const validate = validatorAt(at);
        if (!validate(one)) wrong.push(`${at}: ${JSON.stringify(validate.errors)}`);
      }
    }
    for (const [key, child] of Object.entries(node)) {
      if (key !== 'example' && key !== 'examples') look(child, `${at}/${pointer(key).slice(2)}`);
    }
  };
  look(document, '#');
  expect(wrong).toEqual([]);
  expect(seen).toBeGreaterThan(60);
});

test('objects in answers are closed, so that a new field is a difference', () => {
  const open: string[] = [];
  const look = (schema: Json, at: string, closed: boolean) => {
    const node = merged(document, schema);
    const here = closed || node.additionalProperties === false || node.unevaluatedProperties === false;
    if (node.type === 'object' && !here) open.push(at);
    for (const key of ['oneOf', 'anyOf', 'allOf'])
      for (const part of (node[key] as Json[]) ?? []) look(part, `${at} ${key}`, here && key === 'allOf');
    for (const [name, property] of Object.entries((node.properties as Record<string, Json>) ?? {}))
      look(property, `${at}.${name}`, false);
    if (node.items) look(node.items as Json, `${at}[]`, false);
  };
  for (const { id, answers } of operations)
    for (const [status, { content }] of answers)
      for (const { schema } of Object.values(content)) look(schema, `${id} ${status}`, false);
  expect(open).toEqual([]);
});
