import type { core } from 'zod';
import { closest } from './closest.ts';
import type { KeyPath, Problem } from './problem.ts';

/** What this needs of the plan file: how values are written there, and problems with their place. */
type PlaceOfProblems = {
  valueAt(path: KeyPath): unknown;
  problem(path: KeyPath, message: string): Problem;
};

/**
 * Turns schema issues into problems. The schemas of `schema/` write their messages with `{got}` in them;
 * the message of an unknown key is the list of the keys that are known.
 */
export function issueProblems(
  file: PlaceOfProblems,
  issues: readonly core.$ZodIssue[],
  base: KeyPath = [],
): Problem[] {
  return issues.flatMap((issue) => {
    const path = [...base, ...(issue.path as (string | number)[])];
    switch (issue.code) {
      case 'unrecognized_keys':
        return issue.keys.map((key) =>
          file.problem([...path, key], unknownKey(key, issue.message.split(' '))),
        );
      case 'invalid_key':
        return issue.issues.map((inner) =>
          file.problem(
            path,
            inner.message.replaceAll('{got}', () => `\`${String(path.at(-1))}\``),
          ),
        );
      case 'invalid_union': {
        // In the schemas the form that is a mapping stands last in its union.
        const mapping = issue.errors.at(-1);
        const written = file.valueAt(path);
        return mapping !== undefined &&
          typeof written === 'object' &&
          written !== null &&
          !Array.isArray(written)
          ? issueProblems(file, mapping, path)
          : [file.problem(path, issue.message)];
      }
      default:
        return [file.problem(path, issue.message)];
    }
  });
}

function unknownKey(key: string, known: readonly string[]): string {
  const meant = closest(key, known);
  const advice = meant === null ? `Write one of ${known.join(', ')}.` : `Did you mean \`${meant}\`?`;
  return `expected a known key, got \`${key}\`. ${advice}`;
}
