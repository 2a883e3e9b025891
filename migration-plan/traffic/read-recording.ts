import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { type RecordedExchange, recordedExchange, recordingEnd } from '#plan/model/recorded-exchange.ts';
import { HarProblem, readHar } from './har.ts';

/** A file that is no recording, or broken; the message says what, where, what was got and what to do. */
export class RecordingProblem extends Error {}

export type Recording = {
  readonly format: 'ndjson' | 'har';
  /** One by one; rejects with RecordingProblem at what is broken. */
  readonly exchanges: AsyncGenerator<RecordedExchange>;
  /** Null until all were read, and of a HAR; else whether the recording came to its end, and what it lost. */
  readonly end: () => { readonly whole: boolean; readonly dropped: number } | null;
};

const HEAD_BYTES = 4096;

/** Opens what `fig record` wrote, or a HAR file. Rejects with RecordingProblem. */
export async function readRecording(file: string): Promise<Recording> {
  const head = await headOf(file);
  if (head.trim() === '')
    throw new RecordingProblem(
      `expected a recording at ${file}, got an empty file. Make one with: npx fig record ROUTE`,
    );
  if (/^\s*\{\s*"fig"/.test(head)) {
    let end: ReturnType<Recording['end']> = null;
    return {
      format: 'ndjson',
      exchanges: readLines(file, (told) => {
        end = told;
      }),
      end: () => end,
    };
  }
  if (/^\uFEFF?\s*\{/.test(head) && !/^\s*\{\s*"fig"/.test(head))
    return { format: 'har', exchanges: harOf(file), end: () => null };
  throw new RecordingProblem(
    `expected a recording (NDJSON of \`fig record\`, or HAR) at ${file}, got \`${head
      .trim()
      .slice(0, 40)
      .replace(/[^ -~]/g, '?')}…\`. Make one with: npx fig record ROUTE`,
  );
}

async function headOf(file: string): Promise<string> {
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new RecordingProblem(
      `expected a recording at ${file}, got ${(error as NodeJS.ErrnoException).code}. Name an existing file.`,
    );
  }
}

async function* readLines(
  file: string,
  ended: (end: { whole: boolean; dropped: number }) => void,
): AsyncGenerator<RecordedExchange> {
  let number = 0;
  let whole = false;
  let dropped = 0;
  for await (const line of createInterface({
    input: createReadStream(file),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    number++;
    if (line.trim() === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw new RecordingProblem(
        `${file}:${number}: expected a line of JSON, got \`${line.slice(0, 40)}…\`. The recording is broken there; cut it before that line, or record again.`,
      );
    }
    const end = recordingEnd.safeParse(value);
    if (end.success) {
      whole = true;
      dropped += end.data.dropped;
      continue;
    }
    const read = recordedExchange.safeParse(value);
    if (!read.success) {
      const [issue] = read.error.issues;
      throw new RecordingProblem(
        `${file}:${number}: ${issue?.path.join('.')}: ${issue?.message}. It is no line of \`fig record\`, or of another version; record again.`,
      );
    }
    yield read.data;
  }
  ended({ whole, dropped });
}

async function* harOf(file: string): AsyncGenerator<RecordedExchange> {
  let any = false;
  try {
    for await (const exchange of readHar(file)) {
      any = true;
      yield exchange;
    }
  } catch (error) {
    if (error instanceof HarProblem)
      throw new RecordingProblem(`${file}: ${error.message}. Export it again.`);
    throw error;
  }
  if (!any)
    throw new RecordingProblem(
      `${file}: expected requests in log.entries, got none. Export it again, with content.`,
    );
}
