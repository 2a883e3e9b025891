import { once } from 'node:events';
import { chmodSync, createWriteStream, mkdirSync, statSync, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';
import type { RecordedExchange } from '#plan/model/recorded-exchange.ts';
import { HAR } from '#plan/traffic/har.ts';
import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';

/** Where a recording is written; whole once `end` has resolved. */
export type RecordingFile = {
  write(line: string, exchange: RecordedExchange): Promise<void>;
  /** `line`: null where the recording was cut off; what came until then can be read all the same. */
  end(line: string | null): Promise<void>;
};

/**
 * Recordings hold what clients said: nobody else on this machine may read them. `onBroken` hears of a disk that takes
 * no more; the next call rejects with a `Failure`.
 */
export async function openRecordingFile(
  file: string,
  format: 'ndjson' | 'har',
  onBroken: () => void,
): Promise<RecordingFile> {
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
      else if (line !== null) await put(`${line}\n`);
      const closed = once(stream, 'close').catch(() => {});
      stream.end();
      if (!broken) await closed;
      if (broken) throw failed(broken);
    },
  };
}
