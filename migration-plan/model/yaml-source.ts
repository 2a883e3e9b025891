import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import { formatKey, type KeyPath, type Problem } from './problem.ts';

/** Plans are written by hand: more than this is a wrong file, and the parser's cost is bounded by it. */
const MAX_BYTES = 1024 * 1024;
const MAX_ALIASES = 100;
const MAX_SYNTAX_PROBLEMS = 20;
const TOO_DEEP = 'expected a plan, got values nested too deeply to read. Write at most a few levels.';

/** A plan file read as YAML: its value as written (nothing substituted yet) and the line of every key. */
export type YamlSource = {
  readonly file: string;
  readonly value: unknown;
  /** Line of the key at `path`; of its nearest written parent when that key is not there. */
  lineOf(path: KeyPath): number;
};

/** Reads bytes as one YAML 1.2 document. Answers null as source when the text cannot be understood at all. */
export function readYamlSource(
  file: string,
  bytes: Uint8Array,
): { source: YamlSource | null; problems: Problem[] } {
  const problems: Problem[] = [];
  const fail = (line: number, message: string, key = '') =>
    problems.push({ file, line, key, message, severity: 'error' });

  if (bytes.length > MAX_BYTES) {
    fail(
      0,
      `expected at most 1 MiB, got ${bytes.length} bytes. Plan files are short: is this the right file?`,
    );
    return { source: null, problems };
  }
  const text = decode(bytes, fail);
  if (text === null) return { source: null, problems };

  const lines = new LineCounter();
  let document: Document.Parsed;
  let value: unknown;
  try {
    document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      merge: true,
      strict: true,
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    fail(1, TOO_DEEP);
    return { source: null, problems };
  }
  const lineAt = (offset: number) => lines.linePos(Math.min(offset, text.length)).line;
  for (const error of [...document.errors, ...document.warnings].slice(0, MAX_SYNTAX_PROBLEMS)) {
    const { message, last } = syntaxMessage(error.code, error.message);
    fail(lineAt(error.pos[0]), message);
    if (last) break;
  }
  if (problems.length > 0) return { source: null, problems };
  reportDuplicates(document, lineAt, fail);
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
    const unknown = /^Unresolved alias.*: (.*)$/.exec(error.message)?.[1];
    if (unknown === undefined) {
      fail(1, `expected at most ${MAX_ALIASES} values through aliases, got more. Write the values out.`);
    } else {
      fail(
        lineAt(aliasOffset(document, unknown)),
        `expected an anchor \`&${unknown}\` above its alias, got none. Write \`&${unknown}\` at the value it stands for.`,
      );
    }
    return { source: null, problems };
  }
  return { source: { file, value, lineOf: (path) => lineOf(document, path, lineAt) }, problems };
}

function decode(bytes: Uint8Array, fail: (line: number, message: string) => void): string | null {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    fail(1, 'expected UTF-8 text, got UTF-16. Save the file as UTF-8.');
    return null;
  }
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    return decoder.decode(bytes);
  } catch {
    let line = 1;
    let start = 0;
    for (let end = 0; end <= bytes.length; end++) {
      if (end < bytes.length && bytes[end] !== 0x0a) continue;
      try {
        new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(start, end));
      } catch {
        break;
      }
      line++;
      start = end + 1;
    }
    fail(line, 'expected UTF-8 text, got bytes that are not UTF-8. Save the file as UTF-8.');
    return null;
  }
}

/** A message for a parser's error; after a `last` one the errors that follow are its echo. */
function syntaxMessage(code: string, message: string): { message: string; last: boolean } {
  const last =
    code === 'MISSING_CHAR' ||
    code === 'IMPOSSIBLE' ||
    code === 'BLOCK_AS_IMPLICIT_KEY' ||
    message.includes('call stack');
  if (message.includes('call stack')) return { message: TOO_DEEP, last };
  const bracket = /^Flow \w+ in block collection .* end with a (.)/.exec(message)?.[1];
  if (bracket) {
    const opening = bracket === ']' ? '[' : '{';
    return {
      message: `expected a closing \`${bracket}\`, got none. Close the \`${opening}\` that was opened above.`,
      last,
    };
  }
  const quote = /Missing closing (.)quote/.exec(message)?.[1];
  if (quote) {
    return {
      message: `expected a closing ${quote}, got none. Close the quoted text that begins above.`,
      last,
    };
  }
  const first = message.split('\n')[0] ?? '';
  return { message: SYNTAX_MESSAGES[code] ?? `expected YAML, got a syntax error: ${first}.`, last };
}

const SYNTAX_MESSAGES: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'expected spaces as indentation, got a tab. Write two spaces a level.',
  BAD_INDENT:
    'expected keys of one mapping in one column, got another indentation. Line them up with spaces.',
  BLOCK_AS_IMPLICIT_KEY:
    'expected one `key: value` a line, its keys in one column, got a key inside of a value. Line them up with spaces.',
  MULTIPLE_DOCS: 'expected one document, got a second one after `---`. Write one file for each.',
  TAG_RESOLVE_FAILED: 'expected plain YAML, got a tag (`!…`). Write the value without it.',
};

function aliasOffset(document: Document.Parsed, name: string): number {
  let offset = 0;
  visit(document, {
    Alias(_, alias) {
      if (alias.source !== name) return undefined;
      offset = alias.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return offset;
}

/** YAML parsers keep the last of two equal keys; a plan in which one silently wins is refused instead. */
function reportDuplicates(
  document: Document.Parsed,
  lineAt: (offset: number) => number,
  fail: (line: number, message: string, key: string) => void,
): void {
  visit(document, {
    Map(_, map, ancestors) {
      const first = new Map<string, number>();
      for (const pair of map.items) {
        if (!isScalar(pair.key)) continue;
        const name = String(pair.key.value);
        const line = lineAt(pair.key.range?.[0] ?? 0);
        const before = first.get(name);
        if (before === undefined) first.set(name, line);
        else {
          const key = formatKey([...pathOf([...ancestors, map]), name]);
          fail(
            line,
            `expected each key once, got \`${name}\` again (first in line ${before}). Keep one.`,
            key,
          );
        }
      }
    },
  });
}

function pathOf(ancestors: readonly unknown[]): (string | number)[] {
  const path: (string | number)[] = [];
  ancestors.forEach((node, index) => {
    const child = ancestors[index + 1];
    if (isSeq(node) && child !== undefined) path.push(node.items.indexOf(child));
    const key = (node as { key?: unknown }).key;
    if (key !== undefined && isScalar(key)) path.push(String(key.value));
  });
  return path;
}

function lineOf(document: Document.Parsed, path: KeyPath, lineAt: (offset: number) => number): number {
  let node: unknown = document.contents;
  let line = document.contents?.range ? lineAt(document.contents.range[0]) : 1;
  if (path.length <= 1) line = 1;
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      if (!pair) return line;
      line = lineAt((pair.key as Node).range?.[0] ?? 0);
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(part)] as Node | undefined;
      if (!item) return line;
      if (item.range) line = lineAt(item.range[0]);
      node = item;
    } else {
      return line;
    }
  }
  return line;
}
