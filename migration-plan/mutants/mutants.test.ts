import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Laboratory, type Observed } from './laboratory.ts';
import { mutants } from './mutants.ts';
import { reads, writes } from './requests.ts';
import { rowOf } from './table.ts';

/** Mutants that grow at a time. */
const BEDS = 3;
const ALL = reads.length + writes.length;
const README = join(import.meta.dirname, 'README.md');

const unseen = mutants.filter((mutant) => mutant.unseen !== undefined);
const seen = mutants.filter((mutant) => mutant.unseen === undefined);

describe('shadow', () => {
  let laboratory: Laboratory;
  let control: Observed;
  const observed = new Map<string, Observed>();
  const of = (name: string) => observed.get(name) as Observed;

  beforeAll(async () => {
    laboratory = await Laboratory.start(mutants);
    control = await laboratory.control();
    const waiting = [...mutants];
    const grow = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift())
        observed.set(next.name, await laboratory.observe(next));
    };
    await Promise.all(Array.from({ length: BEDS }, grow));
  }, 300_000);
  afterAll(() => laboratory?.stop());

  test('sees no difference in the program as it is', () => {
    expect(control).toMatchObject({ eligible: ALL, sent: ALL, failed: 0, discarded: {}, fields: [] });
    expect(control.compared).toMatchObject({ mismatch: 0 });
  });

  test('has 40 mutants, each with a name of its own', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(40);
  });

  test.each(seen)('finds $name: $what', ({ name }) => {
    const { eligible, fields, compared } = of(name);
    expect(eligible).toBe(ALL);
    expect(fields.filter(({ verdict }) => verdict === 'counts')).not.toEqual([]);
    expect(compared.mismatch).toBeGreaterThan(0);
    // A small fault: one that breaks everything would be found by anybody.
    expect(compared.match).toBeGreaterThan(ALL / 4);
  });

  test.each(unseen)('cannot see $name, since: $unseen', ({ name }) => {
    expect(of(name)).toMatchObject({ eligible: ALL, sent: ALL, failed: 0, discarded: {}, fields: [] });
  });

  test('the README tells of each how it is found, or why not', () => {
    const table = mutants.map((mutant) => rowOf(mutant, of(mutant.name).fields)).join('\n');
    const text = readFileSync(README, 'utf8');
    const written = /\n\| --- \| --- \| --- \| --- \|\n([\s\S]*?)\n\n/.exec(text)?.[1] as string;
    const cells = written.split('\n').map((row) => row.slice(row.lastIndexOf('| ', row.length - 3)));
    if (process.env.FIG_WRITE_TABLE === '1')
      writeFileSync(
        README,
        text.replace(written, () =>
          table
            .split('\n')
            .map((row, n) => row + (cells[n] ?? '| ? |').slice(1))
            .join('\n'),
        ),
      );
    else
      expect(written.split('\n').map((row, n) => row.slice(0, -(cells[n] as string).length + 1))).toEqual(
        table.split('\n'),
      );
  });
});
