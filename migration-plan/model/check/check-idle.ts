import { parseMatch } from '../match.ts';
import { type PlanFile, valueAt } from '../plan-file.ts';

/** Warns of what is allowed and does nothing, or takes the meaning from something else in the same file. */
export function checkIdle(route: PlanFile): void {
  checkRewrite(route);
  checkIgnoredBody(route);
}

function checkRewrite(route: PlanFile): void {
  const from = valueAt(route.value, ['rewrite', 'from']);
  const written = valueAt(route.value, ['match']);
  if (typeof from !== 'string' || !Array.isArray(written)) return;
  const prefix = from.replace(/\/$/, '').toLowerCase();
  const patterns = written.map(parseMatch).flatMap((match) => (match.ok ? [match.value.pattern] : []));
  const isMet = patterns.some((pattern) => {
    const path = pattern.toLowerCase();
    // What a parameter or a rest stands for may begin with it.
    const fixed = path.split(/[:*]/, 1)[0] as string;
    return path === prefix || path.startsWith(`${prefix}/`) || (fixed !== path && prefix.startsWith(fixed));
  });
  if (patterns.length > 0 && !isMet)
    route.report(
      ['rewrite', 'from'],
      'expected the beginning of a path of `match`, got {got}: nothing is rewritten. Write e.g. `/api`.',
      'warning',
    );
}

function checkIgnoredBody(route: PlanFile): void {
  const ignored = valueAt(route.value, ['compare', 'ignore']);
  const index = Array.isArray(ignored) ? ignored.indexOf('$') : -1;
  if (index === -1 || valueAt(route.value, ['guardrails', 'mismatch']) === undefined) return;
  route.report(
    ['compare', 'ignore', index],
    'expected paths within answers beside a guardrail of mismatch, got {got}: it ignores every body, and the guardrail passes whatever they hold. Name what is to be ignored.',
    'warning',
  );
}
