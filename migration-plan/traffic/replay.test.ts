import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loadPlan } from '#plan/model/load-plan.ts';
import type { RecordedExchange } from '#plan/model/recorded-exchange.ts';
import { PlanFolders } from '#plan/model/test-kit/plan-folder.ts';
import { replay } from './replay.ts';

const SECRET = 'S3ss10nCookieValue';
const folders = new PlanFolders();
let server: Server;
beforeAll(async () => {
  server = createServer((request, response) => response.end(`asked ${request.url}`));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => void server.close(resolve)));

test.each<[string, Partial<RecordedExchange>, Record<string, string> | null]>([
  ['of the recording', { headers: { cookie: `sid=${SECRET}` } }, null],
  ['that is sent instead', { session: 'abcdef01' }, { authorization: `Bearer ${SECRET}` }],
])('a report repeats no session %s', async (_whose, part, session) => {
  const dir = folders.write({
    'routes/articles.yaml': 'route: articles\nmatch: ["GET /api/articles/*rest"]\ncandidate: catalog\n',
  });
  const { plan } = loadPlan(dir, {});
  const text = 'as it was';
  async function* all(): AsyncGenerator<RecordedExchange> {
    for (const target of [`/api/articles/of/${SECRET}?from=${SECRET}`, `/elsewhere/${SECRET}`])
      yield {
        ...{ fig: 'exchange/1', at: '2026-11-28T10:00:00.000Z', route: '', match: '', method: 'GET', target },
        ...{ headers: {}, session: null, redacted: false, upstream: 'legacy', status: 200, ms: 1 },
        ...{ body: { text: null, bytes: 0, digest: null, tooLarge: false }, answerHeaders: {} },
        answer: { text, bytes: text.length, digest: null, tooLarge: false },
        ...part,
      };
  }
  const reports = await replay(all(), {
    plan: plan as never,
    file: 'a.har',
    to: 'candidate',
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rate: { kind: 'max' },
    concurrency: 1,
    writes: false,
    timeoutMs: 5000,
    session,
  });
  expect(reports.map(({ counts }) => [counts.failed, counts.skipped])).toEqual([
    [0, 1],
    [1, 0],
  ]);
  expect(JSON.stringify(reports)).not.toContain(SECRET);
});
