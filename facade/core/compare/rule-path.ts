/** A step of a rule's path. `descend`: any depth, this place included. */
export type PathStep =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'any-member' }
  | { readonly kind: 'any-item' }
  | { readonly kind: 'descend' };

/** What JSON writes with a backslash; any other character after one is itself. */
const ESCAPED = /^\\(?:u([0-9a-fA-F]{4})|(.))/s;
const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/**
 * Reads a rule's path: `$`, then `.name`, `["name"]` as JSON writes it or `['name']`, `.*` any member, `[*]` any entry
 * of a list, `..name` a member at any depth, `..[*]` every list at any depth. Paths of a plan were checked when it was
 * loaded (`jsonPath` in migration-plan/model/schema/terms.ts, which says the same as a pattern): another one throws.
 */
export function readRulePath(path: string): readonly PathStep[] {
  const reader = new PathReader(path);
  return reader.steps();
}

class PathReader {
  private readonly path: string;
  private at = 1;

  constructor(path: string) {
    this.path = path;
  }

  steps(): PathStep[] {
    const steps: PathStep[] = [];
    if (this.path[0] !== '$') this.refuse();
    while (this.at < this.path.length) {
      if (this.path.startsWith('..', this.at)) {
        steps.push({ kind: 'descend' });
        this.at += this.path[this.at + 2] === '[' ? 2 : 1;
      }
      steps.push(this.path[this.at] === '[' ? this.bracketed() : this.dotted());
    }
    return steps;
  }

  private dotted(): PathStep {
    const start = this.at + 1;
    let end = start;
    while (end < this.path.length && !/[\s.[]/.test(this.path[end] as string)) end++;
    if (this.path[this.at] !== '.' || end === start) this.refuse();
    this.at = end;
    const name = this.path.slice(start, end);
    return name === '*' ? { kind: 'any-member' } : { kind: 'member', name };
  }

  private bracketed(): PathStep {
    if (this.path.startsWith('[*]', this.at)) {
      this.at += 3;
      return { kind: 'any-item' };
    }
    const quote = this.path[this.at + 1];
    if (quote !== '"' && quote !== "'") this.refuse();
    const characters: string[] = [];
    for (let end = this.at + 2; end < this.path.length; end++) {
      if (this.path[end] === quote) {
        if (this.path[end + 1] !== ']') break;
        this.at = end + 2;
        return { kind: 'member', name: characters.join('') };
      }
      if (this.path[end] !== '\\') {
        characters.push(this.path[end] as string);
        continue;
      }
      const [written, code, letter = ''] = ESCAPED.exec(this.path.slice(end, end + 6)) ?? ['\\'];
      characters.push(code ? String.fromCharCode(Number.parseInt(code, 16)) : (ESCAPES[letter] ?? letter));
      end += written.length - 1;
    }
    return this.refuse();
  }

  private refuse(): never {
    throw new RangeError(`expected a JSON path without indices, got ${this.path.slice(0, 200)}`);
  }
}
