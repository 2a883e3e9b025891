import type { CaseReport } from '#plan/parity/report.ts';
import type { Found } from './laboratory.ts';
import type { Mutant } from './mutants.ts';

/** The gravest first. The severity of a row also depends on which of its differences came first. */
const KINDS = ['status', 'missing', 'type', 'value', 'header', 'extra', 'order'];

/** The row of the README's table; of several differences of the gravest kind the most frequent one. */
export function rowOf({ name, what, unseen }: Mutant, fields: readonly Found[]): string {
  const [first] = [...fields].sort(
    (one, other) =>
      KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind) ||
      other.count - one.count ||
      (keyOf(one) < keyOf(other) ? -1 : 1),
  );
  if (first === undefined) return `| \`${name}\` | ${what} | no: ${unseen ?? '?'} |`;
  const reasons = first.reasons.length === 0 ? '' : ` (${[...first.reasons].sort().join(', ')})`;
  const endpoint = first.endpoint.replace(`/${name}/`, '/');
  return `| \`${name}\` | ${what} | \`${endpoint}\`: \`${first.path}\` ${first.kind}${reasons} |`;
}

function keyOf({ endpoint, path }: Found): string {
  return `${endpoint} ${path}`;
}

const ROW = /^\| `([\w-]+)` \|.*\| ([^|]*) \|$/gm;

/** How the parity suite finds a mutant: the first case that does, by its name. */
export function parityCell({ missedByParity }: Mutant, [first]: readonly CaseReport[]): string {
  if (first === undefined) return `no: ${missedByParity ?? '?'}`;
  // How often a request was made smaller is chance.
  return first.name.replace(/ \(request \d.*$/, '').replaceAll('|', '\\|');
}

/** The last cell of each row of the README's table, of the mutants that are named. */
export function parityCellsIn(text: string, names: readonly string[]): Record<string, string> {
  const cells = [...text.matchAll(ROW)].map(([, name = '', cell = '']) => [name, cell] as const);
  return Object.fromEntries(cells.filter(([name]) => names.includes(name)));
}

/** The README's text with those cells written anew. */
export function withParityCells(text: string, cells: ReadonlyMap<string, string>): string {
  return text.replace(ROW, (row, name: string, before: string) => {
    const cell = cells.get(name);
    return cell === undefined ? row : `${row.slice(0, row.length - before.length - 2)}${cell} |`;
  });
}
