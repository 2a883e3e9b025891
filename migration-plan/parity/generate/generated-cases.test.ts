import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { loadPlan } from '#plan/model/load-plan.ts';
import type { Plan } from '#plan/model/plan.ts';
import { PlanFolders } from '#plan/model/test-kit/plan-folder.ts';
import type { CaseReport, SuiteReport } from '../report.ts';
import { runSuite } from '../run-suite.ts';
import type { Suite } from '../suite.ts';
import type { Json } from './openapi.ts';

const CONTRACT: Json = {
  paths: {
    '/api/articles': {
      parameters: [{ $ref: '#/components/parameters/Page' }],
      get: { responses: { 200: {} } },
      post: {
        requestBody: {
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Article' } } },
        },
        responses: { 201: {} },
      },
    },
    '/api/articles/{id}': {
      get: {
        parameters: [
          {
            name: 'id',
            in: 'path',
            required: true,
            schema: { type: 'integer', minimum: 1, maximum: 1_000_000 },
          },
        ],
        responses: { 200: {} },
      },
    },
    '/elsewhere': { get: { responses: { 200: {} } } },
  },
  components: {
    parameters: {
      Page: { name: 'page', in: 'query', schema: { type: 'integer', minimum: 0, maximum: 100_000 } },
    },
    schemas: {
      Named: {
        type: 'object',
        required: ['title'],
        properties: { title: { type: 'string', maxLength: 20 } },
      },
      Article: {
        allOf: [
          { $ref: '#/components/schemas/Named' },
          {
            type: 'object',
            properties: {
              id: { type: 'string', format: 'uuid' },
              mail: { type: 'string', format: 'email' },
              day: { type: 'string', format: 'date' },
              // Holds itself.
              replies: { type: 'array', items: { $ref: '#/components/schemas/Article' } },
            },
          },
        ],
      },
    },
  },
};

type Asked = { readonly line: string; readonly body: string };
type Answer = (asked: Asked) => unknown;

describe('requests that are generated from a contract', () => {
  const folders = new PlanFolders();
  const servers: Server[] = [];
  afterEach(() => {
    folders.removeAll();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function serve(answer: Answer, seen: Asked[]): Promise<string> {
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const asked = { line: `${request.method} ${request.url}`, body };
      seen.push(asked);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer(asked)));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function generate(legacy: Answer, candidate: Answer, { seed = 7, count = 300, writes = true } = {}) {
    const dir = folders.write({
      'routes/articles.yaml':
        'route: articles\nmatch: [GET /api/articles, GET /api/articles/:id, POST /api/articles]\ncandidate: catalog\n',
    });
    const plan = loadPlan(dir, {}).plan as Plan;
    const route = plan.routes[0] as Plan['routes'][0];
    const suite: Suite = { file: route.file, route, users: new Map(), cases: [] };
    const asked: Asked[] = [];
    const report = await runSuite(suite, {
      plan,
      legacyUrl: await serve(legacy, asked),
      candidateUrl: await serve(candidate, []),
      writes,
      timeoutMs: 5000,
      generate: { contract: CONTRACT, count, seed },
    });
    return { report, asked: asked.filter(({ line }) => line !== 'GET /') };
  }
  const failed = ({ cases }: SuiteReport) => cases.filter(({ outcome }) => outcome !== 'passed');

  test('are shared out among the operations of the route, and alike where both sides are', async () => {
    const same: Answer = ({ line, body }) => ({ line, body });
    const { report, asked } = await generate(same, same, { count: 31 });
    expect(report.cases.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
      'generated: GET /api/articles (11 requests) passed',
      'generated: POST /api/articles (10 requests) passed',
      'generated: GET /api/articles/{id} (10 requests) passed',
    ]);
    expect(asked).toHaveLength(31);
    expect(asked.some(({ line }) => line.includes('elsewhere'))).toBe(false);
    for (const { body } of asked.filter(({ line }) => line.startsWith('POST'))) {
      const article = JSON.parse(body);
      expect(typeof article.title).toBe('string');
      if ('id' in article) expect(article.id).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
      if ('mail' in article) expect(article.mail).toContain('@');
      if ('day' in article) expect(article.day).toMatch(/^\d{4}-\d\d-\d\d$/);
    }
  });

  test('find a difference and make the request that shows it small', async () => {
    const page = ({ line }: Asked) => Number(/^GET .*page=(\d+)/.exec(line)?.[1] ?? 0);
    const wrong: Answer = (asked) => ({ page: page(asked) >= 30 ? page(asked) - 1 : page(asked) });
    const { report } = await generate((asked) => ({ page: page(asked) }), wrong);
    const [one, ...more] = failed(report);
    expect(more).toEqual([]);
    expect(one?.name).toMatch(
      /^generated: GET \/api\/articles \(request \d+ of 100, seed 7, made smaller \d+ times\)$/,
    );
    expect(one).toMatchObject({
      outcome: 'failed',
      steps: [
        {
          request: 'GET /api/articles?page=30',
          differences: [{ path: '$.page', sample: { legacy: '30', candidate: '29' } }],
        },
      ],
    });
  });

  test('find one in a body, too', async () => {
    const title = ({ body }: Asked) => (body === '' ? '' : JSON.parse(body).title);
    const { report } = await generate(
      (asked) => ({ title: title(asked) }),
      (asked) => ({ title: title(asked).slice(0, 15) }),
    );
    const [one] = failed(report);
    expect(one?.name).toContain('generated: POST /api/articles');
    const { legacy } = (one as CaseReport).steps[0] as { legacy: { body: string } };
    // Not one letter longer than it takes.
    expect([...JSON.parse(legacy.body).title].length).toBeLessThanOrEqual(16);
  });

  test('are the same for the same seed, and others for another', async () => {
    const same: Answer = () => ({});
    const lines = async (seed: number) => (await generate(same, same, { seed, count: 30 })).asked;
    const first = await lines(1);
    expect(await lines(1)).toEqual(first);
    expect(await lines(2)).not.toEqual(first);
  });

  test('write only where that is asked for', async () => {
    const same: Answer = () => ({});
    const { asked } = await generate(same, same, { writes: false, count: 40 });
    expect(asked).toHaveLength(40);
    expect(asked.every(({ line }) => line.startsWith('GET '))).toBe(true);
  });
});
