import type { Command } from 'commander';
import { AdminApi, type DataSetAnswer, type Verb } from '../api/admin.ts';
import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { type Session, sameFlags } from '../session.ts';
import type { Run } from '../verb.ts';
import { reasonOption, sayChange } from './change.ts';
import { changeOwner, endOf } from './cutover.ts';

/** `fig rollback`: back to legacy, with the data where the new service owns them. */
export function addRollback(program: Command, run: Run): void {
  program
    .command('rollback')
    .argument('<route>')
    .description('send a route back to legacy, and its data first where the new service owns them')
    .addOption(reasonOption())
    .action(
      run(async (session, { reason }: { reason: string }, route: string) => {
        const admin = new AdminApi(session);
        const { writer, stage } = await admin.route(route);
        let timeoutMs: number | undefined;
        const data = writer === 'candidate' && stage !== 'retired' ? await admin.setOf(route) : null;
        if (data !== null) {
          session.note(`The new service owns ${data.set}: its rows go back to legacy first.`);
          const state = await giveBack(session, route, data.set, reason);
          const end = state === null ? EXIT.ok : endOf(state, 'legacy');
          if (state === null) timeoutMs = UNSEEN_MS;
          if (end !== EXIT.ok) {
            if (session.json) session.answer(state);
            return end;
          }
        }
        return act(session, admin, route, 'rollback', reason, timeoutMs);
      }),
    );
}

/** The facade compares both stores before it answers. */
const UNSEEN_MS = 15 * 60_000;

/** Null: an operator may not, but may roll back, and then the facade does it unseen. */
async function giveBack(
  session: Session,
  route: string,
  set: string,
  reason: string,
): Promise<DataSetAnswer | null> {
  // The facade gives the data back; the reads are sent after them from here.
  const whenCut = `The reads of ${route} stay where they are until: npx fig rollback ${route}${sameFlags(session)} --reason …`;
  try {
    return await changeOwner(session, set, { reason, to: 'legacy' }, whenCut);
  } catch (error) {
    if (error instanceof Failure && error.exitCode === EXIT.unauthorised) return null;
    throw error;
  }
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

async function act(
  session: Session,
  admin: AdminApi,
  route: string,
  verb: Verb,
  reason: string,
  timeoutMs?: number,
) {
  const before = await admin.route(route);
  const after = await admin.act(route, verb, reason, timeoutMs);
  sayChange(session, before, after);
  return EXIT.ok;
}
