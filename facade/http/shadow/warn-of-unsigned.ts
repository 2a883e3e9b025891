import type { Logger } from 'pino';
import type { Plan } from '#plan/model/plan.ts';

/** Says which routes ask for dry runs that nobody can sign: their writes would be skipped without a word. */
export function warnOfUnsigned({ routes }: Plan, dryRunSecret: string | null, log: Logger): void {
  const asking = routes.filter(({ shadow }) => shadow.writes === 'dry-run').map(({ name }) => name);
  if (dryRunSecret !== null || asking.length === 0) return;
  log.warn({ routes: asking }, 'shadow.writes: dry-run needs DRY_RUN_SECRET; writes are skipped as unsafe');
}
