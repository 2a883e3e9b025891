import type { Command } from 'commander';
import { AdminApi, type DataSetAnswer } from '../api/admin.ts';
import { EXIT } from '../exit-code.ts';
import type { Session } from '../session.ts';
import type { Run } from '../verb.ts';
import { reasonOption, sayChange } from './change.ts';

/** `fig retire`: the last step of a route, and of its data with the last of their routes. */
export function addRetire(program: Command, run: Run): void {
  program
    .command('retire')
    .argument('<route>')
    .description(
      'the last step: no way back to legacy any more, for the route and, with the last one, its data',
    )
    .addOption(reasonOption())
    .action(
      run(async (session, { reason }: { reason: string }, route: string) => {
        const admin = new AdminApi(session);
        const before = await admin.route(route);
        const after =
          before.stage === 'retired'
            ? before
            : await admin.transition(route, { stage: 'retired', reason, expectedVersion: before.version });
        if (!session.json) sayChange(session, before, after);
        const data = await finaliseLast(admin, route, reason);
        if (session.json) session.answer({ route, before, after, data });
        else sayRetired(session, route, data);
        return EXIT.ok;
      }),
    );
}

/** Ends the way back of a route's data where all routes of their set are retired; null: it owns none. */
async function finaliseLast(admin: AdminApi, route: string, reason: string): Promise<DataSetAnswer | null> {
  const state = await admin.setOf(route);
  if (state === null || state.step === 'FINALISED') return state;
  const routes = await admin.routes();
  const stages = state.routes.map((name) => routes.find((one) => one.route === name)?.stage);
  if (stages.some((stage) => stage !== 'retired')) return state;
  return admin.cutOver(state.set, { reason, finalise: true });
}

function sayRetired(session: Session, route: string, data: DataSetAnswer | null): void {
  if (data === null) return;
  const { set, step } = data;
  if (step !== 'FINALISED')
    session.say(`${set}: its way back stays until all of its routes are retired (${data.routes.join(', ')})`);
  else {
    session.say(`${set}: finalised; the new service owns it for good`);
    session.note(
      `Its rows still follow to the monolith's tables. When nobody reads them there any more: npx fig capture remove ${set}. Then write \`data: none\` in the file of ${route}, and data/${set}.yaml and its translator may go.`,
    );
  }
}
