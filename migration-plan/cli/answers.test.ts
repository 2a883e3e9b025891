import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { answers, answersJsonSchema } from './answers.ts';
import { buildProgram } from './fig.ts';

/** They serve, write what a shell reads, or only hold others. */
const WITHOUT = new Set(['up', 'completion', 'capture']);

test('every verb says what it writes with --json', () => {
  const program = buildProgram({}, process, false, () => {});
  const verbs = (command: Command, path = ''): string[] =>
    command.commands.flatMap((one) => {
      const name = `${path} ${one.name()}`.trim();
      return [name, ...verbs(one, name)];
    });
  expect(
    verbs(program)
      .filter((verb) => !WITHOUT.has(verb))
      .sort(),
  ).toEqual(Object.keys(answers).sort());
});

test('answers.schema.json is what answers.ts says (npm run schema writes it)', () => {
  const written = JSON.parse(readFileSync(join(import.meta.dirname, 'answers.schema.json'), 'utf8'));
  expect(written).toEqual(JSON.parse(JSON.stringify(answersJsonSchema())));
});
