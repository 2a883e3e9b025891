import { z } from 'zod';
import { openapiDocument } from './openapi.ts';
import { type Operation, operation } from './operation.ts';

/** `GET /v1/openapi.json`: what this API is, of all operations including this one. */
export function documentOperation(others: readonly Operation[]): Operation {
  let document: object | null = null;
  const own = operation({
    id: 'getDocument',
    method: 'get',
    path: '/v1/openapi.json',
    summary: 'This API as an OpenAPI document',
    role: 'viewer',
    answer: {
      status: 200,
      description: 'OpenAPI 3.1.',
      schema: z.looseObject({ openapi: z.string(), paths: z.looseObject({}) }),
    },
    problems: [],
    handle() {
      document ??= openapiDocument([...others, own]);
      return { body: document };
    },
  });
  return own;
}
