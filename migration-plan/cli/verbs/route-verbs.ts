import type { Command } from 'commander';
import { AdminApi, type Verb } from '../api/admin.ts';
import { EXIT } from '../exit-code.ts';
import type { Session } from '../session.ts';
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

/** `fig resume`: ends a pause or a kill; without a route the kill of all. */
export function addResume(program: Command, run: Run): void {
  program
    .command('resume')
    .argument('[route]', 'default: all that are killed; pauses stay')
    .description('end a pause or a kill')
    .addOption(reasonOption())
    .action(
      run(async (session, options: { reason: string }, route: string | undefined) => {
        const admin = new AdminApi(session);
        if (route !== undefined) return act(session, admin, route, 'resume', options.reason);
        const { routes } = await admin.resumeKilled(options.reason);
        if (session.json) session.answer({ routes });
        else if (routes.length === 0) session.say('No route is killed.');
        else for (const one of routes) session.say(`${one.route}: resumed (version ${one.version})`);
        return EXIT.ok;
      }),
    );
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
        return act(session, new AdminApi(session), route, verb, options.reason);
      }),
    );
}

async function act(session: Session, admin: AdminApi, route: string, verb: Verb, reason: string) {
  const before = await admin.route(route);
  const after = await admin.act(route, verb, reason);
  sayChange(session, before, after);
  return EXIT.ok;
}
