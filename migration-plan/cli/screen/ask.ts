import { createInterface } from 'node:readline/promises';
import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';

type Terminal = { readonly input: NodeJS.ReadableStream; readonly output: NodeJS.WritableStream };

/**
 * Asks a person until the answer fits; an empty one is `fallback`. `expected` is said of one that does not. Rejects with a
 * `Failure` where the person wants no more (Ctrl-C, Ctrl-D).
 */
export async function ask(
  { input, output }: Terminal,
  question: string,
  { fallback, fits, expected }: { fallback: string; fits: (text: string) => boolean; expected: string },
): Promise<string> {
  const lines = createInterface({ input, output, terminal: true });
  try {
    for (;;) {
      const answer = (await lines.question(`${question} [${fallback}] `)).trim() || fallback;
      if (fits(answer)) return answer;
      output.write(`${expected}\n`);
    }
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error;
    output.write('\n');
    throw new Failure(EXIT.interrupted, 'CLI_INTERRUPTED', `no answer to: ${question}`, { cause: error });
  } finally {
    lines.close();
  }
}
