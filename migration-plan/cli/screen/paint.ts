import { styleText } from 'node:util';
import type { Output } from '../session.ts';

export type Tone = 'plain' | 'dim' | 'bold' | 'green' | 'yellow' | 'red' | 'cyan';

/** Colours text for this stream; plain text when it is no terminal or NO_COLOR is set (https://no-color.org). */
export function painter(stream: Output, env: NodeJS.ProcessEnv): (tone: Tone, text: string) => string {
  const coloured = stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  return (tone, text) =>
    coloured && tone !== 'plain' ? styleText(tone, text, { validateStream: false }) : text;
}
