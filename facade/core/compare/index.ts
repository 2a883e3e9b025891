/**
 * The comparison of two answers: pure, bounded, the only one in the product. What is not listed here (parsing, pairing,
 * hashing) is its own affair.
 */
export type { Answer, Comparison, Origins } from './answer.ts';
export { type CompareOptions, compareAnswers } from './compare-answers.ts';
export type { Difference, DifferenceKind, Reason, Sample, Severity } from './difference.ts';
export { worse } from './difference.ts';
export {
  type EndpointTemplates,
  learnTemplates,
  patternOfOpenApi,
  type TemplateOptions,
} from './endpoint-templates.ts';
export { type CompareLimits, defaultLimits } from './limits.ts';
export { type CompiledRules, compileRules, type Rule } from './rules.ts';
export { unreadable } from './unreadable.ts';
