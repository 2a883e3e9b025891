import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export type Json = Readonly<Record<string, unknown>>;
export type Schema = Json;
type Header = { readonly required?: boolean; readonly schema: Schema };
type Content = Readonly<Record<string, { readonly schema: Schema; readonly example?: unknown }>>;
export type Answer = {
  /** Where it stands in the document, as a JSON pointer. */
  readonly at: string;
  readonly headers: Readonly<Record<string, Header>>;
  readonly content: Content;
};
export type Operation = {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly tag: string;
  readonly quirks: readonly string[];
  readonly pattern: RegExp;
  readonly answers: ReadonlyMap<number, Answer>;
  readonly body: { readonly at: string; readonly content: Content } | null;
  /** The path with its examples in place of parameters. */
  readonly example: string;
};

/** The contract, as it is written down. Read as a file: it outlives this application. */
const FILE = join(import.meta.dirname, '../../../migration-plan/contract/openapi.yaml');

/** The document as plain objects; aliases are copies, so that every part is an object of its own. */
export function readDocument(): Json {
  return JSON.parse(JSON.stringify(parse(readFileSync(FILE, 'utf8')))) as Json;
}

type Parameter = { name: string; in: string; schema: { enum?: string[] }; example?: unknown };
type Described = {
  operationId: string;
  tags: [string];
  'x-quirks'?: string[];
  parameters?: Parameter[];
  requestBody?: { content: Content };
  responses: Record<string, { headers?: Record<string, Header>; content?: Content }>;
};

/** Every operation of the document, the ones with the most literal paths first. */
export function operationsOf(document: Json): Operation[] {
  const paths = document.paths as Record<string, Record<string, Described>>;
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => operation(document, path, method, described)),
  );
  return all.sort((a, b) => a.path.split('{').length - b.path.split('{').length);
}

function operation(document: Json, path: string, method: string, described: Described): Operation {
  const own = pointer('paths', path, method);
  const parameters = (described.parameters ?? []).map((given) => resolve(document, given, '').value);
  const inPath = new Map(parameters.filter((p) => p.in === 'path').map((p) => [p.name, p]));
  const answers = new Map<number, Answer>();
  for (const [status, given] of Object.entries(described.responses)) {
    const { value, at } = resolve(document, given, `${own}/responses/${status}`);
    const headers = Object.entries(value.headers ?? {}).map(
      ([name, header]) => [name.toLowerCase(), resolve(document, header, '').value] as const,
    );
    answers.set(Number(status), { at, headers: Object.fromEntries(headers), content: value.content ?? {} });
  }
  const body = described.requestBody && resolve(document, described.requestBody, `${own}/requestBody`);
  const parts = path.split(/\{(\w+)\}/);
  return {
    id: described.operationId,
    method,
    path,
    tag: described.tags[0],
    quirks: described['x-quirks'] ?? [],
    pattern: new RegExp(
      `^${parts.map((part, i) => (i % 2 === 0 ? part.replaceAll('.', '\\.') : `(?:${inPath.get(part)?.schema.enum?.join('|') ?? '[^/]+'})`)).join('')}/?$`,
      'i',
    ),
    answers,
    body: body ? { at: body.at, content: body.value.content } : null,
    example: parts.map((part, i) => (i % 2 === 0 ? part : String(inPath.get(part)?.example))).join(''),
  };
}

/** The quirks that hold for every operation. */
export function quirksEverywhere(document: Json): readonly string[] {
  return document['x-quirks'] as string[];
}

/** What a reference leads to, and where that stands. */
function resolve<T>(document: Json, given: T, at: string): { value: T; at: string } {
  const reference = (given as { $ref?: string }).$ref;
  if (reference === undefined) return { value: given, at };
  const value = reference
    .split('/')
    .slice(1)
    .reduce<unknown>((node, part) => (node as Json)[part], document);
  return resolve(document, value as T, reference);
}

export function pointer(...parts: string[]): string {
  return [
    '#',
    ...parts.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))),
  ].join('/');
}

/** A schema with what it refers to, as if both were written in one place; what stands beside a reference wins. */
export function merged(document: Json, schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  const { $ref, ...own } = schema;
  const target = String($ref)
    .split('/')
    .slice(1)
    .reduce<unknown>((node, part) => (node as Json)[part], document);
  return { ...merged(document, target as Schema), ...own };
}

/** Every sentence that an answer may have as its `error`, as far as the schema lists them. */
export function errorsOf(document: Json, schema: Schema): string[] {
  const node = merged(document, schema);
  const own = (node.properties as { error?: { enum?: string[] } } | undefined)?.error?.enum ?? [];
  const parts = ['oneOf', 'anyOf', 'allOf'].flatMap((key) => (node[key] as Schema[] | undefined) ?? []);
  return [...own, ...parts.flatMap((part) => errorsOf(document, part))];
}
