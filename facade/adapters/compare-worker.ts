// Thread of the comparison pool: one job at a time, its answer back. Holds nothing but compiled rules.
import { parentPort } from 'node:worker_threads';
import { type CompiledRules, compareAnswers, compileRules } from '../core/compare/index.ts';
import type { CompareJob } from './compare-pool.ts';

const MAX_COMPILED = 256;
const compiled = new Map<string, CompiledRules>();

parentPort?.on('message', ({ legacy, candidate, keys, options }: CompareJob) => {
  parentPort?.postMessage(compareAnswers(legacy, candidate, rulesOf(keys), options));
});

parentPort?.postMessage('ready');

function rulesOf(keys: CompareJob['keys']): CompiledRules {
  const text = JSON.stringify(keys);
  let rules = compiled.get(text);
  if (!rules) {
    // A reload of the plan brings new ones; the old ones are few.
    if (compiled.size >= MAX_COMPILED) compiled.clear();
    rules = compileRules(keys);
    compiled.set(text, rules);
  }
  return rules;
}
