import fc from 'fast-check';
import { arbitraryOf } from './arbitrary-value.ts';
import type { ContractOperation, Json } from './openapi.ts';

const FORM = 'application/x-www-form-urlencoded';
const isJson = (type: string) => /[/+]json$/.test(type);
/** What can be made from a schema and written down. */
const isWritten = (type: string) => isJson(type) || type === FORM || type.startsWith('text/plain');

export type GeneratedRequest = {
  readonly method: string;
  /** Path and query, encoded. */
  readonly target: string;
  readonly mediaType: string | null;
  readonly body: string | null;
  /** The body before it was written down. */
  readonly value: unknown;
};

/** Requests that an operation of the contract takes: path, query and, in each media type that is no upload, a body. */
export function arbitraryRequest(
  contract: Json,
  operation: ContractOperation,
): fc.Arbitrary<GeneratedRequest> {
  const values = (place: string) => {
    const own = operation.parameters.filter((parameter) => parameter.in === place);
    return fc.record(
      Object.fromEntries(own.map(({ name, schema }) => [name, arbitraryOf(contract, schema, 'json')])),
      { requiredKeys: own.filter(({ required }) => required).map(({ name }) => name) },
    ) as fc.Arbitrary<Record<string, unknown>>;
  };
  const bodies = Object.entries(operation.bodies).filter(([type]) => isWritten(type));
  const body =
    bodies.length === 0
      ? fc.constant({ mediaType: null, body: null, value: undefined })
      : fc.oneof(
          ...bodies.map(([type, { schema }]) =>
            arbitraryOf(contract, schema, type === FORM ? 'text' : 'json').map((v) => written(type, v)),
          ),
        );
  return fc.record({ path: values('path'), query: values('query'), body }).map(({ path, query, body }) => ({
    method: operation.method,
    target: targetOf(operation.path, path, query),
    ...body,
  }));
}

function written(mediaType: string, value: unknown): Pick<GeneratedRequest, 'mediaType' | 'body' | 'value'> {
  if (isJson(mediaType)) return { mediaType, body: JSON.stringify(value), value };
  if (mediaType !== FORM) return { mediaType, body: String(value), value };
  return { mediaType, body: new URLSearchParams(value as Record<string, string>).toString(), value };
}

function targetOf(path: string, given: Record<string, unknown>, query: Record<string, unknown>): string {
  const filled = path.replace(/\{([^}]+)\}/g, (_, name: string) =>
    encodeURIComponent(segment(String(given[name]))),
  );
  const pairs = Object.entries(query).map(([key, value]): [string, string] => [key, String(value)]);
  return pairs.length === 0 ? filled : `${filled}?${new URLSearchParams(pairs)}`;
}

/** Clients take `.` and `..` out of a path before they send it. */
function segment(text: string): string {
  return /^\.{1,2}$/.test(text) ? `${text}x` : text;
}
