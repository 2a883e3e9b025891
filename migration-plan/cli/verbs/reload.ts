import type { Command } from 'commander';
import { AdminApi } from '../api/admin.ts';
import { EXIT } from '../exit-code.ts';
import type { Run } from '../verb.ts';

/** `fig reload`: the facade reads its plan again; an invalid one is refused and the old one stays. */
export function addReload(program: Command, run: Run): void {
  program
    .command('reload')
    .description('make the facade read its plan again, without dropping a connection')
    .option('--reason <reason>', 'why; kept in the ledger', 'fig reload')
    .option('--force', 'also where it moves clients of routes that are on the way')
    .action(
      run(async (session, options: { reason: string; force?: boolean }) => {
        const answer = await new AdminApi(session).reload(options.reason, options.force === true);
        if (session.json) session.answer(answer);
        else if (!answer.changed)
          session.say(`Plan read again, nothing has changed: ${answer.hash.slice(0, 12)}`);
        else session.say(`Plan reloaded: ${answer.previous.slice(0, 12)} → ${answer.hash.slice(0, 12)}`);
        return EXIT.ok;
      }),
    );
}
