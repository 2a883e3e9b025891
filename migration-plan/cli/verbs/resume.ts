import type { Command } from 'commander';
import type { Run } from '../fig.ts';
import { addRouteVerb } from './rollback.ts';

/** `fig resume`: ends a pause or a kill. */
export function addResume(program: Command, run: Run): void {
  addRouteVerb(program, run, 'resume', 'end a pause or a kill');
}
