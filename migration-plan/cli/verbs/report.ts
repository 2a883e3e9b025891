import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { AdminApi, type LedgerEntry } from '../api/admin.ts';
import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { standingOf } from '../standing.ts';
import type { Run } from '../verb.ts';
import { migrationPage } from './migration-page.ts';

/** The last entries of the ledger that a report shows. */
const LAST = 50;

/** `fig report`: the state of the migration for people who do not use a terminal. */
export function addReport(program: Command, run: Run): void {
  program
    .command('report')
    .description(
      'write the state of the migration into one HTML file: what has moved, what comes next, who did what',
    )
    .option('--html <file>', 'where to', 'migration.html')
    .action(
      run(async (session, options: { html: string }) => {
        const standing = await standingOf(session);
        const entries: LedgerEntry[] = [];
        for await (const entry of new AdminApi(session).ledger({})) {
          entries.push(entry);
          if (entries.length > LAST) entries.shift();
        }
        const { plan: _, ...told } = standing;
        if (session.json) {
          session.answer({ ...told, lastEntries: entries });
          return EXIT.ok;
        }
        try {
          writeFileSync(options.html, migrationPage(standing, entries, new Date()));
        } catch (error) {
          throw new Failure(
            EXIT.refused,
            'CLI_FILE',
            `expected to write ${options.html}, got ${(error as NodeJS.ErrnoException).code}. Name another file with --html.`,
            { cause: error },
          );
        }
        session.say(`Written to ${options.html}.`);
        return EXIT.ok;
      }),
    );
}
