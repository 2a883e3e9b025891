import { InvalidArgumentError, Option } from 'commander';
import type { RouteState } from '../api/admin.ts';
import { describeStage } from '../next-step.ts';
import { painter } from '../screen/paint.ts';
import type { Session } from '../session.ts';

/** `--reason`, which every change asks for: it stands in the ledger. */
export function reasonOption(): Option {
  return new Option('--reason <reason>', 'why; kept in the ledger')
    .makeOptionMandatory()
    .argParser((text) => {
      if (text.trim() === '') throw new InvalidArgumentError('Expected a few words.');
      return text.trim();
    });
}

/** Says what a change did to a route: before → after. */
export function sayChange(session: Session, before: RouteState, after: RouteState): void {
  if (session.json) {
    session.answer({ route: after.route, before, after });
    return;
  }
  const paint = painter(session.streams.stdout, session.env);
  const [from, to] = [placeOf(before), placeOf(after)];
  const change = from === to ? `${to}, unchanged` : `${from} → ${paint('bold', to)}`;
  session.say(`${after.route}: ${change} (version ${after.version})`);
  notePending(session, after.pending ?? []);
}

/** Says which replicas go on as before: the change has not reached them. */
export function notePending(session: Session, pending: readonly string[]): void {
  if (pending.length > 0)
    session.note(`Not applied yet by ${pending.join(', ')}: they answer as before. See: npx fig instances`);
}

function placeOf(state: RouteState): string {
  const marks = [state.paused ? 'paused' : '', state.killed ? 'killed' : ''].filter((mark) => mark !== '');
  return `${describeStage(state)}${marks.length > 0 ? ` (${marks.join(', ')})` : ''}`;
}
