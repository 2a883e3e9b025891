import type { Logger } from 'pino';
import { formatProblem } from '#plan/model/problem.ts';
import type { Control } from './control.ts';

/** Reloads the plan for somebody who only reads the log. */
export async function reloadBySignal(control: Control, log: Logger): Promise<void> {
  const outcome = await control.reload({ actor: 'signal', reason: 'SIGHUP' });
  if (!outcome.ok || !outcome.value.ok) {
    const problems = outcome.ok && !outcome.value.ok ? outcome.value.problems.map(formatProblem) : undefined;
    const detail = outcome.ok ? undefined : outcome.detail;
    log.error({ problems, detail }, 'plan refused; the one in force stays');
    return;
  }
  const { plan, previous, warnings } = outcome.value;
  for (const warning of warnings) log.warn(formatProblem(warning));
  log.info({ hash: plan.hash, previous }, 'plan reloaded');
}
