import type { Command } from 'commander';
import { AdminApi, type Verb } from '../api/admin.ts';
import { EXIT } from '../exit-code.ts';
import type { Run } from '../verb.ts';
import { reasonOption, sayChange } from './change.ts';

/** `fig rollback`: back to legacy. */
export function addRollback(program: Command, run: Run): void {
  addRouteVerb(program, run, 'rollback', 'send a route back to legacy');
}

/** `fig pause`: freezes automation, never traffic. */
export function addPause(program: Command, run: Run): void {
  addRouteVerb(program, run, 'pause', 'freeze the automation of a route; its traffic stays as it is');
}

/** `fig resume`: ends a pause or a kill. */
export function addResume(program: Command, run: Run): void {
  addRouteVerb(program, run, 'resume', 'end a pause or a kill');
}

/** A verb that acts on one route and asks for nothing but a reason. */
function addRouteVerb(program: Command, run: Run, verb: Verb, description: string): void {
  program
    .command(verb)
    .argument('<route>')
    .description(description)
    .addOption(reasonOption())
    .action(
      run(async (session, options: { reason: string }, route: string) => {
        const admin = new AdminApi(session);
        const before = await admin.route(route);
        const after = await admin.act(route, verb, options.reason);
        sayChange(session, before, after);
        return EXIT.ok;
      }),
    );
}
