import type { Answer } from '#facade/core/compare/index.ts';

/** Members by name, items by their place, or a header. */
export const CAPTURE_PATH = '\\$(?:\\.[\\w-]+|\\[\\d+\\])*|header:[A-Za-z0-9-]+';

/** A captured value as JSON writes it: `17`, `"a"`, `9007199254740993`. */
export type Captured = ReadonlyMap<string, string>;

/** The value at `path` as JSON text with all its digits; null where there is none, or no single value. */
export function capture(answer: Answer, path: string): string | null {
  const header = /^header:(.+)$/.exec(path)?.[1]?.toLowerCase();
  if (header !== undefined) {
    const value = [answer.headers[header]].flat()[0];
    return value === undefined ? null : JSON.stringify(value);
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(answer.body).toString('utf8'), exactly as never);
  } catch {
    return null;
  }
  for (const [, member, item] of path.matchAll(/\.([\w-]+)|\[(\d+)\]/g)) {
    if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return null;
    const key = member ?? (item as string);
    value = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
  }
  if (value instanceof ExactNumber) return value.text;
  return typeof value === 'string' || typeof value === 'boolean' ? JSON.stringify(value) : null;
}

class ExactNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function exactly(_key: string, value: unknown, { source }: { source?: string }): unknown {
  return typeof value === 'number' ? new ExactNumber(source ?? String(value)) : value;
}

const HOLES = /\{\{(\w+)\}\}/g;

/** `text` with each `{{name}}` replaced; `encode` as the place needs it. Throws UnknownCapture for a name without a value. */
export function fill(text: string, captured: Captured, encode: (value: string) => string = (v) => v): string {
  return text.replace(HOLES, (_, name: string) => encode(plain(valueNamed(name, captured))));
}

/** The same in every text of a JSON value; a text that is one hole alone takes the value with its type. As JSON text. */
export function fillJson(value: unknown, captured: Captured): string {
  if (typeof value === 'string') {
    const whole = /^\{\{(\w+)\}\}$/.exec(value)?.[1];
    return whole === undefined ? JSON.stringify(fill(value, captured)) : valueNamed(whole, captured);
  }
  if (Array.isArray(value)) return `[${value.map((item) => fillJson(item, captured)).join(',')}]`;
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}:${fillJson(item, captured)}`)
      .join(',')}}`;
  return JSON.stringify(value ?? null);
}

export class UnknownCapture extends Error {}

function valueNamed(name: string, captured: Captured): string {
  const value = captured.get(name);
  if (value === undefined) throw new UnknownCapture(`expected a value for {{${name}}}, got none`);
  return value;
}

const plain = (json: string): string => (json.startsWith('"') ? (JSON.parse(json) as string) : json);

const JSON_TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const NAMING_HEADERS = ['location', 'content-location'];

/**
 * The candidate's answer with what it captured written as legacy captured it: its own ids count as equal, as a value of
 * the same JSON type or as a segment of a path, and nowhere else.
 */
export function withIdsOfLegacy(answer: Answer, legacy: Captured, candidate: Captured): Answer {
  const values = new Map<string, string>();
  const segments = new Map<string, string>();
  for (const [name, own] of candidate) {
    const theirs = legacy.get(name);
    if (theirs === undefined || theirs === own) continue;
    if (own.startsWith('"') === theirs.startsWith('"')) values.set(own, theirs);
    segments.set(encodeURIComponent(plain(own)), encodeURIComponent(plain(theirs)));
  }
  if (values.size + segments.size === 0) return answer;
  const inPath = (text: string) =>
    text.replace(/(?<=\/)[^/?#"\\]+/g, (segment) => segments.get(segment) ?? segment);
  const headers = { ...answer.headers };
  for (const name of NAMING_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string') headers[name] = inPath(value);
  }
  if (!/[/+]json\b/.test(String(answer.headers['content-type'] ?? ''))) return { ...answer, headers };
  const text = Buffer.from(answer.body).toString('utf8');
  const body = text.replace(
    JSON_TOKEN,
    (token) => values.get(token) ?? (token.startsWith('"') ? inPath(token) : token),
  );
  return { ...answer, headers, body: Buffer.from(body) };
}
