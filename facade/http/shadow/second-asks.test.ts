import { expect, test } from '@jest/globals';
import { SecondAsks } from './second-asks.ts';

test('who waits for the answer of another goes on when that one has taken note of it', async () => {
  const asks = new SecondAsks();
  const done: string[] = [];
  const again = { when: 'soon', missing: 1 } as const;
  const first = asks
    .take('GET /a', again, async () => 'an answer')
    .then(async (answer) => {
      // As long as it takes to count it.
      for (let n = 0; n < 10; n++) await null;
      done.push(`first: ${answer}`);
    });
  const second = asks
    .take('GET /a', again, async () => 'another one')
    .then((answer) => void done.push(`second: ${answer}`));
  const other = asks
    .take('GET /b', again, async () => 'its own')
    .then((answer) => void done.push(`other: ${answer}`));
  await Promise.all([first, second, other]);
  expect(done.filter((one) => !one.startsWith('other'))).toEqual(['first: an answer', 'second: null']);
  expect(done).toContain('other: its own');
});
