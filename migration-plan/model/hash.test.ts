import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { loadPlan } from './load-plan.ts';
import type { Plan } from './plan.ts';
import { DATA, PLAN, PlanFolders } from './test-kit/plan-folder.ts';

const folders = new PlanFolders();
afterEach(() => folders.removeAll());

const ROUTE = {
  route: 'articles',
  owner: 'content-team',
  targetDate: '2027-03-01',
  dependsOn: [] as string[],
  match: ['GET /api/articles', 'POST /api/articles'],
  candidate: 'catalog',
  data: { owned: 'articles' } as unknown,
  stages: ['shadow', 'canary 10%', 'candidate'],
  shadow: { sample: '100%', timeout: '5s' } as Record<string, unknown>,
  compare: { ignore: ['$.a'], tolerance: { '$.b': 1 } },
  guardrails: { mismatch: { max: '0.1%' }, minimum: 200 },
};

function load(
  route: string,
  plan = PLAN,
  data: string | null = DATA,
  env: Record<string, string> = {},
): Plan {
  const other = 'route: other\nmatch: [/other]\ncandidate: catalog\n';
  const files = {
    'plan.yaml': plan,
    'routes/a.yaml': route,
    'routes/other.yaml': other,
    'data/articles.yaml': data,
  };
  const { plan: loaded, problems } = loadPlan(folders.write(files), env);
  if (!loaded) throw new Error(JSON.stringify(problems));
  return loaded;
}
const routeHash = (plan: Plan) => plan.routes[0]?.hash;
const base = () => load(stringify(ROUTE));

describe('The hash of a route', () => {
  test('stays, whatever the order of keys, the comments, the owner and the date', () => {
    const expected = routeHash(base());
    const plan = base().hash;
    fc.assert(
      fc.property(
        fc.shuffledSubarray(Object.keys(ROUTE), { minLength: Object.keys(ROUTE).length }),
        fc.constantFrom('other-team', undefined),
        fc.constantFrom('2030-01-31', undefined),
        (keys, owner, targetDate) => {
          const shuffled = Object.fromEntries(keys.map((key) => [key, ROUTE[key as keyof typeof ROUTE]]));
          const text = `# a comment\n${stringify({ ...shuffled, owner, targetDate })}\n# another\n`;
          const loaded = load(text);
          expect(routeHash(loaded)).toBe(expected);
          expect(loaded.hash).toBe(plan);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('stays when a default is written out, a unit is another one, or an anchor is used', () => {
    const expected = routeHash(base());
    const shadow = { ...ROUTE.shadow, timeout: '5000ms', queue: 256, noise: '10%' };
    expect(routeHash(load(stringify({ ...ROUTE, shadow, fallback: 'legacy' })))).toBe(expected);
    const anchored = stringify(ROUTE).replace('sample: 100%', 'sample: &all 100%');
    expect(anchored).toContain('&all');
    expect(routeHash(load(anchored))).toBe(expected);
  });

  test.each<[string, Record<string, unknown>]>([
    ['its name', { route: 'items' }],
    ['its matches', { match: ['GET /api/articles'] }],
    ['the safety of a match', { match: ['GET /api/articles', 'POST /api/articles safe'] }],
    ['its candidate', { candidate: 'other' }],
    ['its dependencies', { dependsOn: ['other'] }],
    ['its rewrite', { rewrite: { from: '/api', to: '/v2' } }],
    ['its data', { data: 'none' }],
    ['its stages', { stages: ['shadow', 'canary 10.01%', 'candidate'] }],
    ['its shadow', { shadow: { ...ROUTE.shadow, sample: '99%' } }],
    ['its comparison', { compare: { ignore: ['$.a'] } }],
    ['its guardrails', { guardrails: { minimum: 200 } }],
    ['its fallback', { fallback: 'none' }],
    ['its credentials', { credentials: { candidate: { remove: ['cookie'] } } }],
  ])('changes with %s, and the hash of the plan with it', (_, change) => {
    const plan = PLAN.replace('candidates:\n', 'candidates:\n  other: { url: http://127.0.0.1:4109 }\n');
    const before = load(stringify(ROUTE), plan);
    const keeps = change.data === undefined && change.route === undefined;
    const data = keeps ? DATA : null;
    const after = load(stringify({ ...ROUTE, ...(keeps ? {} : { data: 'none' }), ...change }), plan, data);
    expect(routeHash(after)).not.toBe(routeHash(before));
    expect(after.hash).not.toBe(before.hash);
  });

  test('does not depend on what a credential holds, so that it tells nothing about it', () => {
    const text = `${stringify(ROUTE)}credentials: { shadow: { set: { authorization: "\${TOKEN}" } } }\n`;
    const [one, two] = ['one', 'two'].map((TOKEN) => load(text, PLAN, DATA, { TOKEN }));
    expect(one && routeHash(one)).toBe(two && routeHash(two));
    expect(one?.routes[0]?.credentials.shadow?.set.authorization).toBe('one');
    expect(two?.routes[0]?.credentials.shadow?.set.authorization).toBe('two');
  });
});

describe('The hash of a plan', () => {
  test.each([
    ['publicUrl', 'publicUrl: http://a'],
    ['cohort', 'cohort: [address]'],
    ['expose', 'expose: true'],
    ['trustedProxies', 'trustedProxies: [10.0.0.0/8]'],
    ['tls', 'tls: { cert: a, key: b }'],
    ['matching', 'matching: { case: sensitive }'],
    ['timeouts', 'timeouts: { idle: 61s }'],
    ['limits', 'limits: { maxBody: 1MiB }'],
    ['bulkhead', 'bulkhead: { queue: 1 }'],
    ['health', 'health: { minimum: 11 }'],
    ['redact', 'redact: { json: ["$..x"] }'],
    ['relay', 'relay: { url: http://a }'],
  ])('changes with %s', (_, line) => {
    expect(load(stringify(ROUTE), `${PLAN}${line}\n`).hash).not.toBe(base().hash);
  });

  test.each([
    ['legacy', PLAN.replace('4101', '4100')],
    ['a candidate', PLAN.replace('4102', '4100')],
  ])('changes with the URL of %s', (_, plan) => {
    expect(load(stringify(ROUTE), plan).hash).not.toBe(base().hash);
  });

  test('changes with a data set', () => {
    expect(load(stringify(ROUTE), PLAN, `${DATA}maxLag: 6s\n`).hash).not.toBe(base().hash);
  });

  test('stays when only what `fig up` starts and who is told changes', () => {
    const plan = `${PLAN}up: { relay: { run: a.ts, url: http://a } }\nnotify: { webhook: http://a }\n# a comment\n`;
    expect(load(stringify(ROUTE), plan).hash).toBe(base().hash);
  });
});
