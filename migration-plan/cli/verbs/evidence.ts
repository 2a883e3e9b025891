import type { Command } from 'commander';
import { AdminApi } from '../api/admin.ts';
import { EXIT } from '../exit-code.ts';
import { sayEvidence } from '../screen/evidence.ts';
import { painter } from '../screen/paint.ts';
import { plain } from '../screen/table.ts';
import type { Run } from '../verb.ts';

/** `fig evidence`: what is known of a route at its stage, with the figures. */
export function addEvidence(program: Command, run: Run): void {
  program
    .command('evidence')
    .argument('[route]')
    .description(
      'show what the guardrails of a route say and what its parity suite found, with figures and age',
    )
    .action(
      run(async (session, _options, route?: string) => {
        const admin = new AdminApi(session);
        const names = route === undefined ? (await admin.routes()).map((one) => one.route) : [route];
        const known = [];
        for (const name of names) known.push(await admin.evidence(name));
        if (session.json) {
          session.answer({ routes: known });
          return EXIT.ok;
        }
        const paint = painter(session.streams.stdout, session.env);
        for (const one of known) {
          session.say(`${paint('bold', one.route)} at ${one.at}, build ${plain(one.build ?? '(unnamed)')}`);
          if (one.guardrails.length === 0) session.say('  the plan names no guardrail');
          sayEvidence(session, one);
        }
        return EXIT.ok;
      }),
    );
}
