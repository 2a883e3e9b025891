import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadPlan } from '#plan/model/load-plan.ts';
import type { Plan } from '#plan/model/plan.ts';
import { formatProblem, type Problem } from '#plan/model/problem.ts';
import { readContract } from '#plan/parity/contract-coverage.ts';
import { routeOf } from '#plan/parity/route-match.ts';
import { loadSuites } from '#plan/parity/suite.ts';
import { EXIT } from '../exit-code.ts';
import { painter } from '../screen/paint.ts';
import type { Run } from '../verb.ts';

/** `fig lint`: every problem of the plan at once. */
export function addLint(program: Command, run: Run): void {
  program
    .command('lint')
    .description('check the plan and report every problem with file and line')
    .action(
      run(async (session) => {
        const { plan, problems: ofPlan } = loadPlan(session.planDir, session.env, {
          missingModules: 'error',
        });
        const ofSuites = plan ? loadSuites(plan, session.planDir, session.env).problems : [];
        const contract = plan ? unclaimed(plan, session.planDir) : null;
        const problems = [...ofPlan, ...ofSuites, ...(contract?.problem ? [contract.problem] : [])];
        const errors = problems.filter((problem) => problem.severity === 'error').length;
        const warnings = problems.length - errors;
        if (session.json) {
          const unclaimedOperations = contract?.operations ?? null;
          session.answer({
            ok: errors === 0,
            errors,
            warnings,
            hash: plan?.hash ?? null,
            problems,
            unclaimedOperations,
          });
        } else {
          const paint = painter(session.streams.stdout, session.env);
          for (const problem of problems) {
            const tone = problem.severity === 'error' ? 'red' : 'yellow';
            const text = problem.severity === 'warning' ? `warning: ${problem.message}` : problem.message;
            session.say(paint(tone, formatProblem({ ...problem, message: text })));
          }
          const counts = `${count(errors, 'error')}, ${count(warnings, 'warning')}`;
          if (plan) {
            const size = `${count(plan.routes.length, 'route')}, ${count(plan.dataSets.size, 'data set')}`;
            session.say(`${session.planDir}: ${problems.length === 0 ? 'no problems' : counts} (${size})`);
          } else session.say(`${session.planDir}: ${counts}`);
          if (contract && contract.operations.length > 0) session.note(tellUnclaimed(contract));
        }
        return errors === 0 ? EXIT.ok : EXIT.refused;
      }),
    );
}

type Unclaimed = {
  readonly operations: readonly string[];
  readonly of: number;
  readonly problem: Problem | null;
};

/** The operations of the contract in the plan folder that no route claims; null without a contract. */
function unclaimed(plan: Plan, planDir: string): Unclaimed | null {
  const file = 'contract/openapi.yaml';
  if (!existsSync(join(planDir, file))) return null;
  try {
    const { operations } = readContract(join(planDir, file));
    const none = operations.filter(({ method, path }) => routeOf(plan, method, path) === null);
    return {
      operations: none.map(({ method, path }) => `${method} ${path}`),
      of: operations.length,
      problem: null,
    };
  } catch (error) {
    const { message } = error as Error;
    return {
      operations: [],
      of: 0,
      problem: { file, line: 0, key: '', message: `${message}.`, severity: 'error' },
    };
  }
}

const SHOWN = 5;

/** No fault: they stay with legacy. But somebody may have forgotten one. */
function tellUnclaimed({ operations, of }: Unclaimed): string {
  const more = operations.length > SHOWN ? ` and ${operations.length - SHOWN} more (--json lists them)` : '';
  return `${operations.length} of ${of} operations of contract/openapi.yaml are in no route and stay with legacy: ${operations.slice(0, SHOWN).join(', ')}${more}.`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
