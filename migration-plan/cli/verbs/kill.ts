import type { Command } from 'commander';
import { AdminApi } from '../api/admin.ts';
import { EXIT } from '../exit-code.ts';
import { describeStage } from '../next-step.ts';
import type { Run } from '../verb.ts';
import { notePending, reasonOption } from './change.ts';

/** `fig kill`: everything to legacy at once, until `fig resume`. */
export function addKill(program: Command, run: Run): void {
  program
    .command('kill')
    .argument('[route]', 'default: all routes')
    .description('send all traffic of a route, or of all, to legacy until resume')
    .addOption(reasonOption())
    .action(
      run(async (session, options: { reason: string }, route: string | undefined) => {
        const admin = new AdminApi(session);
        const { routes: states, pending = [] } = await admin.kill(route, options.reason);
        if (session.json) session.answer({ routes: states, pending });
        else if (states.length === 0) session.say('No routes to kill.');
        else {
          for (const state of states) {
            session.say(
              `${state.route}: ${describeStage(state)}, killed: legacy answers until fig resume (version ${state.version})`,
            );
          }
        }
        notePending(session, pending);
        return EXIT.ok;
      }),
    );
}
