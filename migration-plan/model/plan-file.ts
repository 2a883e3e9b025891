import type { ZodType } from 'zod';
import { setVariables, substitute } from './environment.ts';
import { issueProblems } from './issue-problems.ts';
import { formatKey, type KeyPath, type Problem } from './problem.ts';
import { refusalText } from './reading.ts';
import type { YamlSource } from './yaml-source.ts';

/** Under these keys stand credentials: a message names their type, never their text. */
const SECRET_KEYS = new Set(['credentials', 'env']);
const MAX_SHOWN = 80;

/**
 * One plan file after substitution: its value for the schemas, and how each value was written for the messages.
 * Messages show what stands in the file, so a secret that came from the environment is never printed.
 */
export class PlanFile {
  readonly file: string;
  readonly value: unknown;
  readonly written: unknown;
  readonly problems: Problem[] = [];
  readonly #source: YamlSource;
  readonly #env: NodeJS.ProcessEnv;
  /** Keys whose variables could not be replaced: what the schema says about the rest of them would be an echo. */
  readonly #unreplaced = new Set<string>();

  constructor(source: YamlSource, env: NodeJS.ProcessEnv) {
    this.file = source.file;
    this.written = source.value;
    this.#source = source;
    this.#env = env;
    this.value = this.#substituted(source.value, []);
  }

  /** Checks the file against its schema, collecting every problem; undefined when there is one. */
  read<T>(schema: ZodType<T>): T | undefined {
    const result = schema.safeParse(this.value);
    if (result.success) return result.data;
    const problems = issueProblems(this, result.error.issues);
    this.problems.push(...problems.filter((problem) => !this.#unreplaced.has(problem.key)));
    return undefined;
  }

  /** Records a problem; `{got}` in the message becomes the value as written at `path`. */
  report(path: KeyPath, message: string, severity: Problem['severity'] = 'error'): void {
    this.problems.push(this.problem(path, message, severity));
  }

  problem(path: KeyPath, message: string, severity: Problem['severity'] = 'error'): Problem {
    return {
      file: this.file,
      line: this.#source.lineOf(path),
      key: formatKey(path),
      // A function, because `$` in a written value is a pattern to replaceAll.
      message: message.replaceAll('{got}', () => this.got(path)),
      severity,
    };
  }

  valueAt(path: KeyPath): unknown {
    return valueAt(this.value, path);
  }

  /** The value at `path` as a message may show it. */
  got(path: KeyPath): string {
    const written = valueAt(this.written, path);
    if (path.some((part) => SECRET_KEYS.has(String(part)))) return typeName(written);
    if (typeof written !== 'string') return show(written);
    const variables = setVariables(written, this.#env);
    return variables.length === 0 ? show(written) : `${show(written)} with ${variables.join(', ')} set`;
  }

  #substituted(value: unknown, path: KeyPath): unknown {
    if (typeof value === 'string') {
      if (!value.includes('$')) return value;
      const { text, missing, malformed } = substitute(value, this.#env);
      if (missing.length > 0 || malformed) this.#unreplaced.add(formatKey(path));
      for (const name of missing) {
        this.report(
          path,
          `expected the environment variable ${name}, got none. Set it, or write a default: \`\${${name}:-…}\`.`,
        );
      }
      if (malformed) this.report(path, refusalText(`\`\${VAR}\` or \`\${VAR:-default}\``, `\${LEGACY_URL}`));
      return text;
    }
    if (Array.isArray(value)) return value.map((item, index) => this.#substituted(item, [...path, index]));
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, this.#substituted(item, [...path, key])]),
      );
    }
    return value;
  }
}

/** What stands at a key path of plain data, or undefined. */
export function valueAt(value: unknown, path: KeyPath): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, part)) return undefined;
    current = (current as Record<string | number, unknown>)[part];
  }
  return current;
}

function typeName(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value';
  const empty = typeof value === 'object' && Object.keys(value).length === 0 ? 'an empty' : 'a';
  if (Array.isArray(value)) return `${empty} list`;
  return typeof value === 'object' ? `${empty} mapping` : `a ${typeof value}`;
}

function show(value: unknown): string {
  if (value === undefined || value === null || typeof value === 'object') return typeName(value);
  // A text that reads like another type keeps its quotes: that is what is wrong with it.
  const quoted = typeof value === 'string' && /^(-?\d+(\.\d+)?|true|false|null|)$/.test(value);
  const text = (quoted ? JSON.stringify(value) : String(value))
    .replace(/\/\/[^/@\s]*@/g, '//…@')
    .replace(/\p{Cc}/gu, ' ');
  return `\`${text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text}\``;
}
