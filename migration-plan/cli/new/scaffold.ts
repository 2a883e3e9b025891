import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ejs from 'ejs';
import { v5 } from 'uuid';
import { type Field, snake, TYPES, written } from './fields.ts';

export type Scaffold = {
  /** `credit-notes`: names the service, its folder, its route and its data set. */
  readonly plural: string;
  /** `credit-note`. */
  readonly entity: string;
  /** Where the monolith has it: `/api/credit-notes`. */
  readonly path: string;
  readonly table: string;
  readonly key: string;
  readonly fields: readonly Field[];
  readonly port: number;
  /** Orders its migration among those of later days, in milliseconds since 1970. */
  readonly createdAt: number;
  /** Place of schema.json, seen from a folder of the plan. */
  readonly schema: string;
};

const TEMPLATES = join(import.meta.dirname, 'templates');
const URL_NAMESPACE = '6ba7b811-9dad-11d1-80b4-00c04fd430c8';

export const variableOf = (plural: string) => `${snake(plural).toUpperCase()}_URL`;
export const camelOf = (name: string) => name.replace(/-(\w)/g, (_dash, letter) => letter.toUpperCase());
const pascalOf = (name: string) => camelOf(name).replace(/^\w/, (letter) => letter.toUpperCase());

/** The files of a service by path: below the repository's root, and below the plan's folder. */
export function scaffoldFiles(given: Scaffold): {
  root: Record<string, string>;
  plan: Record<string, string>;
} {
  const names = namesOf(given);
  const root: Record<string, string> = {};
  const plan: Record<string, string> = {};
  for (const template of globSync('**/*.ejs', { cwd: TEMPLATES }).toSorted()) {
    const text = ejs.render(readFileSync(join(TEMPLATES, template), 'utf8'), names);
    const path = template
      .replace(/\.ejs$/, '')
      .replaceAll('__plural__', given.plural)
      .replaceAll('__entity__', given.entity);
    if (path.startsWith('plan/')) plan[path.slice('plan/'.length)] = text;
    else root[path] = text;
  }
  return { root, plan };
}

/** What the generated sources call their own things: a service of such a name would not be told apart from them. */
export function isTaken(name: string): boolean {
  return ownNames().has(name) || RESERVED.test(name);
}

/** Of the language, besides those that the sources use themselves. */
const RESERVED =
  /^(?:arguments|debugger|delete|do|eval|extends|finally|globalThis|instanceof|interface|package|private|process|protected|public|static|super|var|with|yield)$/;

const ownNames = once((): ReadonlySet<string> => {
  const fields = TYPES.map((type) => ({ name: `zq${type}`, column: `zq_${type}`, type, nullable: true }));
  const { root } = scaffoldFiles({
    plural: 'zqs',
    entity: 'zq',
    path: '/zqs',
    table: 'zqs',
    key: 'id',
    fields,
    port: 1,
    createdAt: 0,
    schema: '',
  });
  const words = new Set<string>();
  for (const [path, text] of Object.entries(root))
    if (path.endsWith('.ts'))
      for (const [word] of text.replace(NO_CODE, '').matchAll(/(?<![.\w$])[A-Za-z_$][\w$]*(?!\s*\??:)/g))
        if (!/zq/i.test(word)) words.add(word);
  return words;
});
/** Comments and texts; those between backticks stay, for the names in them. */
const NO_CODE = /\/\*[\s\S]*?\*\/|\/\/.*$|'[^'\n]*'|"[^"\n]*"/gm;

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

function namesOf({ plural, entity, path, table, key, fields, port, createdAt, schema }: Scaffold) {
  const own = fields.map(written);
  const bodyOf = (sample: 'legacySample' | 'legacyOther', of: typeof own) =>
    `{ ${of.map((field) => `${field.columnKey}: ${field[sample]}`).join(', ')} }`.replaceAll("'", '"');
  const types = new Set(fields.map(({ type }) => type));
  const schemas = [
    ...(types.has('decimal') ? ['decimalText'] : []),
    ...(types.has('date') ? ['isoDate'] : []),
    ...(types.has('timestamp') ? ['isoInstant'] : []),
    ...(types.has('text') ? ['textOf'] : []),
    'wholeNumber',
  ];
  return {
    plural,
    entity,
    path,
    port,
    schema,
    fields: own,
    word: entity.replaceAll('-', ' '),
    words: plural.replaceAll('-', ' '),
    camel: camelOf(entity),
    camelPlural: camelOf(plural),
    Pascal: pascalOf(entity),
    Plural: pascalOf(plural),
    CONST: snake(entity).toUpperCase(),
    VARIABLE: variableOf(plural),
    table: snake(entity),
    timestamp: createdAt,
    legacyTable: table,
    key,
    keyText: JSON.stringify(key),
    kitSchemas: schemas.join(', '),
    legacyBody: bodyOf('legacySample', own),
    legacyEdit: bodyOf('legacyOther', own.slice(0, 1)),
    namespace: v5(`https://fig.example/contexts/${plural}`, URL_NAMESPACE),
  };
}
