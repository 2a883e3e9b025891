import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

type Json = Readonly<Record<string, unknown>>;
type Response = { content?: Json; headers?: Record<string, { required?: boolean }>; $ref?: string };
type Described = { responses: Record<string, Response> };

/** As much of a supertest answer as is compared. */
export type Answered = {
  readonly status: number;
  readonly text?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly request: { readonly method: string; readonly url: string };
};

/**
 * Compares real answers with an OpenAPI 3.1 document: path and method are described, the status is, the body fits
 * its schema, required headers are there. `unmet` lists what is described and was never answered.
 */
export function openapiConformance(document: Json): {
  readonly check: (answer: Answered) => void;
  readonly unmet: () => string[];
} {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(document, 'api');
  const paths = document.paths as Record<string, Record<string, Described>>;
  const met = new Set<string>();
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([key]) => key !== 'parameters')
      .map(([method, operation]) => ({ path, method, operation })),
  );

  const check = ({ status, text = '', headers, request }: Answered): void => {
    const { pathname } = new URL(request.url);
    const found = described.find(
      ({ path, method }) => method === request.method.toLowerCase() && patternOf(path).test(pathname),
    );
    const label = `${request.method} ${pathname}`;
    if (found === undefined) throw new Error(`${label} is not described`);
    const { path, method, operation } = found;
    const given = operation.responses[status];
    const response = given?.$ref === undefined ? given : resolve(document, given.$ref);
    if (response === undefined) throw new Error(`${label}: status ${status} is not described: ${text}`);
    for (const [name, { required }] of Object.entries(response.headers ?? {})) {
      if (required && headers[name.toLowerCase()] === undefined)
        throw new Error(`${label}: no header ${name}`);
    }
    met.add(`${method} ${path} ${status}`);
    if (response.content === undefined) {
      if (text !== '') throw new Error(`${label}: ${status} is described without a body, got ${text}`);
      return;
    }
    const mediaType = headers['content-type']?.split(';')[0] ?? 'no content type';
    if (!(mediaType in response.content))
      throw new Error(`${label}: ${status} with ${mediaType} is not described`);
    if (!mediaType.endsWith('json')) return;
    const own = ['', 'paths', path, method, 'responses', String(status)].map(escapePart).join('/');
    const pointer = `${given?.$ref ?? `#${own}`}/content/${escapePart(mediaType)}/schema`;
    const validate = ajv.getSchema(`api${pointer}`) ?? ajv.compile({ $ref: `api${pointer}` });
    if (!validate(JSON.parse(text)))
      throw new Error(`${label} ${status}: ${ajv.errorsText(validate.errors)}: ${text}`);
  };

  const unmet = (): string[] =>
    described
      .flatMap(({ path, method, operation }) =>
        Object.keys(operation.responses).map((status) => `${method} ${path} ${status}`),
      )
      .filter((label) => !met.has(label));

  return { check, unmet };
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`);
}

/** A part of a JSON pointer in a URI fragment. */
function escapePart(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}

function resolve(document: Json, reference: string): Response {
  const parts = reference.split('/').slice(1);
  return parts.reduce<unknown>((node, part) => (node as Json)[part], document) as Response;
}
