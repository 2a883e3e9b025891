import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CaseReport } from '#plan/parity/report.ts';
import { Laboratory } from './laboratory.ts';
import { type Mutant, mutants } from './mutants.ts';
import { parityCell, parityCellsIn, withParityCells } from './table.ts';

/** FIG_SOAK=1 looks at all of them, else at those that shadow cannot see and at every eighth of the others. */
const ALL = process.env.FIG_SOAK === '1';
const chosen = mutants.filter(({ unseen }, index) => ALL || unseen !== undefined || index % 8 === 0);
const found = chosen.filter(({ missedByParity }) => missedByParity === undefined);
const missed = chosen.filter(({ missedByParity }) => missedByParity !== undefined);
/** Requests made from the contract, where the written cases find nothing. */
const GENERATED = 500;
const BEDS = 2;
const README = join(import.meta.dirname, 'README.md');

describe('the parity suite', () => {
  let laboratory: Laboratory;
  let control: readonly CaseReport[];
  const reports = new Map<string, readonly CaseReport[]>();
  const of = ({ name }: Mutant) => reports.get(name) as readonly CaseReport[];

  beforeAll(async () => {
    laboratory = await Laboratory.start(chosen);
    await laboratory.control();
    control = await laboratory.parity(null, GENERATED);
    const waiting = [...chosen];
    const grow = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift())
        reports.set(next.name, await laboratory.parity(next, GENERATED));
    };
    await Promise.all(Array.from({ length: BEDS }, grow));
  }, 900_000);
  afterAll(() => laboratory?.stop());

  test('finds nothing in the program as it is, and neither do generated requests', () => {
    expect(control).toEqual([]);
  });

  test.each(found)('finds $name: $what', (mutant) => {
    expect(of(mutant)).not.toEqual([]);
  });

  if (missed.length > 0)
    test.each(missed)('does not find $name, since: $missedByParity', (mutant) => {
      expect(of(mutant)).toEqual([]);
    });

  test('the README tells of each which case finds it, or why none does', () => {
    const text = readFileSync(README, 'utf8');
    const cells = new Map(chosen.map((mutant) => [mutant.name, parityCell(mutant, of(mutant))]));
    if (process.env.FIG_WRITE_TABLE === '1') writeFileSync(README, withParityCells(text, cells));
    else expect(Object.fromEntries(cells)).toEqual(parityCellsIn(text, [...cells.keys()]));
  });
});
