import { describeStage } from '../next-step.ts';
import { sayTable } from '../screen/table.ts';
import type { Session } from '../session.ts';

type Position = { stage: string; hundredths: number; paused: boolean; killed: boolean; version: number };
type Owned = { owner: string; epoch: number; step: string; version: number };
type Source = 'kept' | 'stored' | 'cutOff';
type Entry = { seq: number; type: string; route: string | null; actor: string; reason: string };
/** What the repair program says. */
export type Report = {
  damage: string | null;
  kept: number;
  cutOff: { place: string; entry: Entry | null; problem: string | null; torn: boolean }[];
  stored: { source: string; seq: number; counts: boolean }[];
  unknown: number[];
  routes: ({ route: string; becomes: Position; from: Source } & { [source in Source]: Position | null })[];
  sets: ({ set: string; becomes: Owned; from: Source } & { [source in Source]: Owned | null })[];
  aside: string | null;
  appended: Entry[];
  refused: { code: string; message: string } | null;
};

/** Says what is damaged, where routes stood and stand, and what was done. */
export function sayRepair(session: Session, report: Report, dryRun: boolean): void {
  const { damage, kept, cutOff, stored, aside, appended } = report;
  const verified = `${kept} ${many(kept, 'entry', 'entries')}`;
  if (damage === null) {
    session.say(`Nothing to repair: ${verified}, all sound.`);
    return;
  }
  session.say(`Damage: ${damage}`);
  const lines = `${cutOff.length} ${many(cutOff.length, 'line is', 'lines are')}`;
  session.say(`${verified} can be verified, ${lines} cut off${cutOff.length > 0 ? ':' : '.'}`);
  for (const line of cutOff) session.say(`  ${describeLine(line)}`);
  for (const { source, seq, counts } of stored)
    session.say(`Stored positions: ${source}, up to entry ${seq}${counts ? '' : ' (not counted)'}`);
  sayRoutes(session, report, dryRun);
  saySets(session, report, dryRun);
  if (dryRun) session.say('Nothing was changed: leave out --dry-run to repair.');
  if (appended.length === 0) return;
  if (aside) session.say(`The lines that were cut off stand in ${aside}.`);
  const done = `${appended.length} ${many(appended.length, 'entry', 'entries')} appended`;
  session.say(`Repaired: ${done}. Start the facade again.`);
}

function sayRoutes(session: Session, { routes }: Report, dryRun: boolean): void {
  if (routes.length === 0) return;
  const rows = routes.map(({ route, kept, stored, cutOff, becomes, from }) => [
    route,
    ...[kept, stored, cutOff].map(placeOf),
    placeOf(becomes),
    FROM[from],
  ]);
  sayTable(session, ['ROUTE', 'KEPT', 'SERVED', 'CUT OFF', dryRun ? 'WOULD BE' : 'IS NOW', 'BY'], rows);
}

function saySets(session: Session, { sets }: Report, dryRun: boolean): void {
  if (sets.length === 0) return;
  const owned = (one: Owned | null) =>
    one ? `${one.owner} (${one.step}, epoch ${one.epoch}) v${one.version}` : '-';
  const rows = sets.map(({ set, kept, stored, cutOff, becomes, from }) => [
    set,
    ...[kept, stored, cutOff, becomes].map(owned),
    FROM[from],
  ]);
  sayTable(session, ['DATA SET', 'KEPT', 'SERVED', 'CUT OFF', dryRun ? 'WOULD BE' : 'IS NOW', 'BY'], rows);
}

function describeLine({ place, entry, problem, torn }: Report['cutOff'][number]): string {
  const who = entry && `by ${entry.actor}: ${entry.reason}`;
  const said = entry && `entry ${entry.seq}, ${entry.type} ${entry.route ?? 'of no route'} ${who}`;
  const parts = [problem, said].filter((part) => part !== null);
  return `${place}: ${parts.join('; ')}${torn ? ' (torn, never acknowledged)' : ''}`;
}

const FROM: Readonly<Record<Source, string>> = { kept: 'kept', stored: 'served', cutOff: 'cut off' };

const many = (count: number, one: string, more: string) => (count === 1 ? one : more);

function placeOf(position: Position | null): string {
  if (!position) return '-';
  const marks = [position.paused ? 'paused' : '', position.killed ? 'killed' : ''].filter(Boolean);
  const stage = describeStage({ stage: position.stage, percent: position.hundredths / 100 });
  return `${stage}${marks.length > 0 ? ` (${marks.join(', ')})` : ''} v${position.version}`;
}
