import { once } from 'node:events';
import { chmodSync, createWriteStream, existsSync, mkdirSync, statSync, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { parseDuration } from '#plan/model/duration.ts';
import { type RecordedExchange, recordingEnd } from '#plan/model/recorded-exchange.ts';
import { parseSize } from '#plan/model/size.ts';
import { HAR } from '#plan/traffic/har.ts';
import { AdminApi } from '../api/admin.ts';
import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { progressView } from '../screen/progress.ts';
import type { Session } from '../session.ts';
import { countFlag, usage } from '../usage.ts';
import type { Run } from '../verb.ts';

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
) {
  const admin = new AdminApi(session);
  const stop = new AbortController();
  // Ctrl-C ends the recording and keeps what there is.
  const onSignal = () => stop.abort();
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const progress = progressView(session, `${route}: recording`, 'requests');
  const started = performance.now();
  let sink: Sink | null = null;
  let [recorded, dropped, whole, begun] = [0, 0, false, false];
  try {
    for await (const line of admin.recording(route, wanted, stop.signal)) {
      if (line === '') {
        if (!begun) session.note(`Recording ${route}; Ctrl-C ends it and keeps what there is.`);
        begun = true;
        continue;
      }
      const value: unknown = JSON.parse(line);
      const end = recordingEnd.safeParse(value);
      // Made when the facade has agreed, so that a refusal leaves no file.
      sink ??= await openSink(file, format, () => stop.abort());
      if (end.success) {
        ({ dropped } = end.data);
        whole = true;
        await sink.end(line);
        break;
      }
      await sink.write(line, value as RecordedExchange);
      recorded++;
      const perSecond = (1000 * recorded) / (performance.now() - started);
      progress.update({
        done: recorded,
        total: wanted.limit,
        perSecond,
        etaSeconds: Math.min(
          (wanted.limit - recorded) / perSecond,
          wanted.seconds - (performance.now() - started) / 1000,
        ),
      });
    }
    if (!whole) await sink?.end(JSON.stringify({ fig: 'end/1', recorded, dropped }));
  } finally {
    progress.stop();
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
  if (session.json) session.answer({ route, file, recorded, dropped });
  else {
    session.say(`${recorded} requests of ${route} in ${file}`);
    if (dropped > 0) session.note(`${dropped} more came faster than they could be kept.`);
    if (recorded === 0)
      session.note('No client asked for this route meanwhile. Give it more time with --for.');
  }
  return stop.signal.aborted ? EXIT.interrupted : EXIT.ok;
}

type Sink = {
  write(line: string, exchange: RecordedExchange): Promise<void>;
  end(line: string): Promise<void>;
};

/** Recordings hold what clients said: nobody else on this machine may read them. */
async function openSink(file: string, format: 'ndjson' | 'har', onBroken: () => void): Promise<Sink> {
  const failed = (error: unknown) =>
    new Failure(
      EXIT.refused,
      'CLI_FILE',
      `expected to write ${file}, got ${(error as NodeJS.ErrnoException).code}. Name another file with --output.`,
      { cause: error },
    );
  let broken: unknown = null;
  let stream: WriteStream;
  try {
    mkdirSync(dirname(file), { recursive: true });
    stream = createWriteStream(file, { mode: 0o600 });
    await once(stream, 'open');
    // One that was there keeps the mode that it had.
    if (statSync(file).isFile()) chmodSync(file, 0o600);
  } catch (error) {
    throw failed(error);
  }
  stream.on('error', (error) => {
    broken = error;
    onBroken();
  });
  let any = false;
  const put = async (text: string) => {
    // A stream that broke says nothing any more.
    if (!broken && !stream.write(text)) await once(stream, 'drain').catch(() => {});
    if (broken) throw failed(broken);
  };
  if (format === 'har') await put(HAR.head);
  return {
    async write(line, exchange) {
      if (format === 'har')
        await put(`${any ? HAR.between : ''}${HAR.entry(exchange, 'http://recorded.invalid')}`);
      else await put(`${line}\n`);
      any = true;
    },
    async end(line) {
      if (format === 'har') await put(HAR.tail);
      else await put(`${line}\n`);
      const closed = once(stream, 'close').catch(() => {});
      stream.end();
      if (!broken) await closed;
      if (broken) throw failed(broken);
    },
  };
}
