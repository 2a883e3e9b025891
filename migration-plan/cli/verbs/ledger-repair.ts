import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, Option } from 'commander';
import { stateFolder } from '#plan/model/state-folder.ts';
import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import type { Run } from '../verb.ts';
import { type Report, sayRepair } from './repair-report.ts';

const PROGRAM = fileURLToPath(new URL('../../../facade/repair-ledger.ts', import.meta.url));
const MAX_REPORT_BYTES = 256 * 1024 * 1024;

type Options = {
  ledger?: string;
  state: string[];
  reason?: string;
  positions: string;
  dryRun?: boolean;
  acceptLoss?: boolean;
};
/** `fig ledger repair`: makes a damaged ledger usable again. It works on the ledger itself, while no facade does. */
export function addLedgerRepair(ledger: Command, run: Run): void {
  ledger
    .command('repair')
    .description('make a damaged ledger usable again, while no facade runs; nothing is thrown away')
    .option(
      '--ledger <ledger>',
      "file:PATH or postgres://…, as the facade has it (default: the plan's in .fig)",
    )
    .option(
      '--state <dir>',
      'folder of stored positions, as the facade has it; may be repeated',
      (dir: string, before: string[]) => [...before, dir],
      [],
    )
    .option('--dry-run', 'say what is damaged and what would be done, and change nothing')
    .option('--accept-loss', 'go on although nothing says any more what some entries recorded')
    .addOption(
      new Option(
        '--positions <which>',
        'routes stand at the latest position known, or as the kept entries say',
      )
        .choices(['latest', 'kept'])
        .default('latest'),
    )
    .option('--reason <reason>', 'why; kept in the ledger')
    .action(
      run(async (session, options: Options) => {
        if (!options.dryRun && !options.reason?.trim())
          throw new Failure(
            EXIT.usage,
            'CLI_USAGE',
            'ledger repair: expected --reason or --dry-run, got neither.',
          );
        const report = await examine(options, session.planDir);
        if (session.json) session.answer(report);
        else sayRepair(session, report, options.dryRun === true);
        if (report.refused) throw new Failure(EXIT.refused, report.refused.code, report.refused.message);
        return EXIT.ok;
      }),
    );
}

const EXITS: Readonly<Record<string, number>> = {
  LEDGER_LOCKED: EXIT.conflict,
  LEDGER_UNREACHABLE: EXIT.unreachable,
};

async function examine(options: Options, planDir: string): Promise<Report> {
  const {
    ledger = `file:${join(stateFolder(planDir), 'ledger.jsonl')}`,
    state,
    reason = '',
    positions,
    dryRun,
    acceptLoss,
  } = options;
  const args = ['--ledger', ledger, '--reason', reason.trim(), '--positions', positions];
  for (const dir of state) args.push('--state', dir);
  if (dryRun) args.push('--dry-run');
  if (acceptLoss) args.push('--accept-loss');
  const { text, errors } = await new Promise<{ text: string; errors: string }>((resolve) =>
    execFile(process.execPath, [PROGRAM, ...args], { maxBuffer: MAX_REPORT_BYTES }, (_error, text, errors) =>
      resolve({ text, errors }),
    ),
  );
  let report: Partial<Report>;
  try {
    report = JSON.parse(text);
  } catch {
    throw new Failure(
      EXIT.failed,
      'LEDGER_REPAIR_FAILED',
      `ledger repair: expected a report, got ${errors || text}`,
    );
  }
  if (report.cutOff) return report as Report;
  const { code = 'LEDGER_REPAIR_FAILED', message = '' } = report.refused ?? {};
  throw new Failure((EXITS[code] ?? EXIT.refused) as typeof EXIT.refused, code, message);
}
