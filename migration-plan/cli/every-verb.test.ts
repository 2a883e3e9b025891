import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { DATA, PLAN, ROUTE } from '#plan/model/test-kit/plan-folder.ts';
import { EXIT } from './exit-code.ts';
import { buildProgram } from './fig.ts';
import { folders } from './test-kit/control-plane.ts';
import { addressOfNobody } from './test-kit/fake-control.ts';
import { fig } from './test-kit/terminal.ts';
import { ASK_FACADE, ASK_FACADE_WITH_PLAN, ASK_RELAY } from './test-kit/verbs.ts';

/** Verbs that ask the upstreams, if anybody. */
const NEED_PLAN = [['lint'], ['parity'], ['replay', '/dev/null']];
/** Verbs whose own suites tell what they say: they start, write or look at something of their own. */
const APART = [
  'up',
  'init',
  'new',
  'doctor',
  'completion',
  'token',
  'token add',
  'token revoke',
  'ledger repair',
];

const namesOf = (command: Command, before = ''): string[] =>
  command.commands.flatMap((one) => [`${before}${one.name()}`, ...namesOf(one, `${before}${one.name()} `)]);
const program = buildProgram({}, process, true, () => {});
const known = namesOf(program);
const nameOf = (argv: readonly string[]) =>
  known.includes(argv.slice(0, 2).join(' ')) ? argv.slice(0, 2).join(' ') : (argv[0] as string);
const titled = (all: readonly (readonly string[])[]) => all.map((argv) => [nameOf(argv), argv] as const);

let nobody: string;
beforeAll(async () => {
  nobody = await addressOfNobody();
});
const withData = () =>
  folders.write({
    'plan.yaml': `${PLAN}relay: { url: ${nobody} }\n`,
    'routes/articles.yaml': `${ROUTE}data: { owned: articles }\n`,
    'data/articles.yaml': DATA,
    'parity/articles.parity.yaml':
      'parity: articles\ncases:\n  - { name: one, request: GET /api/articles, status: 200 }\n',
  });

test('each verb is looked at, here or in a suite of its own', () => {
  const looked = [...ASK_FACADE, ...ASK_FACADE_WITH_PLAN, ...ASK_RELAY, ...NEED_PLAN].map(nameOf);
  expect([...looked, ...APART, 'capture'].sort()).toEqual([...known].sort());
});

describe('where nobody answers', () => {
  test.each(titled([...ASK_FACADE, ...ASK_FACADE_WITH_PLAN, ...ASK_RELAY]))(
    '%s says whom it asked in vain, and how to start it',
    async (name, argv) => {
      const plan = withData();
      const { code, out, err } = await fig(argv, { admin: nobody, plan });
      expect([name, code, out]).toEqual([name, EXIT.unreachable, '']);
      expect(err).toMatch(
        /^error: (?:facade|relay): expected an answer from http:\S+, got connection refused\. .*npx fig up/,
      );
      const told = await fig([...argv, '--json'], { admin: nobody, plan });
      expect([told.code, told.out]).toEqual([EXIT.unreachable, '']);
      expect(JSON.parse(told.err).error).toMatchObject({
        code: 'CLI_UNREACHABLE',
        exitCode: EXIT.unreachable,
      });
    },
  );
});

describe('where there is no plan', () => {
  test.each(titled([...ASK_FACADE_WITH_PLAN, ...ASK_RELAY, ...NEED_PLAN]))(
    '%s names the folder',
    async (name, argv) => {
      const plan = join(folders.write({}), 'nowhere');
      const { code, out, err } = await fig(argv, { admin: nobody, plan });
      expect([name, code]).toEqual([name, EXIT.refused]);
      expect(out + err).toContain(`expected a plan folder at ${plan}, got nothing. Name it with --plan DIR.`);
    },
  );
});

test('a verb that is none, or lacks what it needs, says where help is', async () => {
  for (const argv of [['nonsense'], ['advance', 'articles'], ['capture', 'status']]) {
    const { code, err } = await fig(argv, { admin: nobody });
    expect([code, err]).toEqual([EXIT.usage, expect.stringMatching(/^error: .*\n(?:.*\n)?.*npx fig --help/)]);
    const told = await fig([...argv, '--json'], { admin: nobody });
    expect(JSON.parse(told.err).error.exitCode).toBe(EXIT.usage);
  }
});
