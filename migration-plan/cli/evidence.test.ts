import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { EXIT } from './exit-code.ts';
import { RealFacade } from './test-kit/real-facade.ts';

const servers: Server[] = [];
let legacy: { price: number; build: string };
let candidate: typeof legacy;
let facade: RealFacade;

async function serve(side: typeof legacy): Promise<string> {
  const server = createServer((request, response) => {
    const body = request.url === '/version' ? { build: side.build } : { price: side.price };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  legacy = { price: 10, build: 'old' };
  candidate = { price: 11, build: 'b1' };
  facade = new RealFacade({
    'plan.yaml': `version: 1\nlegacy: { url: "${await serve(legacy)}" }\ncandidates: { catalog: { url: "${await serve(candidate)}", build: /version } }\n`,
    'routes/articles.yaml':
      'route: articles\nmatch: [GET /api/articles, POST /api/articles]\ncandidate: catalog\nstages: [canary 10%, candidate]\n',
    'parity/articles.parity.yaml':
      'parity: articles\ncases:\n  - { name: price, request: GET /api/articles }\n  - { name: another, request: POST /api/articles }\n',
  });
  await facade.start();
}, 120_000);
afterAll(async () => {
  await facade.remove();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
}, 60_000);

test('a route goes to candidate when its suite has passed with the build that is there, and not before', async () => {
  const advance = (...more: string[]) => facade.fig(['advance', 'articles', '--reason', 'go', ...more]);
  const parity = (...more: string[]) => facade.fig(['parity', 'articles', '--evidence', ...more]);
  expect(await advance()).toMatchObject({ code: 0 });
  expect((await facade.fig(['next'])).out).toMatch(
    /No run of its parity suite(?:.|\n)*\n {2}npx fig parity articles --writes --evidence --plan \S+ --admin \S+\n$/,
  );

  expect(await parity('--writes')).toMatchObject({
    code: EXIT.refused,
    err: 'articles: recorded as evidence (fail).\n',
  });
  const refused = await advance();
  expect(refused.code).toBe(EXIT.refused);
  expect(refused.err).toMatch(/failed: of 2 cases 2 were answered otherwise/);

  Object.assign(candidate, { price: 10, build: 'b2' });
  expect((await parity()).err).toMatch(/recorded as evidence \(pass\)\.\n.*left out 1 cases that write/);
  expect((await parity('--writes', '--reason', 'release 7')).err).toBe(
    'articles: recorded as evidence (pass).\n',
  );
  expect((await facade.fig(['evidence'])).out).toMatch(
    /^articles at canary 10%, build b2\n {2}the plan names no guardrail\n {2}pass {3}parity: 2 of 2 cases alike, 0 skipped, \d+ s ago by admin\n$/,
  );
  expect((await facade.fig(['next'])).out).toMatch(
    /\n {2}npx fig advance articles --plan \S+ --admin \S+ --reason …\n$/,
  );
  expect((await advance()).out).toBe('articles: canary 10% → candidate (version 2)\n');

  const { out } = await facade.fig(['ledger', '--route', 'articles']);
  expect(out).toMatch(/evidence +articles .* parity pass, 2 of 2 cases: release 7/);
  await facade.fig(['rollback', 'articles', '--reason', 'back']);
  await advance('--to', 'candidate', '--force');
  expect((await facade.fig(['ledger'])).out).toMatch(/transition \(forced\) +articles +candidate/);
  expect(await facade.fig(['ledger', 'verify'])).toMatchObject({ code: 0 });
}, 240_000);

test('a verdict about other systems is no evidence', async () => {
  const { code, err } = await facade.fig(['parity', '--evidence', '--candidate', 'http://127.0.0.1:1']);
  expect(code).toBe(EXIT.usage);
  expect(err).toContain("--evidence: expected the plan's own systems, without --candidate");
});
