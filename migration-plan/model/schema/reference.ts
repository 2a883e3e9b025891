import { type JsonSchema, jsonSchemaOf, PLAN_FILE_KINDS } from './json-schema.ts';

/** One row of the reference: a key of a plan file. `fallback` is its default as YAML, or whether it has to be written. */
type ReferenceKey = {
  readonly key: string;
  readonly type: string;
  readonly fallback: string;
  readonly meaning: string;
};

/** Every key that a kind of file knows, in the order of the schema; `*` stands for a name, `[]` for an entry. */
function referenceKeys(schema: JsonSchema, prefix = ''): ReferenceKey[] {
  const rows: ReferenceKey[] = [];
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    rows.push({
      key,
      type: typeOf(child),
      fallback: fallbackOf(name, child, schema.required ?? []),
      meaning: child.description ?? '',
    });
    rows.push(...nestedKeys(child, key));
  }
  return rows;
}

function nestedKeys(schema: JsonSchema, key: string): ReferenceKey[] {
  const named = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : null;
  return [
    ...referenceKeys(schema, key),
    ...(named ? nestedKeys(named, `${key}.*`) : []),
    ...(schema.items ? nestedKeys(schema.items, `${key}[]`) : []),
    ...(schema.anyOf ?? []).flatMap((branch) => nestedKeys(branch, key)),
  ];
}

function typeOf(schema: JsonSchema): string {
  const title = schema.title ?? 'mapping';
  if (schema.items) return `list of ${schema.items.title ?? 'mapping'}`;
  if (typeof schema.additionalProperties === 'object') {
    return `mapping of names to ${schema.additionalProperties.title ?? 'mapping'}`;
  }
  return title;
}

function fallbackOf(name: string, schema: JsonSchema, required: readonly string[]): string {
  if (required.includes(name)) return 'required';
  if (schema.default === undefined) return 'absent';
  if (schema.properties !== undefined) return 'the defaults of its keys';
  return `\`${yamlOf(schema.default)}\``;
}

function yamlOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(yamlOf).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => `${key}: ${yamlOf(item)}`);
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
  }
  return String(value);
}

const INTRODUCTION = `# Plan reference

Every key of the plan files, with its type, its default and what it means. This page and [schema.json](schema.json) are
written by \`node migration-plan/model/schema/write.ts\` from the schemas that the program itself reads plans with;
a test fails when they have drifted apart. Check a plan with \`npx fig lint\`.

An editor completes and checks plan files when their first line is
\`# yaml-language-server: $schema=./schema.json\` (\`../schema.json\` in \`routes/\` and \`data/\`). One schema serves all
three kinds of file: it tells them apart by \`version\`, \`route\` and \`set\`.

## Values

| type | written | notes |
|---|---|---|
| duration | \`250ms\`, \`5s\`, \`1.5m\`, \`1h\`, \`2d\`, \`0\` | a unit is required, except for \`0\`; at most 24 days |
| size | \`512B\`, \`16KiB\`, \`1MiB\`, \`10MB\`, \`0\` | KiB, MiB, GiB are powers of 1024; kB, MB, GB of 1000 |
| percentage | \`0.1%\`, \`30%\` | from 0 to 100, with the sign |
| rate | \`100/s\` | a second |
| byte rate | \`240B/s\`, \`1KiB/s\` | a size a second |
| stage | \`shadow\`, \`canary 2.5%\`, \`candidate\`, \`retired\` | shares in steps of 0.01 % |
| match | \`GET /api/articles/:slug\`, \`/api/tags/*rest\`, \`POST /api/search safe\` | \`[METHOD] PATH [safe\\|unsafe]\` |
| name | \`articles\` | lower-case letters, digits and \`-\`; begins with a letter; at most 63 |
| origin | \`http://127.0.0.1:4101\` | http or https, without path, user, query or fragment |
| URL | \`http://127.0.0.1:4120/relay\` | http or https, without user, query or fragment |
| address block | \`10.0.0.0/8\`, \`::1\` | CIDR, IPv4 or IPv6; a bare address stands for itself |
| JSON path | \`$.articles[*].slug\`, \`$..password\` | begins with \`$\` |
| file | \`acl/translators/articles.ts\` | relative to the folder that holds the plan folder |

\`\${VAR}\` in any value is replaced by the environment variable, \`\${VAR:-default}\` by the default when the variable is
unset or empty; \`$$\` is a plain \`$\`. A missing variable without a default is an error at its line. Messages show values
as they stand in the file, never what a variable held.

Keys that are not listed here are refused. \`required\`: has to be written. \`absent\`: off or unknown until it is
written, as its row says. \`[]\` in a key stands for each entry of a list, \`*\` for each name of a mapping.
`;

const HEADINGS = {
  plan: '## plan.yaml\n\nWhat holds for every route.',
  route: '## routes/*.yaml\n\nOne route each. The name of the file is free; keep it the name of the route.',
  data: '## data/*.yaml\n\nOne data set each; the file is called as the set.',
} as const;

const HASHES = `## Hashes

The hash of a route is SHA-256 over its canonical form: every key with its default filled in, sorted, without \`owner\`,
\`targetDate\`, comments, anchors and the file's name. The hash of the plan covers everything that decides traffic: all
routes and data sets, and plan.yaml without \`up\` and \`notify\`. \`credentials\` enter as written, with \`\${VAR}\` unreplaced:
hashes are public, secrets are not.
`;

/** REFERENCE.md, whole. */
export function referencePage(): string {
  const sections = PLAN_FILE_KINDS.map((kind) => {
    const rows = referenceKeys(jsonSchemaOf(kind)).map(
      (row) => `| \`${row.key}\` | ${cell(row.type)} | ${cell(row.fallback)} | ${cell(row.meaning)} |`,
    );
    return `${HEADINGS[kind.kind]}\n\n| key | type | default | meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  return [INTRODUCTION, ...sections, HASHES].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
