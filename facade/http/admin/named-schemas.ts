import { z } from 'zod';

/** Schemas that the OpenAPI document names; the others stand where they are used. */
export const namedSchemas = z.registry<{ id: string }>();

/** Gives a schema its name in the document. */
export function named<T extends z.ZodType>(id: string, schema: T): T {
  namedSchemas.add(schema, { id });
  return schema;
}
