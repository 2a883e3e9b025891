import { z } from 'zod';
import { dataSchema } from './data-schema.ts';
import { planSchema } from './plan-schema.ts';
import { routeSchema } from './route-schema.ts';

export type JsonSchema = {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | string[];
  readonly default?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
};

/** The three kinds of plan file, each with where it stands and what its files are checked against. */
export const PLAN_FILE_KINDS = [
  { kind: 'plan', files: 'plan.yaml', mark: 'version', schema: planSchema },
  { kind: 'route', files: 'routes/*.yaml', mark: 'route', schema: routeSchema },
  { kind: 'data', files: 'data/*.yaml', mark: 'set', schema: dataSchema },
] as const;

/** One kind of file as JSON Schema 2020-12, as a person writes it: before defaults and conversion. */
export function jsonSchemaOf(kind: (typeof PLAN_FILE_KINDS)[number]): JsonSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(kind.schema, { io: 'input', target: 'draft-2020-12' });
  return schema as JsonSchema;
}

/**
 * `schema.json`: one JSON Schema for all three kinds, told apart by their first key, so that an editor needs one
 * reference and no fragment of it.
 */
export function planJsonSchema(): Record<string, unknown> {
  const branch = (kind: string) => ({ $ref: `#/$defs/${kind}` });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Migration plan',
    description: 'plan.yaml (has `version`), routes/*.yaml (has `route`) or data/*.yaml (has `set`).',
    if: { type: 'object', required: ['route'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: branch('route'),
    else: {
      if: { type: 'object', required: ['set'] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: branch('data'),
      else: branch('plan'),
    },
    $defs: Object.fromEntries(PLAN_FILE_KINDS.map((kind) => [kind.kind, jsonSchemaOf(kind)])),
  };
}
