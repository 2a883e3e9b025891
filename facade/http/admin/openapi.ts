import { z } from 'zod';
import { PROBLEMS } from '../problem-codes.ts';
import { named, namedSchemas } from './named-schemas.ts';
import { type Operation, problemsOf } from './operation.ts';

named(
  'Problem',
  z
    .looseObject({
      type: z.literal('about:blank'),
      title: z.string(),
      status: z.int(),
      detail: z.string(),
      code: z.string(),
      errors: z
        .array(z.looseObject({ message: z.string() }))
        .optional()
        .describe('Every fault of the request (`path`) or of the plan (`file`, `line`, `key`).'),
    })
    .describe('RFC 9457 problem details. `code` is stable; facade/README.md lists what each one means.'),
);

type JsonSchema = Record<string, unknown>;

/** The OpenAPI 3.1 document of operations, from the schemas that they are served with. */
export function openapiDocument(operations: readonly Operation[]): Record<string, unknown> {
  const shapes = shapesOf(operations);
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations)
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method]: operationObject(operation, shapes),
    };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Admin API of the facade',
      version: '1',
      description:
        'Where routes stand, and how they move. The actor of a change comes from the token. `force` in a body asks for the role admin.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: 'http://127.0.0.1:8081' }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: shapes.components,
    },
  };
}

function operationObject(operation: Operation, shapes: Shapes): object {
  const { id, summary, role, body, answer } = operation;
  return {
    operationId: id,
    summary,
    ...(role === null ? { security: [] } : { 'x-role': role }),
    parameters: parameters(operation, shapes),
    ...(body
      ? { requestBody: { required: true, content: { 'application/json': { schema: shapes.of(body) } } } }
      : {}),
    responses: {
      ...(answer ? answerObject(answer, shapes) : {}),
      ...problemObjects(operation),
      default: { description: 'Something else went wrong.', content: problemContent() },
    },
  };
}

function answerObject(answer: NonNullable<Operation['answer']>, shapes: Shapes): Record<string, object> {
  const { status, description, schema, mediaType = 'application/json' } = answer;
  return { [status]: { description, content: { [mediaType]: { schema: shapes.of(schema) } } } };
}

function parameters({ path, query, headers = {} }: Operation, shapes: Shapes): object[] {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const properties = query ? (shapes.of(query).properties as Record<string, JsonSchema>) : {};
  return [
    ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema })),
    ...Object.entries(headers).map(([name, description]) => ({
      name,
      in: 'header',
      description,
      schema: { type: 'string' },
    })),
  ];
}

function problemObjects(operation: Operation): Record<string, object> {
  const byStatus = Map.groupBy(problemsOf(operation), (code) => PROBLEMS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      String(status),
      {
        description: codes.map((code) => `${code}: ${PROBLEMS[code].meaning}`).join(' '),
        content: problemContent(codes),
      },
    ]),
  );
}

const PROBLEM = { $ref: '#/components/schemas/Problem' };

function problemContent(codes?: readonly string[]): object {
  const schema = codes ? { allOf: [PROBLEM, { properties: { code: { enum: codes } } }] } : PROBLEM;
  return { 'application/problem+json': { schema } };
}

const uri = (id: string) => `#/components/schemas/${id}`;

type Shapes = {
  /** JSON Schema of one schema: of a named one, and of named ones inside it, a reference. */
  of(schema: z.ZodType): JsonSchema;
  /** The named ones, whole. */
  readonly components: Record<string, JsonSchema>;
};

// All are made in one registry, so that references between them come out as such.
function shapesOf(operations: readonly Operation[]): Shapes {
  const registry = z.registry<{ id: string }>();
  const places = new Map<z.ZodType, string>();
  for (const [id, schema] of namedSchemas._idmap) registry.add(schema, { id });
  for (const { body, query, answer } of operations)
    for (const schema of [body, query, answer?.schema])
      if (schema && !registry.has(schema)) {
        const id = `inline-${places.size}`;
        places.set(schema, id);
        registry.add(schema, { id });
      }
  const { schemas } = z.toJSONSchema(registry, { io: 'input', uri });
  const made = Object.entries(schemas).map(([id, { $id: _id, $schema: _schema, ...schema }]) => [id, schema]);
  const byId = Object.fromEntries(made) as Record<string, JsonSchema>;
  const inline = new Set(places.values());
  return {
    of(schema) {
      const place = places.get(schema);
      return place === undefined
        ? { $ref: uri(registry.get(schema)?.id ?? '') }
        : (byId[place] as JsonSchema);
    },
    components: Object.fromEntries(Object.entries(byId).filter(([id]) => !inline.has(id))),
  };
}
