import type { Command } from 'commander';
import { loadPlan } from '#plan/model/load-plan.ts';
import { formatProblem } from '#plan/model/problem.ts';
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
        const problems = [...ofPlan, ...ofSuites];
        const errors = problems.filter((problem) => problem.severity === 'error').length;
        const warnings = problems.length - errors;
        if (session.json) {
          session.answer({ ok: errors === 0, errors, warnings, hash: plan?.hash ?? null, problems });
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
        }
        return errors === 0 ? EXIT.ok : EXIT.refused;
      }),
    );
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
