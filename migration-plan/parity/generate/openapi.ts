export type Json = Readonly<Record<string, unknown>>;
type Parameter = {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header' | 'cookie';
  readonly required?: boolean;
  readonly schema: Json;
};
/** One operation of an OpenAPI document as its requests are made from it. */
export type ContractOperation = {
  readonly id: string;
  /** In lower case. */
  readonly method: string;
  readonly path: string;
  /** The first of its tags; '' without any. */
  readonly tag: string;
  readonly parameters: readonly Parameter[];
  /** Schemas of the body by media type; none without a body. */
  readonly bodies: Readonly<Record<string, { readonly schema: Json; readonly example?: unknown }>>;
};

type Described = {
  operationId?: string;
  tags?: string[];
  parameters?: Parameter[];
  requestBody?: { content: ContractOperation['bodies'] };
};
const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options', 'trace'];

export function operationsOf(contract: Json): ContractOperation[] {
  const paths = contract.paths as Record<string, Json>;
  return Object.entries(paths).flatMap(([path, given]) => {
    const item = merged(contract, given) as Json & { parameters?: Parameter[] };
    return METHODS.filter((method) => item[method] !== undefined).map((method) => {
      const described = item[method] as Described;
      const own = (described.parameters ?? []).map((one) => merged(contract, one));
      const shared = (item.parameters ?? [])
        .map((one) => merged(contract, one))
        .filter((one) => !own.some(({ name, in: place }) => name === one.name && place === one.in));
      return {
        id: described.operationId ?? `${method} ${path}`,
        method,
        path,
        tag: described.tags?.[0] ?? '',
        parameters: [...shared, ...own],
        bodies: described.requestBody ? (merged(contract, described.requestBody).content ?? {}) : {},
      };
    });
  });
}

/**
 * A node with what it refers to, as if both were written in one place; what stands beside a reference wins. The parts of
 * `allOf` are one schema. Throws an Error for a reference that leads nowhere, or round in a circle.
 */
export function merged<T>(contract: Json, given: T, seen: readonly string[] = []): T {
  const { $ref, allOf, ...own } = given as {
    $ref?: string;
    allOf?: Json[];
    properties?: Json;
    required?: string[];
  };
  if ($ref !== undefined) {
    if (seen.includes($ref)) throw new Error(`expected ${$ref} to lead to something, got a circle`);
    const target = $ref
      .split('/')
      .slice(1)
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>((node, part) => (node as Json | undefined)?.[part], contract);
    if (typeof target !== 'object' || target === null)
      throw new Error(`expected something at ${$ref}, got nothing`);
    return { ...merged(contract, target, [...seen, $ref]), ...own } as T;
  }
  if (allOf === undefined) return given;
  const parts = [...allOf.map((part) => merged(contract, part, seen)), own] as {
    properties?: Json;
    required?: string[];
  }[];
  return Object.assign({}, ...parts, {
    properties: Object.assign({}, ...parts.map(({ properties }) => properties)),
    required: parts.flatMap(({ required }) => required ?? []),
  });
}
