import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { EXIT } from '../exit-code.ts';
import { ask } from './ask.ts';

/** Somebody who types each of `lines` when asked, and what stood on the screen. */
async function asked(...lines: string[]) {
  const [input, output] = [new PassThrough(), new PassThrough()];
  let screen = '';
  output.on('data', (text) => {
    screen += text;
    if (String(text).includes('Where?')) input.write(lines.shift() ?? '');
  });
  const answer = ask({ input, output }, 'Where?', {
    fallback: 'here',
    fits: (text) => text.length > 2,
    expected: 'Expected more.',
  });
  return { answer: await answer.catch((error: unknown) => error), screen: () => screen };
}

test('takes what fits, and what is there already for an empty line', async () => {
  expect((await asked('there\n')).answer).toBe('there');
  expect((await asked('\n')).answer).toBe('here');
  const { answer, screen } = await asked('x\n', 'there\n');
  expect(answer).toBe('there');
  expect(screen()).toContain('Expected more.\n');
});

test.each([
  ['Ctrl-C', '\u0003'],
  ['Ctrl-D', '\u0004'],
])('ends with a word when the person wants no more: %s', async (_key, typed) => {
  expect((await asked(typed)).answer).toMatchObject({
    exitCode: EXIT.interrupted,
    message: 'no answer to: Where?',
  });
});
