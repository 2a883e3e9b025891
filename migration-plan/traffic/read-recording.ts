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
  /** Null until all were read. */
  readonly end: () => RecordingEnd | null;
};

export type RecordingEnd = {
  /** Whether it came to its end. */
  readonly whole: boolean;
  /** What was lost while it was recorded. */
  readonly dropped: number;
  /** Entries that could not be read, and why the first of them could not. */
  readonly unread: { readonly count: number; readonly first: string | null };
};

const NONE_UNREAD: RecordingEnd['unread'] = { count: 0, first: null };

const HEAD_BYTES = 4096;

/** Opens what `fig record` wrote, or a HAR file. Rejects with RecordingProblem. */
export async function readRecording(file: string): Promise<Recording> {
  const head = await headOf(file);
  if (head.trim() === '')
    throw new RecordingProblem(
      `expected a recording at ${file}, got an empty file. Make one with: npx fig record ROUTE`,
    );
  if (/^\s*\{\s*"fig"/.test(head)) {
    let end: RecordingEnd | null = null;
    return {
      format: 'ndjson',
      exchanges: readLines(file, (told) => {
        end = told;
      }),
      end: () => end,
    };
  }
  if (/^\uFEFF?\s*\{/.test(head) && !/^\s*\{\s*"fig"/.test(head)) {
    let end: RecordingEnd | null = null;
    return {
      format: 'har',
      exchanges: harOf(file, (told) => {
        end = told;
      }),
      end: () => end,
    };
  }
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
  ended: (end: RecordingEnd) => void,
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
  ended({ whole, dropped, unread: NONE_UNREAD });
}

async function* harOf(file: string, ended: (end: RecordingEnd) => void): AsyncGenerator<RecordedExchange> {
  let any = false;
  let unread = NONE_UNREAD;
  const leftOut = ({ message }: HarProblem) => {
    unread = { count: unread.count + 1, first: unread.first ?? message };
  };
  try {
    for await (const exchange of readHar(file, leftOut)) {
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
  ended({ whole: true, dropped: 0, unread });
}
