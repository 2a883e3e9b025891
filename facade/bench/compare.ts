// `npx node facade/bench/compare.ts`: CPU time of one comparison, by size of the bodies and what differs.
import { isDeepStrictEqual } from 'node:util';
import { type Answer, compareAnswers, compileRules } from '../core/compare/index.ts';
import { formatSpread, spread } from './spread.ts';

const ROUNDS = 7;
const ROUND_MICROS = 150_000;
const RULES = compileRules({
  ignore: ['$.items[*].updatedAt'],
  unordered: [{ path: '$.items[*].tags', key: null }],
  tolerance: { '$.items[*].rate.amount': 0.001 },
  equivalent: [{ path: '$.items[*].id', as: 'string' }],
  headers: ['content-type', 'location', 'cache-control'],
});

type Item = ReturnType<typeof itemOf>;

function itemOf(n: number) {
  return {
    id: n,
    name: { first: `First${n}`, last: `Last-${n * 7919}` },
    status: n % 3 ? 'active' : 'inactive',
    rate: { amount: 50 + n / 100, currency: 'EUR' },
    tags: ['java', `skill-${n % 40}`, 'sql'],
    updatedAt: '2027-03-01T10:00:00.000Z',
  };
}

/** A page of items of about so many bytes. */
function pageOf(bytes: number, change: (item: Item) => object = (item) => item): string {
  const each = JSON.stringify(itemOf(1000)).length + 1;
  const items = Array.from({ length: Math.max(1, Math.round(bytes / each)) }, (_, n) =>
    change(itemOf(1000 + n)),
  );
  return JSON.stringify({ items, total: items.length });
}

function answerOf(text: string): Answer {
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'private, max-age=0',
  };
  return { status: 200, headers, body: Buffer.from(text) };
}

const CASES: readonly (readonly [string, (bytes: number) => string])[] = [
  ['same bytes', (bytes) => pageOf(bytes)],
  ['members in another order', (bytes) => pageOf(bytes, ({ id, ...rest }) => ({ ...rest, id }))],
  ['an ignored time in each item', (bytes) => pageOf(bytes, (item) => ({ ...item, updatedAt: 'later' }))],
  [
    'one wrong price in each item',
    (bytes) => pageOf(bytes, (item) => ({ ...item, rate: { amount: 1, currency: 'EUR' } })),
  ],
  [
    'another order of the items',
    (bytes) =>
      JSON.stringify({ ...JSON.parse(pageOf(bytes)), items: JSON.parse(pageOf(bytes)).items.reverse() }),
  ],
];

/** CPU time, as bench.ts counts it: the wall clock would show what else the machine does. */
function microsOf(work: () => void): number {
  const started = process.cpuUsage();
  let spent = 0;
  let calls = 0;
  for (let batch = 1; spent < ROUND_MICROS; batch *= 2) {
    for (let n = 0; n < batch; n++) work();
    calls += batch;
    const { user, system } = process.cpuUsage(started);
    spent = user + system;
  }
  return spent / calls;
}

process.stdout.write(
  '| body | what differs | CPU µs per comparison: median [least to most] |\n| --- | --- | --- |\n',
);
for (const [name, bytes] of [
  ['1 kB', 1000],
  ['16 kB', 16_000],
  ['1 MB', 1_000_000],
] as const) {
  const row = (what: string, work: () => void) => {
    microsOf(work);
    const micros = Array.from({ length: ROUNDS }, () => microsOf(work));
    process.stdout.write(`| ${name} | ${what} | ${formatSpread(spread(micros), 1)} |\n`);
  };
  const page = pageOf(bytes);
  const legacy = answerOf(page);
  for (const [what, make] of CASES) {
    const candidate = answerOf(make(bytes));
    row(what, () => void compareAnswers(legacy, candidate, RULES));
  }
  const bodies = [legacy.body, answerOf(pageOf(bytes, ({ id, ...rest }) => ({ ...rest, id }))).body] as const;
  const parsed = (body: Uint8Array) => JSON.parse(Buffer.from(body).toString());
  row('JSON.parse and isDeepStrictEqual', () => void isDeepStrictEqual(parsed(bodies[0]), parsed(bodies[1])));
}
