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
