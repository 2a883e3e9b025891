import { z } from 'zod';

type SchemaName = string;

export type Answer = {
  readonly description: string;
  /** Name of a schema; none means an empty body. */
  readonly schema?: SchemaName;
  /** Header names with what they hold; all of them are always sent. */
  readonly headers?: Readonly<Record<string, string>>;
};

export type Operation = {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** With `{name}` for each path parameter. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly query?: z.ZodObject;
  /** Request header names with what they hold and whether the operation insists on them. */
  readonly headers?: Readonly<Record<string, { description: string; required: boolean }>>;
  readonly body?: { readonly schema: SchemaName; readonly mediaTypes: readonly string[] };
  readonly answers: Readonly<Record<number, Answer>>;
};

export type ApiDescription = {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  readonly schemas: Readonly<Record<SchemaName, z.ZodType>>;
  readonly operations: readonly Operation[];
};

const problemSchema = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    errors: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
  })
  .describe('RFC 9457 problem details. `code` is stable; `errors` names every fault of an invalid request.');

/** OpenAPI 3.1 from the zod schemas that the service parses with. Answers of 400 and above are Problem. */
export function openapiDocument(api: ApiDescription): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of api.operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: operationObject(operation) };
  }
  return {
    openapi: '3.1.0',
    info: { title: api.title, version: api.version, description: api.description },
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: componentSchemas({ ...api.schemas, Problem: problemSchema }),
    },
  };
}

function operationObject(operation: Operation): object {
  const { operationId, summary, body } = operation;
  const answers = Object.entries(operation.answers).map(([status, answer]) => [
    status,
    answerObject(Number(status), answer),
  ]);
  return {
    operationId,
    summary,
    parameters: parameters(operation),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: content(body.mediaTypes, body.schema) } }),
    responses: Object.fromEntries(answers),
  };
}

function parameters({ path, query, headers = {} }: Operation): object[] {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const properties = query === undefined ? {} : (toJson(query).properties ?? {});
  return [
    ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema })),
    ...Object.entries(headers).map(([name, about]) => ({
      name,
      in: 'header',
      ...about,
      schema: { type: 'string' },
    })),
  ];
}

function answerObject(status: number, { description, schema, headers = {} }: Answer): object {
  const name = status >= 400 ? 'Problem' : schema;
  const mediaType = status >= 400 ? 'application/problem+json' : 'application/json';
  const described = Object.entries(headers).map(([header, about]) => [
    header,
    { description: about, required: true, schema: { type: 'string' } },
  ]);
  return {
    description,
    ...(described.length === 0 ? {} : { headers: Object.fromEntries(described) }),
    ...(name === undefined ? {} : { content: content([mediaType], name) }),
  };
}

function content(mediaTypes: readonly string[], schema: SchemaName): object {
  const reference = { schema: { $ref: `#/components/schemas/${schema}` } };
  return Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, reference]));
}

function componentSchemas(schemas: Readonly<Record<SchemaName, z.ZodType>>): object {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const generated = z.toJSONSchema(registry, { io: 'input', uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(
    Object.entries(generated.schemas).map(([id, { $id: _id, $schema: _schema, ...schema }]) => [id, schema]),
  );
}

function toJson(schema: z.ZodObject): { properties?: Record<string, object> } {
  return z.toJSONSchema(schema, { io: 'input' }) as { properties?: Record<string, object> };
}
