import type { Route } from '#plan/model/plan.ts';
import type { Answer, Comparison } from '../core/compare/answer.ts';
import { type CompareOptions, compareAnswers } from '../core/compare/compare-answers.ts';
import { compileRules } from '../core/compare/rules.ts';

export type CompareKeys = Route['compare'];

/** The plan's `compare` keys; what is not given is empty. */
export function rulesOf(keys: Partial<CompareKeys> = {}) {
  return compileRules({ ignore: [], unordered: [], tolerance: {}, equivalent: [], headers: [], ...keys });
}

/** An answer with a body of text; JSON unless a content type is given. */
export function answerOf(body: string | Uint8Array, headers: Answer['headers'] = {}, status = 200): Answer {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: bytes };
}

/** Compares two JSON texts. */
export function compareJson(
  legacy: string,
  candidate: string,
  keys: Partial<CompareKeys> = {},
  options: CompareOptions = {},
): Comparison {
  return compareAnswers(answerOf(legacy), answerOf(candidate), rulesOf(keys), options);
}

/** `missing $.a`, `value $.b (case) ×3`: the differences of a comparison as lines, sorted. */
export function linesOf(differences: Comparison['differences']): string[] {
  return differences
    .map(({ kind, path, reasons, count }) => {
      const why = reasons.length > 0 ? ` (${reasons.join(', ')})` : '';
      return `${kind} ${path}${why}${count > 1 ? ` ×${count}` : ''}`;
    })
    .sort();
}
