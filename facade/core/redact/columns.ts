import { type NamedSecret, secretByName } from './secret-names.ts';
import type { Span } from './span.ts';

type Cell = { readonly from: number; readonly to: number };

const LONGEST_HEAD = 4096;
const NAME = /^[\p{L}\p{N}_. /()#-]{1,64}$/u;

/** The cells of a table of separated values that stand below a heading which names a secret: `name,password`. */
export function* columns(text: string): Iterable<Span> {
  // Excel has a line of its own that says what separates.
  const start = /^\ufeff?(?:sep=.\r?\n)?/i.exec(text)![0].length;
  const head = /^[^\r\n]*/.exec(text.slice(start, start + LONGEST_HEAD))![0];
  const separator = separatorOf(head);
  if (separator === null) return;
  const rows = rowsOf(text, start, separator);
  const headings = (rows.next().value as readonly Cell[]).map(({ from, to }) => text.slice(from, to).trim());
  if (!headings.every((heading) => heading === '' || NAME.test(heading))) return;
  const kinds: readonly (NamedSecret | null)[] = headings.map(secretByName);
  if (kinds.every((kind) => kind === null)) return;
  let isFirst = true;
  for (const cells of rows) {
    if (cells.length === 1 && cells[0]!.to === cells[0]!.from) continue;
    // Prose has commas too, and another number of them in each line.
    if (isFirst && cells.length !== headings.length) return;
    isFirst = false;
    for (const [index, { from, to }] of cells.entries()) {
      const kind = kinds[index];
      if (kind && to > from) yield { from, to, kind };
    }
  }
}

/** Null for a line that is no heading of several columns. */
function separatorOf(head: string): string | null {
  const counts = [',', ';', '\t', '|'].map((separator) => [separator, head.split(separator).length] as const);
  const [separator, count] = counts.reduce((one, other) => (other[1] > one[1] ? other : one));
  return count > 1 ? separator : null;
}

/** Row by row where the cells are, without their quotes (RFC 4180). */
function* rowsOf(text: string, start: number, separator: string): Generator<readonly Cell[]> {
  const plain = separator === '|' ? /[^|\r\n]*/y : new RegExp(`[^${separator}\\r\\n]*`, 'y');
  const quoted = /[ \t]*"((?:[^"]|"")*)("?)/y;
  let cells: Cell[] = [];
  for (let at = start; at <= text.length; ) {
    quoted.lastIndex = at;
    const inQuotes = text[at] === '"' || text[at] === ' ' ? quoted.exec(text) : null;
    if (inQuotes) {
      const to = quoted.lastIndex - inQuotes[2]!.length;
      cells.push({ from: to - inQuotes[1]!.length, to });
      at = quoted.lastIndex;
    }
    plain.lastIndex = at;
    plain.exec(text);
    if (!inQuotes) cells.push({ from: at, to: plain.lastIndex });
    at = plain.lastIndex;
    if (text[at] === separator) {
      at += 1;
      continue;
    }
    yield cells;
    cells = [];
    at += text.startsWith('\r\n', at) ? 2 : 1;
  }
}
