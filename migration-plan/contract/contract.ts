import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export type Json = Readonly<Record<string, unknown>>;
type Parameter = {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Json;
};
/** One operation as its requests are made from it. */
export type ContractOperation = {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly tag: string;
  readonly parameters: readonly Parameter[];
  /** Schemas of the body by media type; none without a body. */
  readonly bodies: Readonly<Record<string, { readonly schema: Json; readonly example?: unknown }>>;
};

/** The contract of the monolith as plain objects; every alias is a copy. */
export function readContract(): Json {
  const text = readFileSync(join(import.meta.dirname, 'openapi.yaml'), 'utf8');
  return JSON.parse(JSON.stringify(parse(text))) as Json;
}

type Described = {
  operationId: string;
  tags: [string];
  parameters?: Parameter[];
  requestBody?: { content: ContractOperation['bodies'] };
};

export function operationsOf(contract: Json): ContractOperation[] {
  const paths = contract.paths as Record<string, Record<string, Described>>;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      id: described.operationId,
      method,
      path,
      tag: described.tags[0],
      parameters: (described.parameters ?? []).map((given) => merged(contract, given)),
      bodies: described.requestBody ? merged(contract, described.requestBody).content : {},
    })),
  );
}

/** A node with what it refers to, as if both were written in one place; what stands beside a reference wins. */
export function merged<T>(contract: Json, given: T): T {
  const { $ref, ...own } = given as { $ref?: string };
  if ($ref === undefined) return given;
  const target = $ref
    .split('/')
    .slice(1)
    .reduce<unknown>((node, part) => (node as Json)[part], contract);
  return { ...merged(contract, target as object), ...own } as T;
}
