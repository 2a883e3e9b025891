import { type Command, InvalidArgumentError } from 'commander';
import { AdminApi, type LedgerEntry } from '../api/admin.ts';
import type { ParityVerdict } from '../api/observations.ts';
import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { ChainCheck } from '../ledger-chain.ts';
import { describeStage } from '../next-step.ts';
import { sayTable } from '../screen/table.ts';
import type { Run } from '../verb.ts';
import { addLedgerRepair } from './ledger-repair.ts';

/** `fig ledger`: the record of every transition; `fig ledger verify`: the proof that nobody changed it. */
export function addLedger(program: Command, run: Run): void {
  const ledger = program
    .command('ledger')
    .description('list the record of transitions, oldest first')
    .option('--route <route>', 'only this route')
    .option('--after <seq>', 'only entries after this number', wholeNumber)
    .action(
      run(async (session, options: { route?: string; after?: number }) => {
        const admin = new AdminApi(session);
        const entries: LedgerEntry[] = [];
        for await (const entry of admin.ledger(options)) entries.push(entry);
        const fault = await admin.ledgerFault();
        if (fault !== null) session.note(`The list may be incomplete: ${fault}`);
        if (session.json) session.answer({ entries, fault });
        else if (entries.length === 0) session.say('No entries.');
        else {
          const header = ['SEQ', 'AT', 'TYPE', 'ROUTE', 'STAGE', 'VERSION', 'ACTOR', 'REASON'];
          sayTable(session, header, entries.map(rowOf));
        }
        return EXIT.ok;
      }),
    );
  ledger
    .command('verify')
    .description('recompute the hash chain of the whole ledger')
    .action(
      run(async (session) => {
        const admin = new AdminApi(session);
        const chain = new ChainCheck();
        for await (const entry of admin.ledger({})) {
          const fault = chain.check(entry);
          if (fault !== null) {
            throw new Failure(
              EXIT.refused,
              'LEDGER_CHAIN_BROKEN',
              `ledger: ${fault}. Stop trusting it from there on and compare it with a backup.`,
              { details: { verified: chain.count } },
            );
          }
        }
        // What is read is only what the facade trusts: the rest of a damaged ledger is missing without a gap.
        const distrust = await admin.ledgerDistrust();
        if (distrust !== null) {
          const isAway = distrust.code === 'LEDGER_UNREACHABLE';
          throw new Failure(isAway ? EXIT.failed : EXIT.refused, distrust.code, distrust.fault, {
            details: { verified: chain.count },
          });
        }
        if (session.json) session.answer({ ok: true, entries: chain.count, head: chain.head });
        else
          session.say(
            `${chain.count} ${chain.count === 1 ? 'entry' : 'entries'}, chain unbroken, head ${chain.head.slice(0, 12)}`,
          );
        return EXIT.ok;
      }),
    );
  addLedgerRepair(ledger, run);
}

function rowOf(entry: LedgerEntry): string[] {
  return [
    String(entry.seq),
    entry.at,
    entry.forced ? `${entry.type} (forced)` : entry.type,
    entry.route ?? entry.evidence?.route ?? '-',
    placeOf(entry),
    String(entry.version),
    entry.actor,
    entry.evidence?.parity ? `${saidOf(entry.evidence.parity)}: ${entry.reason}` : entry.reason,
  ];
}

/** Of a route its stage, of a data set its step and who owns it. */
function placeOf({ stage, percent, data }: LedgerEntry): string {
  if (data) return `${data.step} (${data.owner} owns)`;
  return stage === null ? '-' : describeStage({ stage, percent: percent ?? 0 });
}

const saidOf = ({ verdict, passed, failed, errors }: ParityVerdict) =>
  `parity ${verdict}, ${passed} of ${passed + failed + errors} cases`;

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}
