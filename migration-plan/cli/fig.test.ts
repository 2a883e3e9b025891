import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { EXIT } from './exit-code.ts';
import { buildProgram } from './fig.ts';
import { admin, control } from './test-kit/control-plane.ts';
import { addressOfNobody, problem } from './test-kit/fake-control.ts';
import { fig } from './test-kit/terminal.ts';

describe('errors', () => {
  test('exit 3 when nothing answers, with where and what to do', async () => {
    const away = await addressOfNobody();
    const { code, err } = await fig(['status'], { admin: away });
    expect(code).toBe(EXIT.unreachable);
    expect(err).toBe(
      `error: facade: expected an answer from ${away}, got connection refused. Start it with \`npx fig up\`, or name another one with --admin URL.\n`,
    );
  });

  test('exit 3 when what listens there does not speak HTTP', async () => {
    const server = createServer((socket) => socket.end('220 mail ready\r\n'));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const { code, err } = await fig(['status'], { admin: `http://127.0.0.1:${port}` });
    server.close();
    expect(code).toBe(EXIT.unreachable);
    expect(err).toContain('got an answer that is not HTTP (another program holds the port)');
  });

  test('exit 3 when something else answers there', async () => {
    control.answers.set('/v1/routes', { status: 200, body: '<html>' });
    expect(await fig(['status'], { admin })).toMatchObject({
      code: EXIT.unreachable,
      err: expect.stringContaining('Is another program listening there?'),
    });
  });

  test('exit 5 with a wrong token, and with none, which is never printed', async () => {
    const wrong = await fig(['status'], { admin, env: { FIG_ADMIN_TOKEN: 'hunter2' } });
    expect(wrong).toMatchObject({ code: EXIT.unauthorised, err: expect.stringContaining('FIG_ADMIN_TOKEN') });
    expect(wrong.out + wrong.err).not.toContain('hunter2');
  });

  test('exit 6 when the facade fails', async () => {
    control.answers.set(
      '/v1/routes',
      problem(500, 'ROUTE_INTERNAL', 'The facade could not handle the request.'),
    );
    expect((await fig(['status'], { admin })).code).toBe(EXIT.failed);
    control.answers.set('/v1/routes', { status: 502, body: 'bad gateway' });
    expect((await fig(['status'], { admin })).code).toBe(EXIT.failed);
  });

  test('exit 2 at a wrong command line, with the nearest verb', async () => {
    expect(await fig(['stauts'])).toMatchObject({
      code: EXIT.usage,
      err: expect.stringContaining('Did you mean status?'),
    });
    expect((await fig([])).code).toBe(EXIT.usage);
    expect((await fig(['status', '--admin', 'localhost'])).code).toBe(EXIT.usage);
    expect((await fig(['ledger', '--after', 'x'])).code).toBe(EXIT.usage);
    expect((await fig(['up', '--port', '70000'])).code).toBe(EXIT.usage);
  });

  test('are one JSON document on stderr with --json', async () => {
    for (const argv of [['status'], ['stauts'], [], ['advance', 'articles']]) {
      const { code, out, err } = await fig([...argv, '--json']);
      expect(out).toBe('');
      expect(JSON.parse(err)).toMatchObject({
        error: { code: expect.stringMatching(/^CLI_/), message: expect.any(String), exitCode: code },
      });
    }
  });

  test('carry no control characters of a server to the terminal', async () => {
    control.answers.set('/v1/routes', problem(422, 'X', 'a\u001b[2Jb'));
    expect((await fig(['status'], { admin })).err).toBe('error: facade (422): a [2Jb\n');
  });
});

describe('README', () => {
  const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8');

  test('lists every exit code, and no other', () => {
    const rows = [...readme.matchAll(/^\| (\d+) \| (\w+) \|/gm)].map(([, code, name]) => [
      name,
      Number(code),
    ]);
    expect(Object.fromEntries(rows)).toEqual(EXIT);
  });

  test('lists every verb, and no other', () => {
    const program = buildProgram({}, process, false, () => {});
    const verbs = program.commands.flatMap((command) => [
      command.name(),
      ...command.commands.map((nested) => `${command.name()} ${nested.name()}`),
    ]);
    const table = readme.slice(readme.indexOf('## Verbs'), readme.indexOf('## Options'));
    const rows = [...table.matchAll(/^\| `([a-z ]+?)(?: \[?[A-Z]+\]?)?` \|/gm)].map((row) => row[1]);
    expect(rows.sort()).toEqual(verbs.sort());
  });

  test('names every option of every verb', () => {
    const program = buildProgram({}, process, false, () => {});
    const commands = [program, ...program.commands.flatMap((command) => [command, ...command.commands])];
    const options = commands.flatMap((command) => command.options.map((option) => option.long ?? ''));
    expect(options.filter((option) => !readme.includes(option))).toEqual([]);
  });
});
