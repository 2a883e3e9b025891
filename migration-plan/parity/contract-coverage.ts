import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { type Json, merged } from './generate/openapi.ts';

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options', 'trace'];

type Operation = { readonly method: string; readonly path: string; readonly statuses: readonly string[] };
export type Contract = {
  readonly file: string;
  readonly document: Json;
  readonly operations: readonly Operation[];
};

/** How much of a contract a suite has met, one entry per operation and status that it says. */
export type ContractCoverage = {
  readonly file: string;
  readonly met: number;
  readonly of: number;
  /** `GET /api/articles/{id} 404`, in the order of the contract. */
  readonly missing: readonly string[];
};

/**
 * Reads an OpenAPI document, in YAML or JSON; every alias is a copy, and so is a path that stands elsewhere in it. Throws an
 * Error that says what is wrong with it.
 */
export function readDocument(file: string): Json {
  let document: unknown;
  try {
    document = JSON.parse(JSON.stringify(parse(readFileSync(file, 'utf8'), { merge: true }) ?? null));
  } catch (error) {
    const { syscall, code, message } = error as NodeJS.ErrnoException;
    const got = syscall === undefined ? message.split('\n')[0] : code;
    throw new Error(`expected an OpenAPI document at ${file}, got ${got}`);
  }
  const paths = (document as { paths?: unknown } | null)?.paths;
  if (typeof paths !== 'object' || paths === null)
    throw new Error(`expected an OpenAPI document with \`paths\` at ${file}, got none`);
  const whole = document as Json;
  return {
    ...whole,
    paths: Object.fromEntries(
      Object.entries(paths).flatMap((one) => (one[0].startsWith('x-') ? [] : [inPlace(whole, one)])),
    ),
  };
}

/** A path of which nothing can be found stays a reference. */
function inPlace(document: Json, [path, item]: [string, unknown]): [string, unknown] {
  if (typeof item !== 'object' || item === null || !Object.hasOwn(item, '$ref')) return [path, item];
  try {
    return [path, merged(document, item)];
  } catch {
    return [path, item];
  }
}

/** The operations of an OpenAPI document and the statuses that they say. Throws as `readDocument` does. */
export function readContract(file: string): Contract {
  const document = readDocument(file);
  const { paths } = document as { paths: object };
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method): Operation[] => {
      const responses = (item as Record<string, { responses?: object } | undefined> | null)?.[method]
        ?.responses;
      return responses ? [{ method: method.toUpperCase(), path, statuses: Object.keys(responses) }] : [];
    }),
  );
  return { file, document, operations };
}

/** Counts what the answers of legacy have met of those operations that the suite is about. */
export class CoverageCount {
  readonly #contract: Contract;
  readonly #met = new Set<string>();
  readonly #belongs: (method: string, path: string) => boolean;

  /** `belongs` says of an operation's method and path, e.g. `/api/articles/{id}`, whether the suite is about it. */
  constructor(contract: Contract, belongs: (method: string, path: string) => boolean) {
    this.#contract = contract;
    this.#belongs = belongs;
  }

  /** `path` as it was sent, with its query. */
  answered(method: string, path: string, status: number): void {
    const operation = this.#operationOf(method, path.replace(/\?.*$/s, ''));
    const said = operation?.statuses.find((one) => saysStatus(one, status));
    if (operation && said) this.#met.add(keyOf(operation, said));
  }

  result(): ContractCoverage {
    const all = this.#contract.operations
      .filter(({ method, path }) => this.#belongs(method, path))
      .flatMap((operation) => operation.statuses.map((status) => keyOf(operation, status)));
    const missing = all.filter((key) => !this.#met.has(key));
    return { file: this.#contract.file, met: all.length - missing.length, of: all.length, missing };
  }

  /** Of several operations that fit, the one with a name of its own where the others have a parameter. */
  #operationOf(method: string, path: string): Operation | null {
    const segments = segmentsOf(path);
    let best: { operation: Operation; rank: string } | null = null;
    for (const operation of this.#contract.operations) {
      const pattern = segmentsOf(operation.path);
      if (operation.method !== method || pattern.length !== segments.length) continue;
      const fits = pattern.every(
        (part, n) => isParameter(part) || part.toLowerCase() === segments[n]?.toLowerCase(),
      );
      const rank = pattern.map((part) => (isParameter(part) ? '1' : '0')).join('');
      if (fits && (!best || rank < best.rank)) best = { operation, rank };
    }
    return best?.operation ?? null;
  }
}

const keyOf = ({ method, path }: Operation, status: string) => `${method} ${path} ${status}`;
const isParameter = (segment: string) => segment.includes('{');
const segmentsOf = (path: string) => path.split('/').filter((segment) => segment !== '');

/** `404`, `4XX` or `default`. */
function saysStatus(said: string, status: number): boolean {
  return said === String(status) || said.toUpperCase() === `${String(status)[0]}XX` || said === 'default';
}
