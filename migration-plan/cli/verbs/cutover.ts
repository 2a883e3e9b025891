import { setTimeout as delay } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { AdminApi, type DataSetAnswer } from '../api/admin.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { interruptible } from '../interrupt.ts';
import { requireSet } from '../require-set.ts';
import { painter } from '../screen/paint.ts';
import { plain } from '../screen/table.ts';
import { type Session, sameFlags } from '../session.ts';
import type { Run } from '../verb.ts';
import { reasonOption } from './change.ts';

const POLL_MS = 100;
/** A facade that restarts takes over what it had begun; longer silence than this ends the watching. */
const SILENCE_MS = 30_000;

type Options = { reason: string; back?: boolean; dryRun?: boolean; finalise?: boolean };

/** `fig cutover`: gives a data set another owner, and follows it. */
export function addCutover(program: Command, run: Run): void {
  program
    .command('cutover')
    .argument('<set>', 'name of the data set: data/SET.yaml')
    .description('make the new service the owner of a data set, or legacy again')
    .addOption(new Option('--back', 'the way back: legacy owns it again'))
    .addOption(new Option('--dry-run', 'only show what each step would meet').conflicts(['finalise']))
    .addOption(new Option('--finalise', 'no way back any more').conflicts(['back']))
    .addOption(reasonOption())
    .action(
      run(async (session, options: Options, set: string) => {
        requireSet(session, set);
        const admin = new AdminApi(session);
        const to = options.back ? 'legacy' : 'candidate';
        if (options.dryRun) return showChecks(session, await admin.cutOver(set, { ...request(options), to }));
        if (options.finalise) {
          const state = await admin.cutOver(set, request(options));
          if (session.json) session.answer(state);
          else session.say(`${set}: finalised; the new service owns it for good (version ${state.version})`);
          return EXIT.ok;
        }
        const state = await changeOwner(session, set, { ...request(options), to });
        if (session.json) session.answer(state);
        return endOf(state, to);
      }),
    );
}

const request = ({ reason, dryRun = false, finalise = false }: Options) => ({ reason, dryRun, finalise });

/** Begins a change, or joins the one that is under way to the same side. */
async function begin(
  admin: AdminApi,
  set: string,
  body: { reason: string; to: string },
): Promise<DataSetAnswer> {
  try {
    return await admin.cutOver(set, body);
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== EXIT.conflict) throw error;
    const state = await admin.dataSet(set);
    if (state.to !== body.to) throw error;
    return state;
  }
}

/** What is to be done when the watching has been interrupted, unless the caller has more to do. */
const watchAgain = (session: Session, set: string, to: string) =>
  `Watch it again: npx fig cutover ${set}${to === 'legacy' ? ' --back' : ''}${sameFlags(session)} --reason …`;

/** Begins a change of owners, or joins the one that goes on, and follows it to its end, or until it is interrupted. */
export async function changeOwner(
  session: Session,
  set: string,
  body: { reason: string; to: 'legacy' | 'candidate' },
  whenCut = watchAgain(session, set, body.to),
): Promise<DataSetAnswer> {
  const { to } = body;
  const begun = await begin(new AdminApi(session), set, body);
  let state = begun;
  const isCut = await interruptible(async (signal) => {
    try {
      await watch(session, new AdminApi(session, signal), { begun, signal }, (now) => {
        state = now;
      });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return signal.aborted;
  });
  if (isCut && !isOver(state))
    session.note(`Stopped watching; the change of owners of ${set} goes on in the facade. ${whenCut}`);
  else if (!session.json) sayEnd(session, state, to);
  return state;
}

export function endOf(state: DataSetAnswer, to: 'legacy' | 'candidate'): ExitCode {
  if (!isOver(state)) return EXIT.interrupted;
  return state.owner === to ? EXIT.ok : EXIT.refused;
}

const isOver = ({ to, run }: DataSetAnswer) => to === null && run?.outcome !== 'running';

/** Follows a change to its end; rejects when it was aborted, and when the facade stays silent. */
async function watch(
  session: Session,
  admin: AdminApi,
  { begun, signal }: { readonly begun: DataSetAnswer; readonly signal: AbortSignal },
  onState: (state: DataSetAnswer) => void,
): Promise<void> {
  let state = begun;
  let shown = 0;
  let silentSince: number | null = null;
  for (;;) {
    onState(state);
    const steps = state.run?.steps ?? [];
    if (!session.json)
      for (const { step, tookMs, detail } of steps.slice(shown))
        session.say(`  ${step.padEnd(10)} ${String(tookMs).padStart(6)} ms  ${detail}`.trimEnd());
    shown = Math.max(shown, steps.length);
    if (isOver(state)) return;
    await delay(POLL_MS, undefined, { signal });
    try {
      state = await admin.dataSet(state.set);
      silentSince = null;
    } catch (error) {
      if (!(error instanceof Failure && error.exitCode === EXIT.unreachable)) throw error;
      silentSince ??= performance.now();
      if (performance.now() - silentSince > SILENCE_MS) throw error;
    }
  }
}

function sayEnd(session: Session, { set, owner, epoch, run }: DataSetAnswer, to: string): void {
  const paint = painter(session.streams.stdout, session.env);
  const whose = owner === 'candidate' ? 'the new service' : 'legacy';
  const pause = run?.pauseMs === null || run === null ? '' : `; writes waited for ${run.pauseMs} ms`;
  if (owner === to) session.say(`${set}: ${paint('bold', whose)} owns it now (epoch ${epoch})${pause}`);
  else {
    session.say(`${set}: ${paint('bold', whose)} owns it still (epoch ${epoch})${pause}`);
    session.note(`It was taken back: ${run?.detail ?? 'see the log of the facade'}`);
  }
}

function showChecks(session: Session, state: DataSetAnswer): ExitCode {
  const checks = state.checks ?? [];
  const holds = checks.every(({ ok }) => ok);
  if (session.json) session.answer(state);
  else {
    for (const { name, ok, detail } of checks)
      session.say(`${ok ? 'ok' : 'NO'}  ${name.padEnd(12)}  ${plain(detail)}`);
    session.say(
      holds
        ? 'Nothing stands in the way. Both stores are compared row by row before writes are held.'
        : 'The change would be refused.',
    );
  }
  return holds ? EXIT.ok : EXIT.refused;
}
