import type { Command } from 'commander';
import { AdminApi, type Instance } from '../api/admin.ts';
import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { type Cell, sayTable } from '../screen/table.ts';
import type { Session } from '../session.ts';
import type { Run } from '../verb.ts';

type Options = { evict?: string; reason?: string; force?: boolean };

/** `fig instances`: the facades that share the ledger; with `--evict` takes one off that will not come back. */
export function addInstances(program: Command, run: Run): void {
  program
    .command('instances')
    .description('list the facades that share the ledger')
    .option('--evict <id>', 'take a silent one off the list: nobody waits for it any more')
    .option('--reason <reason>', 'why it is evicted; kept in the ledger')
    .option('--force', 'also one that was seen a moment ago')
    .action(
      run(async (session, { evict, reason, force }: Options) => {
        const admin = new AdminApi(session);
        if (evict !== undefined) {
          if (!reason?.trim())
            throw new Failure(EXIT.usage, 'CLI_USAGE', '--evict: expected --reason beside it, got none.');
          await admin.evict(evict, reason.trim(), force === true);
          if (session.json) session.answer({ id: evict, evicted: true });
          else session.say(`${evict}: evicted. If it still runs, restart it or end it.`);
          return EXIT.ok;
        }
        const answer = await admin.instances();
        if (session.json) session.answer(answer);
        else print(session, answer.instances);
        if (answer.fault !== null) session.note(`This may be old: ${answer.fault}`);
        return EXIT.ok;
      }),
    );
}

function print(session: Session, instances: readonly Instance[]): void {
  const hashes = new Set(instances.filter(({ silent }) => !silent).map(({ hash }) => hash));
  const rows = instances.map((instance): Cell[] => [
    { text: instance.id, tone: 'bold' },
    instance.version,
    { text: instance.hash.slice(0, 12), tone: hashes.size > 1 ? 'yellow' : 'plain' },
    String(instance.appliedSeq),
    instance.lastSeen,
    instance.silent ? { text: 'silent', tone: 'red' } : { text: 'live', tone: 'green' },
  ]);
  sayTable(session, ['INSTANCE', 'VERSION', 'PLAN', 'SEQ', 'SEEN', 'STATE'], rows);
  if (hashes.size > 1)
    session.note('They have different plans: transitions wait until all reloaded the same.');
  for (const { id } of instances.filter(({ silent }) => silent))
    session.note(`${id} is silent. If it will not come back: npx fig instances --evict ${id} --reason …`);
}
