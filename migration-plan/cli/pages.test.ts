import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Browser, chromium } from 'playwright-core';
import { ROUTE } from '#plan/model/test-kit/plan-folder.ts';
import { htmlReport } from '#plan/parity/reporters/html.ts';
import { findChromium, flagsFor } from '#plan/passthrough/chromium.ts';
import { admin, control, folders } from './test-kit/control-plane.ts';
import { fig } from './test-kit/terminal.ts';
import { observationsPage } from './verbs/observations-page.ts';

jest.setTimeout(120_000);

/** Runs in the page. A word of up to 30 letters has room on a line of a telephone. */
const LOOK = String.raw`(() => {
  const flaws = [];
  const { scrollWidth } = document.documentElement;
  if (scrollWidth > innerWidth) flaws.push(scrollWidth - innerWidth + ' px wider than the window');
  for (const wide of document.querySelectorAll('.wide'))
    if (wide.scrollWidth > wide.clientWidth) flaws.push('a table scrolls');
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode())
    for (const { 0: word, index } of node.textContent.matchAll(/[\p{L}\p{N}_]{1,30}/gu)) {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
      if (lines.size > 1) flaws.push(word + ' on ' + lines.size + ' lines');
    }
  return flaws;
})()`;

const program = findChromium(process.env);
if (program === null) test.skip('pages that fig writes: there is no Chromium on this machine', () => {});
else describe('pages that fig writes', () => suite(program));

function suite(executablePath: string): void {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: flagsFor('nowhere.example', '1') });
  });
  afterAll(() => browser?.close());

  /** What is wrong with a page at some width: it scrolls sideways, a word stands on two lines. */
  async function flaws(page: string): Promise<string[]> {
    const found: string[] = [];
    for (const width of [1280, 390])
      for (const colorScheme of ['light', 'dark'] as const) {
        const tab = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
        await tab.setContent(page);
        const here = await tab.evaluate<string[]>(LOOK);
        found.push(...here.map((flaw) => `${width} ${colorScheme}: ${flaw}`));
        await tab.close();
      }
    return found;
  }

  test('the report says where each route stands, without breaking words, at a desk and in a hand', async () => {
    const names = ['articles', 'timesheet-approvals', 'payments'];
    const plan = folders.write(
      Object.fromEntries(
        names.map((name) => [
          `routes/${name}.yaml`,
          `${ROUTE.replaceAll('articles', name)}stages: [shadow, canary 0.1%, canary 10%, canary 50%, candidate]\nowner: content-team\ntargetDate: 2026-01-31\n`,
        ]),
      ),
    );
    for (const name of names) control.route(name, { stage: 'canary', percent: 10 });
    control.route('customers', { killed: true });
    for (let n = 0; n < 5; n++)
      control.entry({ actor: 'ann.smith@example.org', reason: 'first clients, after the release' });
    const file = join(plan, 'report.html');
    expect((await fig(['report', '--html', file], { admin, plan })).code).toBe(0);
    expect(await flaws(readFileSync(file, 'utf8'))).toEqual([]);
  });

  test('the observations, with their samples side by side', async () => {
    const seen = '2026-11-23T10:00:00.000Z';
    const sample = {
      ...{ seen, at: '$.articles[*].updatedAt' },
      curl: "curl -sS 'http://127.0.0.1:8080/api/articles?q=java&size=3&sort=-name'",
      legacy: '{"changed":"2026-11-23 10:00:00","name":"Müller, Zoé","notes":"A long story"}',
      candidate: '{"changed":"2026-11-23T10:00:00.000Z","name":"Müller, Zoé"}',
    };
    const endpoint = 'GET /api/articles/:id/comments/:commentId/approvals';
    const page = observationsPage([
      {
        ...{
          route: 'articles',
          build: 'b7',
          since: seen,
          eligible: 1200,
          sampledOut: 3,
          dropped: 0,
          sent: 1185,
        },
        ...{ skipped: { unsafe: 12 }, inFlight: 0, failed: 1, discarded: { raced: 2 }, rowsLeftOut: 0 },
        compared: { match: 1100, mismatch: 70, ignored: 12 },
        endpoints: [{ template: endpoint, match: 1100, mismatch: 70, ignored: 12 }],
        fields: [
          {
            ...{ endpoint, path: '$.articles[*].author.addresses[*].postalCode', kind: 'value' },
            ...{ severity: 'critical', reasons: ['time-zone'], count: 70, noise: null, verdict: 'counts' },
            ...{ suggestion: null, firstSeen: seen, lastSeen: seen, samples: [sample] },
          },
        ],
        latency: {
          legacy: { p50Ms: 1, p95Ms: 2, p99Ms: 3 },
          candidate: { p50Ms: 1, p95Ms: 2, p99Ms: 3 },
        },
      },
    ]);
    expect(await flaws(page)).toEqual([]);
  });

  test('a run of a parity suite', async () => {
    const answer = { status: 200, body: '[{"id":1,"name":"Müller, Zoé","price":9500,"currency":"EUR"}]' };
    const request = 'GET /api/articles?q=m%C3%BCller&sort=-name&page=2';
    const step = { request, legacy: answer, candidate: answer, differences: [], more: 2 };
    const page = htmlReport([
      {
        ...{
          route: 'articles',
          file: 'parity/articles.parity.yaml',
          routeHash: 'h',
          unsentWrites: 0,
          ms: 1234,
        },
        ...{ legacy: 'http://127.0.0.1:4101', candidate: 'http://127.0.0.1:4102' },
        ...{ startedAt: '2026-11-23T10:00:00.000Z', coverage: null },
        counts: { passed: 1, failed: 1, error: 0, skipped: 0 },
        cases: [
          { name: 'a list of articles', outcome: 'failed', reason: null, ms: 3, steps: [step] },
          { name: 'one', outcome: 'passed', reason: null, ms: 3, steps: [] },
        ],
      },
    ]);
    expect(await flaws(page)).toEqual([]);
  });
}
