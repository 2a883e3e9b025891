import { type PlanFile, valueAt } from '../plan-file.ts';

// They frame and route a message, or are the facade's own word: an upstream must be able to rely on them.
const NOT_CHANGED =
  /^(?:connection|content-length|expect|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*|x-fig-.*)$/;

/** Headers that `credentials` may not change. */
export function checkCredentials(route: PlanFile): void {
  for (const side of ['shadow', 'legacy', 'candidate']) {
    const set = valueAt(route.value, ['credentials', side, 'set']);
    const remove = valueAt(route.value, ['credentials', side, 'remove']);
    if (typeof set === 'object' && set !== null)
      for (const name of Object.keys(set))
        if (NOT_CHANGED.test(name.toLowerCase()))
          route.report(
            ['credentials', side, 'set', name],
            `expected a header that may be set, got \`${name}\`: the facade sets it itself. Leave it out.`,
          );
    if (Array.isArray(remove))
      for (const [index, name] of remove.entries())
        if (
          typeof name === 'string' &&
          (NOT_CHANGED.test(name.toLowerCase()) || name.toLowerCase() === 'host')
        )
          route.report(
            ['credentials', side, 'remove', index],
            'expected a header that may be removed, got {got}: the facade sets it itself. Leave it out.',
          );
  }
}
