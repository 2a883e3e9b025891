import { type Command, Option } from 'commander';
import { AdminApi } from '../api/admin.ts';
import { EXIT } from '../exit-code.ts';
import type { Run } from '../verb.ts';

/** `fig pin`: a token that sends one client's requests of a route to one side. */
export function addPin(program: Command, run: Run): void {
  program
    .command('pin')
    .argument('<route>')
    .description('make a token that sends whoever carries it to one side of a route')
    .addOption(
      new Option('--to <upstream>', 'which side').choices(['candidate', 'legacy']).makeOptionMandatory(),
    )
    .option('--ttl <duration>', 'how long it counts', '1h')
    .option('--force', 'also when the rows of the route are not copied yet')
    .action(
      run(async (session, options: { to: string; ttl: string; force?: boolean }, route: string) => {
        const { to, ttl, force } = options;
        const pin = await new AdminApi(session).pin({ route, to, ttl, ...(force ? { force } : {}) });
        if (session.json) session.answer(pin);
        else {
          session.say(pin.token);
          session.note(
            `${pin.route} → ${pin.to} until ${pin.expiresAt}. Send it as header or cookie ${pin.name}. Whoever has it can use it.`,
          );
        }
        return EXIT.ok;
      }),
    );
}
