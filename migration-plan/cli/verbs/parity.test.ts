import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { PlanFolders, ROUTE } from '#plan/model/test-kit/plan-folder.ts';
import { EXIT } from '../exit-code.ts';
import { fig } from '../test-kit/terminal.ts';

const folders = new PlanFolders();
const servers: Server[] = [];
let legacy = '';
let candidate = '';

async function serve(price: number): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ price }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeEach(async () => {
  legacy = await serve(10);
  candidate = await serve(11);
});
afterEach(async () => {
  folders.removeAll();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

const CASES = `cases:
  - { name: price, request: GET /api/articles }
  - { name: another price, request: POST /api/articles }
`;
const planWith = (suite: string | null) =>
  folders.write({
    'routes/articles.yaml': ROUTE,
    'parity/articles.parity.yaml': suite === null ? null : `parity: articles\n${suite}`,
  });
const parity = (suite: string | null, ...more: string[]) =>
  fig(['parity', ...more, '--legacy', legacy, '--candidate', candidate], { plan: planWith(suite) });

describe('fig parity', () => {
  test('shows what differs, what was not sent, and exits 1', async () => {
    const { code, out, err } = await parity(CASES);
    expect([code, err]).toEqual([EXIT.refused, '']);
    expect(out.replace(/[\d.]+ s$/m, '0 s').split('\n')).toEqual([
      `articles: legacy ${legacy}, candidate ${candidate}`,
      '  failed  price',
      '          GET /api/articles',
      '            $.price value: legacy 10, candidate 11',
      '  skipped another price: it writes; cases that write are sent with --writes',
      '  2 cases: 0 passed, 1 failed, 0 errors, 1 skipped, 0 s',
      '',
    ]);
  });

  test('tells a reason once, however many were skipped for it', async () => {
    const { out } = await parity(
      `${CASES}  - { name: a, request: PUT /a }\n  - { name: b, request: GET /b, skip: it goes away }\n`,
    );
    expect(out.match(/(?<= {2})skipped .*$/gm)).toEqual([
      'skipped 2 cases: it writes; cases that write are sent with --writes',
      'skipped b: it goes away',
    ]);
  });

  test('exits 0 when all that was sent is alike', async () => {
    const { code, out } = await parity(`compare: { ignore: ["$.price"] }\n${CASES}`, 'articles', '--writes');
    expect(code).toBe(EXIT.ok);
    expect(out).toMatch(/2 cases: 2 passed, 0 failed, 0 errors, 0 skipped/);
  });

  test('says what of a contract no case has met', async () => {
    const contract = join(
      folders.write({
        'c.yaml': 'paths: { /api/articles: { get: { responses: { "200": {}, "404": {} } } } }',
      }),
      'c.yaml',
    );
    const { out } = await parity(CASES, '--contract', contract);
    expect(out).toContain(
      '  contract: 1 of 2 operations and statuses met\n  not met GET /api/articles 404\n',
    );
    const missing = await parity(CASES, '--contract', `${contract}x`);
    expect([missing.code, missing.err]).toEqual([
      EXIT.refused,
      `error: --contract: expected an OpenAPI document at ${contract}x, got ENOENT.\n`,
    ]);
  });

  test('is one JSON document with --json', async () => {
    const { code, out, err } = await parity(CASES, '--json');
    expect([code, err]).toEqual([EXIT.refused, '']);
    expect(JSON.parse(out)).toMatchObject({
      suites: [
        {
          route: 'articles',
          legacy,
          candidate,
          counts: { failed: 1, skipped: 1 },
          cases: [{ name: 'price' }, {}],
        },
      ],
    });
  });

  test('writes files for CI systems and for people', async () => {
    const dir = join(folders.write({}), 'reports', 'new');
    const { err } = await parity(CASES, '--reporter', 'tty, junit,html,json', '--output', dir);
    expect(err).toBe(
      `Written to ${dir}/parity.xml.\nWritten to ${dir}/parity.html.\nWritten to ${dir}/parity.json.\n`,
    );
    expect(JSON.parse(readFileSync(join(dir, 'parity.json'), 'utf8')).suites[0].counts.failed).toBe(1);
    expect(readFileSync(join(dir, 'parity.xml'), 'utf8')).toContain('failures="1"');
    expect(readFileSync(join(dir, 'parity.html'), 'utf8')).toContain(
      '$.price value: legacy 10, candidate 11',
    );
  });

  test('says so when a file cannot be written', async () => {
    const { code, err } = await parity(CASES, '--reporter', 'junit', '--output', '/dev/null/x');
    expect([code, err]).toEqual([
      EXIT.refused,
      'error: expected to write /dev/null/x/parity.xml, got ENOTDIR. Name another folder with --output.\n',
    ]);
  });

  test.each([
    [['--reporter', 'xml'], EXIT.usage, '--reporter: expected tty, junit, html or json, got `xml`.'],
    [['--timeout', '0'], EXIT.usage, '--timeout: expected seconds above 0, got `0`.'],
    [
      ['--candidate', 'localhost'],
      EXIT.usage,
      '--candidate: expected an http or https URL, got `localhost`.',
    ],
    [
      ['--candidate', 'http://127.0.0.1:1'],
      EXIT.unreachable,
      'candidate at http://127.0.0.1:1 did not answer GET /: ECONNREFUSED.',
    ],
    [['article'], EXIT.refused, 'expected a route of the plan, got article. Known: articles.'],
  ])('%j exits with %i and a word', async (argv, expected, words) => {
    const { code, err } = await fig(['parity', '--legacy', legacy, ...argv], { plan: planWith(CASES) });
    expect(code).toBe(expected);
    expect(err).toContain(words);
  });

  test('names every problem of a suite, and sends nothing', async () => {
    const { code, err } = await parity('casess: []\n', '--reporter', 'junit', '--output', folders.write({}));
    expect(code).toBe(EXIT.refused);
    expect(err).toContain('parity/articles.parity.yaml:2 casess: ');
    expect(err).toContain('parity/articles.parity.yaml:1 cases: ');
    expect(existsSync('parity.xml')).toBe(false);
  });

  test('says where a suite is expected when there is none', async () => {
    const { code, err } = await parity(null);
    expect(code).toBe(EXIT.refused);
    expect(err).toMatch(
      /^error: expected a suite in \S+parity, got none\. Write ROUTE\.parity\.yaml there\.\n$/,
    );
  });
});
