import type { Command } from 'commander';
import type { DataSet } from '#plan/model/plan.ts';
import { AdminApi } from '../api/admin.ts';
import { type CaptureStatus, RelayApi } from '../api/relay.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { requireSet } from '../require-set.ts';
import type { Session } from '../session.ts';
import type { Run } from '../verb.ts';

/** `released`: the way back has ended, too. */
type Status = CaptureStatus & { readonly released?: true };

/** `fig capture`: whether what is written to the monolith's tables follows to the new store. */
export function addCapture(program: Command, run: Run): void {
  const capture = program
    .command('capture')
    .description('let what is written to the tables of a data set follow to the new store');
  const verb = (
    name: string,
    description: string,
    ask: (relay: RelayApi, set: string, session: Session) => Promise<Status>,
  ) =>
    capture
      .command(name)
      .argument('<set>', 'name of the data set: data/SET.yaml')
      .description(description)
      .action(
        run(async (session, _options: object, set: string) => {
          const plan = requireSet(session, set);
          const { maxLagMs } = plan.dataSets.get(set) as DataSet;
          return report(session, await ask(new RelayApi(session, plan), set, session), maxLagMs);
        }),
      );
  verb(
    'install',
    'note each write by triggers in the legacy database, and carry it over from now on',
    (relay, set) => relay.installCapture(set),
  );
  verb(
    'remove',
    'take the triggers out again, with what still waits; of a finalised set the way back, too',
    removeCapture,
  );
  verb('status', 'show whether writes are noted, and how far the new store lags', (relay, set) =>
    relay.capture(set),
  );
}

/** Where the new service owns the set it is refused, unless the ledger says that there is no way back any more. */
async function removeCapture(relay: RelayApi, set: string, session: Session): Promise<Status> {
  try {
    return await relay.removeCapture(set, false);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'RELAY_CAPTURE_REFUSED') throw error;
    if (!(await isOver(new AdminApi(session), set).catch(() => false))) throw error;
    return { ...(await relay.removeCapture(set, true)), released: true };
  }
}

/** No route of the set leads back any more: none of them may be answered by rows that nobody carries. */
async function isOver(admin: AdminApi, set: string): Promise<boolean> {
  const [{ step, routes }, all] = await Promise.all([admin.dataSet(set), admin.routes()]);
  const stageOf = (name: string) => all.find(({ route }) => route === name)?.stage;
  return step === 'FINALISED' && routes.every((name) => stageOf(name) === 'retired');
}

/** Why a facade sends all reads of the set to its owner; null: it does not. */
function fencedBy(lagMs: number | null, maxLagMs: number): string | null {
  if (lagMs === null) return 'how far the new store lags is not known';
  return lagMs > maxLagMs ? `it lags ${lagMs} ms, and its maxLag is ${maxLagMs} ms` : null;
}

function report(session: Session, status: Status, maxLagMs: number): ExitCode {
  const { set, capture, waiting, lagMs, missing, error } = status;
  const fenced = fencedBy(lagMs, maxLagMs);
  if (session.json) session.answer({ ...status, fenced });
  else if (status.released)
    session.say(
      `${set}: the way back has ended. The new service asks nobody any more; the monolith's tables keep what they hold, and take no writes.`,
    );
  else if (capture === 'absent')
    session.say(
      `${set}: writes are not noted; the new store has what was copied last. Reads go to the owner of the set (FENCED): ${fenced}.`,
    );
  else {
    const lag = lagMs === null ? 'lag unknown' : `lag ${lagMs} ms`;
    session.say(
      `${set}: ${capture}, ${waiting ?? '?'} waiting, ${lag}, ${status.entries} entries carried over since the relay started`,
    );
    if (capture === 'broken')
      session.note(
        `Not noted any more, as these are gone: ${missing.join(', ')}. Install them again, then copy what was missed: npx fig capture install ${set}; npx fig backfill ${set}`,
      );
    if (status.doubt !== null) session.note(`${set}: ${status.doubt}`);
    else if (status.drift.length > 0)
      session.note(
        `The schema of legacy has changed: ${status.drift.join('; ')}. If that is right: npx fig capture install ${set}; if the translator has to know it, adapt it, restart the relay, and copy again: npx fig backfill ${set}`,
      );
    if (fenced !== null) session.note(`Reads of ${set} go to its owner (FENCED): ${fenced}.`);
    if (error !== null) session.note(`${set}: ${error}`);
  }
  return capture === 'broken' ? EXIT.refused : EXIT.ok;
}
