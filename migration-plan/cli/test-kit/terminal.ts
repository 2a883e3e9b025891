import { Writable } from 'node:stream';
import { answers, errorAnswer } from '../answers.ts';
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

/** Every answer that a test asks for as JSON has to be one that is described. */
function checkAnswer(argv: readonly string[], out: string, err: string): void {
  const words = argv.filter((word) => !word.startsWith('-'));
  const verb = [words.slice(0, 2).join(' '), words[0] ?? ''].find((name) => Object.hasOwn(answers, name));
  if (out !== '') answers[verb as string]?.parse(JSON.parse(out));
  if (out !== '' && verb === undefined)
    throw new Error(`no verb of ${argv.join(' ')} is described in answers.ts`);
  // Hints of a verb that went well are no errors.
  if (err.startsWith('{')) errorAnswer.parse(JSON.parse(err));
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
  if (argv.includes('--json')) checkAnswer(argv, stdout.text, stderr.text);
  return { code, out: stdout.text, err: stderr.text };
}
