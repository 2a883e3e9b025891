import { describe, expect, test } from '@jest/globals';
import { openMemoryLedger } from '../adapters/ledger.memory.ts';
import { controlOf } from '../test-kit/control-of.ts';
import { laggingLedger } from '../test-kit/lagging-ledger.ts';
import { routeOf } from '../test-kit/plan-of.ts';
import type { Control } from './control.ts';

const author = { actor: 'a', reason: 'test' };
const articles = (control: Control) => control.snapshot.states.get('articles')?.position;

/** Two replicas on one ledger, of which neither hears what the other does. */
async function two(): Promise<[Control, Control]> {
  const shared = openMemoryLedger();
  return [await controlOf(laggingLedger(shared)), await controlOf(laggingLedger(shared))];
}
const move = { expectedVersion: 0, force: true, ...author };
const candidate = { stage: 'candidate', hundredths: 0 } as const;

describe('a replica that has not heard yet of what another one did', () => {
  test('rolls back what is not on legacy any more, instead of saying that it is', async () => {
    const [here, there] = await two();
    await there.transition('articles', candidate, move);
    expect(articles(here)).toMatchObject({ stage: 'legacy' });
    expect(await here.rollback('articles', author)).toMatchObject({ ok: true });
    expect(articles(here)).toMatchObject({ stage: 'legacy', version: 2 });
  });

  test.each<[string, (control: Control) => Promise<unknown>, (control: Control) => Promise<unknown>, object]>(
    [
      [
        'resumes a pause',
        (c) => c.pause('articles', author),
        (c) => c.resume('articles', author),
        { paused: false, version: 2 },
      ],
      [
        'resumes a kill',
        (c) => c.kill('articles', author),
        (c) => c.resume('articles', author),
        { killed: false, version: 2 },
      ],
      ['kills all', (c) => c.kill(null, author), (c) => c.kill(null, author), { killed: true, version: 1 }],
    ],
  )('%s that the other one made', async (_what, first, second, expected) => {
    const [here, there] = await two();
    await first(there);
    expect(await second(here)).toMatchObject({ ok: true });
    expect(articles(here)).toMatchObject(expected);
  });

  test('takes a step that the other one made legal', async () => {
    const [here, there] = await two();
    await here.kill('articles', author);
    await there.resume('articles', author);
    const step = { stage: 'canary', hundredths: 1000 } as const;
    const outcome = await here.transition('articles', step, { ...move, force: false, expectedVersion: 2 });
    expect(outcome).toMatchObject({ ok: true, value: { position: { hundredths: 1000, version: 3 } } });
  });
});

test('a kill of all wins against many who move routes meanwhile', async () => {
  const shared = openMemoryLedger();
  const [killer, ...others] = await Promise.all(
    Array.from({ length: 6 }, () => controlOf(laggingLedger(shared))),
  );
  const busy = others.map(async (other) => {
    for (let i = 0; i < 20; i++) {
      await other.pause('articles', author);
      await other.resume('authors', author);
      await other.resume('articles', author);
    }
  });
  const outcome = await (killer as Control).kill(null, author);
  expect(outcome).toMatchObject({ ok: true });
  await Promise.all(busy);
});

test('tells what the ledger knows of routes that the plan does not have', async () => {
  const shared = openMemoryLedger();
  const before = await controlOf(shared);
  await before.transition('articles', { stage: 'canary', hundredths: 1000 }, move);
  await before.pause('authors', author);
  expect(before.unplanned).toEqual([]);
  const other = await controlOf(shared, { routes: [routeOf('orders', ['GET /o'])] });
  expect(other.unplanned).toEqual(['articles (canary 10%)']);
});
