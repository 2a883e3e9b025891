import { ratio } from './beats-noise.ts';
import type { FieldNoise } from './noise-table.ts';

/** A rule for the `compare` key of a route, for somebody to judge: nothing is ignored until the plan says so. */
export type Suggestion = {
  readonly rule: 'ignore' | 'unordered' | 'tolerance' | 'equivalent' | 'headers';
  readonly path: string;
  /** The line to put under `compare`. */
  readonly yaml: string;
  readonly reason: string;
  readonly endpoints: readonly string[];
  /** Endpoints where the same difference counts: a rule holds for the whole route and would hide it there too. */
  readonly hides: readonly string[];
};

type Proposal = Pick<Suggestion, 'rule' | 'yaml' | 'reason'>;

/** Fewer differences than this show no pattern. */
const PATTERN = 5;

/** Proposes compare rules from what was learned. `headers` are those that the route compares now. */
export function suggest(fields: readonly FieldNoise[], headers: readonly string[]): Suggestion[] {
  const found = new Map<string, Suggestion>();
  for (const field of fields) {
    const proposal = proposalFor(field, fields, headers);
    if (!proposal) continue;
    const known = found.get(`${proposal.rule} ${field.path}`);
    found.set(`${proposal.rule} ${field.path}`, {
      ...proposal,
      path: field.path,
      // The most frequent comes first, and its figures stay.
      ...(known && { yaml: known.yaml, reason: known.reason }),
      endpoints: [...(known?.endpoints ?? []), field.endpoint],
      hides: field.verdict === 'noise' ? hidden(field, fields) : [],
    });
  }
  return [...found.values()];
}

function proposalFor(
  field: FieldNoise,
  fields: readonly FieldNoise[],
  headers: readonly string[],
): Proposal | null {
  // Longer paths than a rule can hold were cut.
  if (field.path.includes('…')) return null;
  if (field.kind === 'header') return field.verdict === 'noise' ? headerLeftOut(field, headers) : null;
  if (!field.path.startsWith('$')) return null;
  if (field.kind === 'order') return unordered(field, fields);
  return field.verdict === 'noise' ? ignore(field) : converted(field);
}

function ignore(field: FieldNoise): Proposal {
  return {
    rule: 'ignore',
    yaml: `ignore: [${JSON.stringify(field.path)}]`,
    reason: `\`${field.path}\` ${bothRates(field)}: ignore`,
  };
}

function headerLeftOut(field: FieldNoise, headers: readonly string[]): Proposal {
  const name = field.path.replace(/^header:/, '');
  return {
    rule: 'headers',
    yaml: `headers: [${headers.filter((one) => one.toLowerCase() !== name).join(', ')}]`,
    reason: `the header \`${name}\` ${bothRates(field)}: leave it out`,
  };
}

function unordered(field: FieldNoise, fields: readonly FieldNoise[]): Proposal | null {
  const yaml = `unordered: [${JSON.stringify(field.path)}]`;
  if (field.verdict === 'noise') {
    return {
      rule: 'unordered',
      yaml,
      reason: `the order of \`${field.path}\` ${bothRates(field)}: unordered`,
    };
  }
  const inside = fields.some(
    ({ endpoint, path, kind }) =>
      endpoint === field.endpoint &&
      (path.startsWith(`${field.path}[*]`) || (path === field.path && kind !== 'order')),
  );
  if (inside || field.candidate.seen < PATTERN) return null;
  return {
    rule: 'unordered',
    yaml,
    reason: `\`${field.path}\` holds the same entries in another order in ${percent(field.candidate)} of candidate answers, and differs in nothing else: unordered, if clients do not rely on the order`,
  };
}

/** What differs in the way it is written, always for the same reason. */
function converted(field: FieldNoise): Proposal | null {
  const { path, candidate, distance } = field;
  if (candidate.seen < PATTERN) return null;
  const always = (...reasons: string[]) =>
    reasons.reduce((sum, reason) => sum + (field.reasons[reason] ?? 0), 0) >= candidate.seen;
  const differs = `\`${path}\` differs in ${percent(candidate)} of candidate answers, each time`;
  const equivalent = (as: string, how: string): Proposal => ({
    rule: 'equivalent',
    yaml: `equivalent: [{ path: ${JSON.stringify(path)}, as: ${as} }]`,
    reason: `${differs} ${how}: equivalent as ${as}, if clients read both`,
  });
  if (always('number-as-text')) return equivalent('number', 'as the same number, once as text');
  if (always('boolean-as-text')) return equivalent('boolean', 'as the same truth value, once as text');
  if (always('number-format')) return equivalent('number', 'as the same number, written in another way');
  if (always('date-format')) return equivalent('date', 'as the same moment, written in another way');
  if (always('rounding', 'precision') && distance > 0) {
    const limit = Number(distance.toPrecision(6));
    return {
      rule: 'tolerance',
      yaml: `tolerance: { ${JSON.stringify(path)}: ${limit} }`,
      reason: `${differs} by ${limit} at most, which is rounding: tolerance, if clients do not mind`,
    };
  }
  return null;
}

function hidden(field: FieldNoise, fields: readonly FieldNoise[]): string[] {
  return fields
    .filter(({ path, verdict }) => path === field.path && verdict === 'counts')
    .map(({ endpoint }) => endpoint);
}

function bothRates({ candidate, legacy }: FieldNoise): string {
  return `differs in ${percent(candidate)} of candidate answers and in ${percent(legacy)} of legacy's own repeats`;
}

function percent(rate: { readonly seen: number; readonly of: number }): string {
  return `${Number((ratio(rate) * 100).toPrecision(2))} %`;
}
