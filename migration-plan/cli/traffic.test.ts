import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { EXIT } from './exit-code.ts';
import { RealFacade } from './test-kit/real-facade.ts';

const SECRET = 'a-session-nobody-may-see';
const servers: Server[] = [];
/** What an article costs at each side. */
const price = { legacy: (_id: number) => 10, candidate: (_id: number) => 10 };
let candidateUrl: string;
let facade: RealFacade;
let publicUrl: string;

async function serve(side: keyof typeof price): Promise<string> {
  const server = createServer((request, response) => {
    const id = Number(/\/(\d+)/.exec(request.url ?? '')?.[1]);
    const known = request.headers.cookie?.includes(SECRET);
    if (request.url === '/api/login')
      return response.writeHead(200, { 'set-cookie': `sid=${SECRET}; Path=/` }).end('{}');
    if (!known && id > 1000) return response.writeHead(401).end();
    response
      .writeHead(id === 404 ? 404 : 200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ id, price: price[side](id), owner: 'ann.smith@example.org' }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  candidateUrl = await serve('candidate');
  facade = new RealFacade({
    'plan.yaml': `version: 1\nlegacy: { url: "${await serve('legacy')}" }\ncandidates: { catalog: { url: "${candidateUrl}" } }\n`,
    'routes/articles.yaml':
      'route: articles\nmatch: [GET /api/articles/:id, POST /api/articles/:id]\ncandidate: catalog\nstages: [shadow, candidate]\n',
    'parity/articles.parity.yaml':
      '# Kept as it is.\nparity: articles\nusers:\n  ann: { request: POST /api/login, json: {} }\ncases:\n  - { name: one, request: GET /api/articles/1, status: 200 } # the first\n',
  });
  await facade.start(['--port', '0', '--workers', '2']);
  publicUrl = facade.url;
}, 120_000);
afterAll(async () => {
  await facade.remove();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
}, 60_000);
beforeEach(() => {
  price.legacy = () => 10;
  price.candidate = () => 10;
});

const file = (name: string) => join(facade.cwd, name);
const requests = async (ids: readonly number[], headers: Record<string, string> = {}) => {
  for (const id of ids) await (await fetch(`${publicUrl}/api/articles/${id}`, { headers })).text();
};
/** Records what `traffic` does; begins when the facade has begun. */
async function record(name: string, limit: number, traffic: () => Promise<unknown>, ...more: string[]) {
  const recording = facade.fig(['record', 'articles', '--limit', `${limit}`, '--output', name, ...more]);
  // The file is made when the first line comes.
  const sending = (async () => {
    for (let n = 0; n < 100 && !existsSync(file(name)); n++) {
      await requests([404]);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await traffic();
  })();
  const done = await recording;
  await sending;
  return done;
}
const lines = (name: string) => readFileSync(file(name), 'utf8').trim().split('\n');

describe('traffic that is recorded', () => {
  const ids = Array.from({ length: 220 }, (_, n) => n + 1);

  test('200 requests, replayed with one planted difference: exit 1, one failure of 200, and no secret', async () => {
    const told = await record('all.ndjson', 200, () => requests(ids, { cookie: `sid=${SECRET}` }));
    expect(told).toMatchObject({ code: 0, out: '200 requests of articles in all.ndjson\n' });
    expect(lines('all.ndjson')).toHaveLength(201);
    expect(statSync(file('all.ndjson')).mode & 0o777).toBe(0o600);
    price.candidate = (id) => (id === 57 ? 11 : 10);
    const replayed = await facade.fig([
      'replay',
      'all.ndjson',
      '--as',
      'ann',
      '--reporter',
      'junit,html',
      '--rate',
      '500%',
    ]);
    expect(replayed.code).toBe(EXIT.refused);
    expect(replayed.out).toMatch(
      /failed {2}#\d+ GET \/api\/articles\/57\n.*\n {12}\$\.price value: legacy 10, candidate 11\n/,
    );
    expect(replayed.out).toContain('200 cases: 199 passed, 1 failed, 0 errors, 0 skipped');
    const [junit, html] = ['replay.xml', 'replay.html'].map((name) => readFileSync(file(name), 'utf8')) as [
      string,
      string,
    ];
    expect(junit).toContain('tests="200" failures="1" errors="0" skipped="0"');
    expect(junit.match(/<testcase /g)).toHaveLength(200);
    expect(junit.match(/<failure /g)).toHaveLength(1);
    expect(html).toContain('$.price value: legacy 10, candidate 11');
    for (const text of [junit, html, readFileSync(file('all.ndjson'), 'utf8'), replayed.out])
      expect(text).not.toMatch(/a-session-nobody|ann\.smith/);
    // The same once more, and against legacy, where everything is as it was.
    expect((await facade.fig(['replay', 'all.ndjson', '--as', 'ann'])).out).toContain('199 passed, 1 failed');
    expect(await facade.fig(['replay', 'all.ndjson', '--as', 'ann', '--to', 'legacy'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('200 passed, 0 failed'),
    });
  }, 240_000);

  test('Ctrl-C ends a replay, and what was sent until then is reported', async () => {
    const args = ['--as', 'ann', '--rate', '20/s', '--reporter', 'tty,junit'];
    const { code, err, out } = await facade.fig(['replay', 'all.ndjson', ...args], {}, (child) =>
      setTimeout(() => child.kill('SIGINT'), 4_000),
    );
    expect(code).toBe(EXIT.interrupted);
    expect(err).toMatch(/Interrupted: \d+ requests of the recording were looked at, the others were not\./);
    const sent = Number(/(\d+) cases: /.exec(out)?.[1]);
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(100);
    expect(readFileSync(file('replay.xml'), 'utf8')).toContain(`tests="${sent}"`);
  });

  test('says what it did not send, and why', async () => {
    const { code, out } = await facade.fig(['replay', 'all.ndjson']);
    expect(code).toBe(0);
    expect(out).toMatch(/skipped \d+ cases: it belongs to a session: give one with --as or --header/);
  }, 60_000);

  test('becomes cases, one for each endpoint and outcome, behind those that were written', async () => {
    const suite = file('plan/parity/articles.parity.yaml');
    expect(await facade.fig(['parity', 'articles', '--add', 'all.ndjson'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /^ {2}recorded: GET \/api\/articles\/:id 404\n {2}recorded: GET \/api\/articles\/:id 200\n2 cases added to .*; 198 requests repeat one that is there\.\n$/,
      ),
    });
    const text = readFileSync(suite, 'utf8');
    expect(text).toContain('# Kept as it is.\n');
    expect(text).toContain('GET /api/articles/1, status: 200 } # the first\n');
    expect(text).toMatch(
      /name: "?recorded: GET \/api\/articles\/:id 200"?, as: ann, request: GET \/api\/articles\/\d+/,
    );
    expect((await facade.fig(['parity'])).out).toContain('3 cases: 3 passed');
    expect((await facade.fig(['parity', 'articles', '--add', 'all.ndjson'])).out).toMatch(/^0 cases added/);
    expect(readFileSync(suite, 'utf8')).toBe(text);
  }, 120_000);

  test('is read back from HAR as well', async () => {
    expect((await record('all.har', 5, () => requests(ids.slice(0, 20)), '--format', 'har')).code).toBe(0);
    const har = JSON.parse(readFileSync(file('all.har'), 'utf8'));
    expect(har.log.entries).toHaveLength(5);
    expect(har.log.entries[0].response).toMatchObject({ status: 404, content: { text: expect.any(String) } });
    const { code, out } = await facade.fig(['replay', 'all.har', '--to', 'legacy']);
    // An address was taken out of the answers; a HAR file does not say so.
    expect([code, out.match(/\$\.owner value/g)?.length]).toEqual([EXIT.refused, 5]);
  }, 120_000);

  test.each([
    ['nothing.ndjson', null, EXIT.refused, /expected a recording at nothing\.ndjson, got ENOENT/],
    ['empty.ndjson', '', EXIT.refused, /got an empty file\. Make one with: npx fig record/],
    ['words.ndjson', 'hello', EXIT.refused, /expected a recording .*, got `hello…`/],
    ['broken.ndjson', '{"fig":"exchange/1"', EXIT.refused, /broken\.ndjson:1: expected a line of JSON/],
    ['other.ndjson', '{"fig":"exchange/1"}\n', EXIT.refused, /other\.ndjson:1: at: /],
    [
      'end.ndjson',
      '{"fig":"end/1","recorded":0,"dropped":0}\n',
      EXIT.refused,
      /expected requests in the recording, got none/,
    ],
    ['broken.har', '{"log":{"entries":[{"request":', EXIT.refused, /broken\.har: expected a HAR file/],
    ['none.har', '{"log":{"entries":[]}}', EXIT.refused, /expected requests in log\.entries, got none/],
    ['list.har', '[{"request":{}}]', EXIT.refused, /expected a recording .*, got `\[\{"request/],
    [
      'entries.har',
      '{"entries":[{"request":{}}]}',
      EXIT.refused,
      /expected requests in log\.entries, got none/,
    ],
    ['number.har', '{"log":{"entries":7}}', EXIT.refused, /number\.har: expected a HAR file/],
    ['headless.har', ',{"request":{"method":"GET"}}]}}', EXIT.refused, /got `,\{"request/],
    ['entry.har', '{"request":{}},{"request":{}}]}}', EXIT.refused, /entry\.har: expected a HAR file/],
    ['utf16.har', '\u0000{\u0000"', EXIT.refused, /expected a recording .*, got `\?\{\?"…`/],
    ['odd.har', '{"log":{"entries":[{"request":{}}]}}', EXIT.refused, /odd\.har: entry 1: startedDateTime/],
  ])('%s: a clear word', async (name, content, expected, words) => {
    if (content !== null) writeFileSync(file(name), content);
    const { code, err } = await facade.fig(['replay', name]);
    expect([code, err]).toEqual([expected, expect.stringMatching(words)]);
  });

  test('in HAR is read past entries that are no requests, and they are counted', async () => {
    expect((await record('some.har', 3, () => requests(ids.slice(0, 20)), '--format', 'har')).code).toBe(0);
    const har = JSON.parse(readFileSync(file('some.har'), 'utf8'));
    const [one, ...rest] = har.log.entries;
    const blocked = { ...one, response: { ...one.response, status: 0 } };
    const extension = { ...one, request: { ...one.request, url: 'chrome-extension://abc/x.js' } };
    har.log.entries = [blocked, one, extension, {}, ...rest];
    writeFileSync(file('some.har'), JSON.stringify(har));
    const { code, err, out } = await facade.fig(['replay', 'some.har', '--to', 'legacy']);
    expect([code, out]).toEqual([EXIT.refused, expect.stringMatching(/3 cases/)]);
    expect(err).toContain('3 entries could not be read and were left out; entry 1: response.status');
  });

  test('of which nothing is sent says of nobody that he was asked', async () => {
    const [exchange] = lines('all.ndjson').map((line) => JSON.parse(line));
    const unclaimed = { ...exchange, target: '/elsewhere', session: null };
    const refused = { ...exchange, method: 'POST', session: null };
    writeFileSync(
      file('unsent.ndjson'),
      [unclaimed, refused].map((one) => `${JSON.stringify(one)}\n`).join(''),
    );
    const { code, out } = await facade.fig(['replay', 'unsent.ndjson']);
    expect([code, out.match(/^\S+: legacy.*$/gm)]).toEqual([
      EXIT.refused,
      ['-: legacy as recorded, candidate not asked', 'articles: legacy as recorded, candidate not asked'],
    ]);
  });

  test('that was cut off is sent as far as it goes, and that is said', async () => {
    writeFileSync(file('cut.ndjson'), `${lines('all.ndjson').slice(0, 3).join('\n')}\n`);
    const { code, err } = await facade.fig(['replay', 'cut.ndjson', '--as', 'ann']);
    expect([code, err]).toEqual([
      0,
      expect.stringContaining('The recording has no last line: it was cut off.'),
    ]);
    appendFileSync(file('cut.ndjson'), '{"fig":"exch');
    expect(await facade.fig(['replay', 'cut.ndjson', '--as', 'ann'])).toMatchObject({
      code: EXIT.refused,
      err: expect.stringContaining('cut.ndjson:4: expected a line of JSON'),
    });
  }, 60_000);

  test('is not sent to nobody', async () => {
    const { code, err } = await facade.fig([
      'replay',
      'all.ndjson',
      '--as',
      'ann',
      '--url',
      'http://127.0.0.1:1',
    ]);
    expect([code, err]).toEqual([
      EXIT.unreachable,
      expect.stringContaining('candidate at http://127.0.0.1:1 did not answer GET /: ECONNREFUSED. Start it'),
    ]);
  }, 60_000);

  test('does not write over a file, and refuses what it cannot do before it begins', async () => {
    expect(await facade.fig(['record', 'articles', '--output', 'all.ndjson'])).toMatchObject({
      code: EXIT.refused,
      err: expect.stringContaining('expected all.ndjson not to be there'),
    });
    expect(await facade.fig(['record', 'nothing'])).toMatchObject({
      code: EXIT.refused,
      err: expect.stringContaining('expected a route of the plan, got nothing'),
    });
    for (const wrong of [
      ['--for', '2d'],
      ['--limit', '0'],
      ['--format', 'xml'],
      ['--max-body', '1GiB'],
    ])
      expect((await facade.fig(['record', 'articles', ...wrong])).code).toBe(EXIT.usage);
    for (const wrong of [
      ['--to', 'both'],
      ['--rate', 'fast'],
      ['--concurrency', '0'],
      ['--header', 'x'],
      ['--as', 'bob'],
    ])
      expect((await facade.fig(['replay', 'all.ndjson', ...wrong])).code).toBe(EXIT.usage);
    expect(existsSync(file('articles.ndjson'))).toBe(false);
  }, 120_000);

  test('says so when the disk is full, and closes a file to others that was open to them', async () => {
    const full = facade.fig(['record', 'articles', '--limit', '400', '--output', '/dev/full', '--overwrite']);
    let isOver = false;
    const sending = (async () => {
      while (!isOver) await requests(ids.slice(0, 20));
    })();
    const told = await full;
    isOver = true;
    await sending;
    expect([told.code, told.err]).toEqual([
      EXIT.refused,
      expect.stringContaining('expected to write /dev/full, got ENOSPC. Name another file with --output.'),
    ]);
    writeFileSync(file('open.ndjson'), '', { mode: 0o644 });
    await facade.fig(['record', 'articles', '--for', '1s', '--output', 'open.ndjson', '--overwrite']);
    expect(statSync(file('open.ndjson')).mode & 0o777).toBe(0o600);
  }, 120_000);

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends a recording, and the file is whole', async (signal) => {
    const name = `${signal}.ndjson`;
    const recording = facade.fig(['record', 'articles', '--output', name], {}, (child) => {
      void (async () => {
        while (!existsSync(file(name)) || !/exchange/.test(readFileSync(file(name), 'utf8'))) {
          await requests([1, 2]);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        child.kill(signal);
      })();
    });
    const { code, out, err } = await recording;
    const kept = lines(name).map((line) => JSON.parse(line));
    expect(code).toBe(EXIT.interrupted);
    expect(kept.at(-1)).toEqual({ fig: 'end/1', recorded: kept.length - 1, dropped: 0 });
    expect(out).toBe(`${kept.length - 1} requests of articles in ${name}\n`);
    expect(err).toContain('Interrupted: the file holds what came until then.\n');
    expect((await facade.fig(['replay', name, '--to', 'legacy'])).err).not.toContain('cut off');
  });

  test.each(['ndjson', 'har'] as const)(
    '%s: a facade that dies in the middle leaves what came until then',
    async (format) => {
      const name = `dead.${format}`;
      const { code, err } = await facade.fig(
        ['record', 'articles', '--format', format, '--output', name],
        {},
        () => {
          void (async () => {
            while (!existsSync(file(name)) || !/\/api\/articles\/\d/.test(readFileSync(file(name), 'utf8'))) {
              await requests([1]).catch(() => {});
              await new Promise((resolve) => setTimeout(resolve, 50));
            }
            await facade.stop('SIGKILL');
          })();
        },
      );
      await facade.start(['--port', '0', '--workers', '2']);
      publicUrl = facade.url;
      expect(code).toBe(EXIT.unreachable);
      expect(err).toMatch(new RegExp(`Cut off: ${name} holds the \\d+ requests that came until then\\.`));
      expect(err).toContain('got a connection that broke off. Start it');
      const kept = Number(/holds the (\d+)/.exec(err)?.[1]);
      expect(kept).toBeGreaterThan(0);
      const replayed = await facade.fig(['replay', name, '--to', 'legacy']);
      expect(replayed.out).toContain(`${kept} cases: `);
      if (format === 'ndjson')
        expect(replayed.err).toContain('The recording has no last line: it was cut off.');
    },
  );

  test('one that is ended before anything came is whole, too', async () => {
    const { code, out } = await facade.fig(['record', 'articles', '--output', 'none.ndjson'], {}, (child) =>
      child.stderr?.once('data', () => child.kill('SIGTERM')),
    );
    expect([code, out]).toEqual([EXIT.interrupted, '0 requests of articles in none.ndjson\n']);
    expect(lines('none.ndjson')).toEqual(['{"fig":"end/1","recorded":0,"dropped":0}']);
  });

  test('says why nothing came: clients go elsewhere, or ask for other things', async () => {
    const quiet = await facade.fig(['record', 'articles', '--for', '1s', '--output', 'quiet.ndjson']);
    expect(quiet).toMatchObject({ code: 0, out: '0 requests of articles in quiet.ndjson\n' });
    expect(quiet.err).toMatch(
      /^Recording articles;.*\nNo client asked this facade for anything meanwhile: they have to call http:\S+, not legacy itself\./,
    );
    const other = await facade.fig(
      ['record', 'articles', '--for', '3s', '--output', 'other.har', '--format', 'har'],
      {},
      (child) =>
        child.stderr?.once('data', async () => {
          for (let n = 0; n < 3; n++) await (await fetch(`${publicUrl}/elsewhere`)).text();
        }),
    );
    expect(other.err).toContain(
      'No client asked for this route meanwhile. 3 other requests came: 3 of no route. articles takes GET /api/articles/:id, POST /api/articles/:id.',
    );
  }, 60_000);
});
