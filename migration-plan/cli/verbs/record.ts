import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { parseDuration } from '#plan/model/duration.ts';
import { type RecordedExchange, recordingEnd } from '#plan/model/recorded-exchange.ts';
import { parseSize } from '#plan/model/size.ts';
import { AdminApi } from '../api/admin.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { interruptible } from '../interrupt.ts';
import { type ProgressView, progressView } from '../screen/progress.ts';
import type { Session } from '../session.ts';
import { countFlag, usage } from '../usage.ts';
import type { Run } from '../verb.ts';
import { type QuietWatch, quietWatch } from './quiet-watch.ts';
import { openRecordingFile, type RecordingFile } from './recording-file.ts';

type Options = {
  limit: string;
  for: string;
  maxBody: string;
  format: string;
  output?: string;
  overwrite?: boolean;
};

/** `fig record`: requests of clients and their answers into a file, without secrets. */
export function addRecord(program: Command, run: Run): void {
  program
    .command('record')
    .argument('<route>')
    .description(
      'keep requests of clients and their answers in a file, redacted, to replay them or make cases of them',
    )
    .option('--limit <count>', 'stop after so many', '1000')
    .option('--for <duration>', 'stop after so long', '10m')
    .option('--max-body <size>', 'bodies up to this size are kept', '1MiB')
    .option('--format <name>', 'ndjson or har', 'ndjson')
    .option('--output <file>', 'default: ROUTE.ndjson or ROUTE.har')
    .option('--overwrite', 'also over a file that is there')
    .action(
      run(async (session, options: Options, route: string) => {
        const wanted = wantedOf(options);
        const file = options.output ?? `${route}.${options.format}`;
        if (existsSync(file) && !options.overwrite)
          throw new Failure(
            EXIT.refused,
            'CLI_FILE',
            `expected ${file} not to be there, got a file. Name another one with --output, or say --overwrite.`,
          );
        return recordInto(session, route, file, options.format as 'ndjson' | 'har', wanted);
      }),
    );
}

function wantedOf({ limit, for: lasting, maxBody, format }: Options) {
  if (format !== 'ndjson' && format !== 'har')
    throw usage('--format', 'ndjson or har', format, '--format har');
  const duration = parseDuration(lasting);
  const seconds = duration.ok ? Math.ceil(duration.value / 1000) : 0;
  if (seconds < 1 || seconds > 86_400) throw usage('--for', 'a duration up to 24h', lasting, '--for 10m');
  const size = parseSize(maxBody);
  if (!size.ok || size.value > 16 * 1024 * 1024)
    throw usage('--max-body', 'a size up to 16MiB', maxBody, '--max-body 1MiB');
  const count = countFlag('--limit', limit, '--limit 200');
  if (count > 100_000) throw usage('--limit', 'at most 100000', limit, '--limit 1000');
  return { limit: count, seconds, maxBodyBytes: size.value };
}

async function recordInto(
  session: Session,
  route: string,
  file: string,
  format: 'ndjson' | 'har',
  wanted: ReturnType<typeof wantedOf>,
): Promise<ExitCode> {
  const quiet = await quietWatch(session, route);
  const progress = progressView(session, `${route}: recording`, 'requests');
  const taken = { recorded: 0, dropped: 0 };
  const isCut = await interruptible(async (signal) => {
    try {
      await take(session, { route, file, format, wanted, signal, quiet, progress, taken });
    } finally {
      progress.stop();
    }
    return signal.aborted;
  });
  const { recorded, dropped } = taken;
  if (session.json) session.answer({ route, file, recorded, dropped });
  else {
    session.say(`${recorded} requests of ${route} in ${file}`);
    if (isCut) session.note('Interrupted: the file holds what came until then.');
    if (dropped > 0) session.note(`${dropped} more came faster than they could be kept.`);
    if (recorded === 0) session.note(await quiet.why());
  }
  return isCut ? EXIT.interrupted : EXIT.ok;
}

type Taking = {
  readonly route: string;
  readonly file: string;
  readonly format: 'ndjson' | 'har';
  readonly wanted: ReturnType<typeof wantedOf>;
  readonly signal: AbortSignal;
  readonly quiet: QuietWatch;
  readonly progress: ProgressView;
  readonly taken: { recorded: number; dropped: number };
};

/**
 * Takes down what comes until there is enough, time is up or somebody wants no more: the file is whole in each case. Where
 * the facade goes away it can be read, and says that it was cut off.
 */
async function take(session: Session, taking: Taking): Promise<void> {
  const { route, file, format, wanted, signal, quiet, progress, taken } = taking;
  const broken = new AbortController();
  const started = performance.now();
  let sink: RecordingFile | null = null;
  let begun = false;
  // Made when the facade has agreed, so that a refusal leaves no file.
  const open = () => openRecordingFile(file, format, () => broken.abort());
  const ends = AbortSignal.any([signal, broken.signal]);
  try {
    for await (const line of new AdminApi(session).recording(route, wanted, ends)) {
      if (line === '') {
        if (!begun) session.note(`Recording ${route}; Ctrl-C ends it and keeps what there is.`);
        else if (taken.recorded === 0) await quiet.tellOnce();
        begun = true;
        continue;
      }
      const value = parsed(line);
      const end = recordingEnd.safeParse(value);
      sink ??= await open();
      if (end.success) {
        taken.dropped = end.data.dropped;
        return await sink.end(line);
      }
      await sink.write(line, value as RecordedExchange);
      taken.recorded++;
      const seconds = (performance.now() - started) / 1000;
      const perSecond = taken.recorded / seconds;
      progress.update({
        done: taken.recorded,
        total: wanted.limit,
        perSecond,
        etaSeconds: Math.min((wanted.limit - taken.recorded) / perSecond, wanted.seconds - seconds),
      });
    }
    if (!ends.aborted) throw cutOff('the end of its answer');
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== EXIT.unreachable) throw error;
    await sink?.end(null);
    if (sink) session.note(`Cut off: ${file} holds the ${taken.recorded} requests that came until then.`);
    throw error;
  }
  if (!begun)
    throw new Failure(
      EXIT.interrupted,
      'RECORD_INTERRUPTED',
      'Interrupted before the recording began: nothing was written.',
    );
  sink ??= await open();
  await sink.end(JSON.stringify({ fig: 'end/1', ...taken }));
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw cutOff(`\`${line.slice(0, 40)}…\``);
  }
}

const cutOff = (got: string) =>
  new Failure(
    EXIT.unreachable,
    'CLI_UNREACHABLE',
    `facade: expected a recording to its last line, got ${got}. Look at its log, and record again.`,
  );
