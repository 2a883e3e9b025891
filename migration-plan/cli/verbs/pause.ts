import type { Command } from 'commander';
import type { Run } from '../fig.ts';
import { addRouteVerb } from './rollback.ts';

/** `fig pause`: freezes automation, never traffic. */
export function addPause(program: Command, run: Run): void {
  addRouteVerb(program, run, 'pause', 'freeze the automation of a route; its traffic stays as it is');
}
