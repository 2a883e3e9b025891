import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { ExitCode } from '../exit-code.ts';
import type { Run } from '../verb.ts';

type Options = { port: number; adminPort: number };

/** `fig up`: everything that the plan refers to, on this machine. */
export function addUp(program: Command, run: Run): void {
  program
    .command('up')
    .description('start everything that the plan refers to on this machine')
    .option('--port <port>', 'public port of the facade', portNumber, 8080)
    .option('--admin-port <port>', 'admin port of the facade', portNumber, 8081)
    .action(
      run(async (session, options: Options) => {
        // Loaded only here: the databases and processes behind it are of no concern to the other verbs.
        const { up } = await import('../up/up.ts');
        const { planDir, json } = session;
        return (await up({ planDir, port: options.port, adminPort: options.adminPort, json })) as ExitCode;
      }),
    );
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('Expected a port from 0 to 65535.');
  return port;
}
