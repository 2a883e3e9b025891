import { Writable } from 'node:stream';
import { main } from '../fig.ts';
import { ADMIN_TOKEN, RELAY_TOKEN } from './fake-control.ts';

/** A stream that keeps what is written to it; with `columns` it calls itself a terminal of that width. */
class Screen extends Writable {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number | undefined;

  constructor(columns?: number) {
    super({ decodeStrings: false });
    this.isTTY = columns !== undefined;
    this.columns = columns;
  }

  override _write(chunk: string, _: string, done: () => void): void {
    this.text += chunk;
    done();
  }

  // What cli-progress asks of a terminal.
  cursorTo(): void {}
  moveCursor(): void {}
  clearLine(): void {}
}

export type Shown = { readonly code: number; readonly out: string; readonly err: string };

/** Runs the CLI in this process against `admin`. `columns` makes both streams terminals. */
export async function fig(
  argv: readonly string[],
  options: { admin?: string; plan?: string; env?: Record<string, string>; columns?: number } = {},
): Promise<Shown> {
  const stdout = new Screen(options.columns);
  const stderr = new Screen(options.columns);
  const env = {
    FIG_ADMIN_TOKEN: ADMIN_TOKEN,
    RELAY_TOKEN,
    FIG_ADMIN_URL: options.admin ?? 'http://127.0.0.1:1',
    ...options.env,
  };
  const args = options.plan === undefined ? argv : [...argv, '--plan', options.plan];
  const code = await main(args, env, { stdout, stderr });
  return { code, out: stdout.text, err: stderr.text };
}
